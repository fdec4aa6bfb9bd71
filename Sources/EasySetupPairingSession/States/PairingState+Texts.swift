import EasySetupChain
import EasySetupHandshake
import EasySetupRelayProtocol
public import EasySetupSeed

extension PairingState: Explained {
    /// The state's stable code.
    public var code: Code {
        switch self {
        case .connecting: .connecting
        case .retrying: .retrying
        case .offered: .offered
        case .wrongProof: .wrongProof
        case .codeKnown: .codeKnown
        case .inLine: .inLine
        case .greeting: .greeting
        case .deciding: .deciding
        case .waiting: .waiting
        case .accepting: .accepting
        case .given: .given
        case .peerAway: .peerAway
        case .reconnecting: .reconnecting
        case .relayMessage: .relayMessage
        case .paired: .paired
        case .failed: .failed
        }
    }

    /// The state's texts for a person, in parts. They contain no secret: an app shows the code and the link of an
    /// ``Offer`` itself. A device that sends the seed and on which the code was typed must not show the two
    /// confirmation words, because its user has to read them on the other device's screen.
    ///
    /// The texts of ``failed(_:)`` are those of its error.
    public var explanation: Explanation {
        switch self {
        case .connecting: texts("Connecting to the relay…")
        case .retrying: texts("The relay can't be reached yet. Trying again.")
        case .offered(let offer) where offer.ordinal > 1:
            texts(
                "The last code is no longer good. Here is a fresh one.",
                "Type it on the other device.",
                variant: "again"
            )
        case .offered: texts("This is the code.", "Type it on the other device.")
        case .wrongProof(let count):
            texts(
                "Somebody typed a wrong code ({count} of {most}).",
                parameters: ["count": "\(count)", "most": "\(OffererHandshake.maximumWrongProofs)"]
            )
        case .codeKnown:
            texts("Somebody who is no device of yours knew the code. It is worth nothing any more.")
        case .inLine(let position):
            texts(
                "Others are before this device: it is number {position} in line.",
                parameters: ["position": "\(position)"]
            )
        case .greeting: texts("Found the other device.")
        case .deciding(let peer, _):
            texts(
                "The other device calls itself \"{name}\" ({platform}).",
                "Give it something only if it is the device in your hands.",
                parameters: ["name": "\(peer.device.name)", "platform": peer.device.platform.rawValue]
            )
        case .waiting(let peer, _):
            texts(
                "Waiting for the answer on the other device, \"{name}\" ({platform}).",
                "Look at the other device. If it shows the same two words, {words}, answer there.",
                parameters: [
                    "name": "\(peer.device.name)", "platform": peer.device.platform.rawValue, "words": "\(peer.words)",
                ]
            )
        case .accepting(let request) where request.scope != .everything:
            texts(
                "The other device, \"{name}\" ({platform}), has sent keys of the chain with the user id {user}, which are not stored yet.",
                "If you keep them, this device gets: {collections}. Not the seed.",
                variant: "membership",
                parameters: [
                    "name": "\(request.peer.device.name)", "platform": request.peer.device.platform.rawValue,
                    "user": request.userID.fingerprint, "collections": request.scope.text,
                ]
            )
        case .accepting(let request):
            texts(
                "The other device, \"{name}\" ({platform}), has sent a seed with the user id {user}, which is not stored yet.",
                "If you keep it, what is on this device becomes readable for that chain.",
                parameters: [
                    "name": "\(request.peer.device.name)", "platform": request.peer.device.platform.rawValue,
                    "user": request.userID.fingerprint,
                ]
            )
        case .given(let peer, _) where peer.device.asksFirst:
            texts("Sent. The other device asks whether to keep it.", "Answer there.", variant: "asks")
        case .given: texts("Sent. The other device stores it.")
        case .peerAway: texts("The other device is away; waiting for it.")
        case .reconnecting: texts("The connection was lost; trying again.")
        case .relayMessage(let message):
            texts("The relay says: \"{message}\"", parameters: ["message": message.description])
        case .paired(let paired) where paired.scope != .everything:
            texts(
                paired.role == .holder
                    ? "Paired. The other device got: {collections}. Not the seed."
                    : "Paired. This device got: {collections}. Not the seed.",
                "Both devices have the user id {user}.",
                variant: paired.role == .holder ? "membership-given" : "membership-got",
                parameters: ["user": paired.userID.fingerprint, "collections": paired.scope.text]
            )
        case .paired(let paired):
            texts("Paired. Both devices have the user id {user}.", parameters: ["user": paired.userID.fingerprint])
        case .failed(let error): error.explanation
        }
    }

    private func texts(
        _ sentence: String,
        _ advice: String = "",
        variant: String? = nil,
        parameters: KeyValuePairs<String, String> = [:]
    ) -> Explanation {
        Explanation.Key("state", code.rawValue).texts(sentence, advice, variant: variant, parameters)
    }

    /// The codes of the states of a pairing. They stay the same from version to version.
    public struct Code: StableCode {
        /// The name of the state.
        public let rawValue: String

        /// Makes a state's code from the state's name, such as `in-line`.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The code of ``PairingState/connecting``.
        public static let connecting = Self(rawValue: "connecting")
        /// The code of ``PairingState/retrying(_:)``.
        public static let retrying = Self(rawValue: "retrying")
        /// The code of ``PairingState/offered(_:)``.
        public static let offered = Self(rawValue: "offered")
        /// The code of ``PairingState/wrongProof(count:)``.
        public static let wrongProof = Self(rawValue: "wrong-proof")
        /// The code of ``PairingState/codeKnown``.
        public static let codeKnown = Self(rawValue: "code-known")
        /// The code of ``PairingState/inLine(position:)``.
        public static let inLine = Self(rawValue: "in-line")
        /// The code of ``PairingState/greeting``.
        public static let greeting = Self(rawValue: "greeting")
        /// The code of ``PairingState/deciding(_:deadline:)``.
        public static let deciding = Self(rawValue: "deciding")
        /// The code of ``PairingState/waiting(_:deadline:)``.
        public static let waiting = Self(rawValue: "waiting")
        /// The code of ``PairingState/accepting(_:)``.
        public static let accepting = Self(rawValue: "accepting")
        /// The code of ``PairingState/given(_:deadline:)``.
        public static let given = Self(rawValue: "given")
        /// The code of ``PairingState/peerAway(deadline:)``.
        public static let peerAway = Self(rawValue: "peer-away")
        /// The code of ``PairingState/reconnecting(deadline:)``.
        public static let reconnecting = Self(rawValue: "reconnecting")
        /// The code of ``PairingState/relayMessage(_:)``.
        public static let relayMessage = Self(rawValue: "relay-message")
        /// The code of ``PairingState/paired(_:)``.
        public static let paired = Self(rawValue: "paired")
        /// The code of ``PairingState/failed(_:)``.
        public static let failed = Self(rawValue: "failed")
    }
}
