public import EasySetupHandshake
public import EasySetupSeed

/// The reason why two devices did not pair: what happened, what to do, and whether a retry may help
/// (`Protocol/errors.md`).
public enum PairingError: ExplainedError, Equatable {
    // Errors of the relay.
    // No server answers at the relay's address.
    case relayUnreachable(Unreachable)
    /// The server has no certificate that this device trusts for the relay's name.
    case relayUntrusted(Untrusted)
    /// The server is not an EasySetup relay.
    case notARelay(OtherServer)
    /// The HTTP proxy of this network did not give a connection to the relay.
    case proxyFailed(ProxyFailure)
    /// The proxy's address is invalid. The client finds this before it sends anything.
    case proxyAddress(ProxyAddressFault)
    /// The relay speaks another version of the protocol.
    case relayVersion
    /// The relay has no capacity left.
    case relayFull(retryAfter: Duration)
    /// The relay received too many requests from this device's network.
    case tooMany(retryAfter: Duration)
    /// The relay is about to stop.
    case relayDraining(retryAfter: Duration)
    /// The relay was restarted without its key and does not know this pairing.
    case relayForgot
    /// The relay asked for more work than a device should do.
    case workRefused
    /// The relay broke the protocol.
    case relayMisbehaved
    /// The connection was lost and could not be made again in time.
    case connectionLost
    /// A newer connection has taken over this pairing.
    case elsewhere

    // Errors of the code.
    // The relay knows no such code.
    case noSuchCode
    /// The code has expired.
    case codeExpired
    /// The code was replaced because of wrong tries, because somebody knew it, or because too many strangers visited
    /// its slot.
    case codeBurnt
    /// The other side knew the code, but it broke the protocol after its proof.
    case codeKnown
    /// The other device's proof did not match: the two devices used different codes.
    case wrongCode
    /// The code was tried three times on this device.
    case triesSpent
    /// Three codes were shown, and none of them led to a pairing.
    case codesSpent
    /// Too many devices wait for this code.
    case lineFull(retryAfter: Duration)
    /// Another device has taken the place in this pairing.
    case seated

    // Errors that the users decide.
    // The other device's user said no: a holder's user to sending the seed, a receiver's user to storing it.
    case declined(by: Role)
    /// The user of this device said no.
    case declinedHere(Role)
    /// The user of this device was asked, and answered neither yes nor no.
    case notConfirmed(Role)
    /// The user of this device had to be asked, but there is no terminal or screen to ask on.
    case nobodyToAsk(Role)
    /// The user of the other device had to be asked, but that device has no terminal or screen.
    case nobodyAsked(by: Role)
    /// The other device's user cancelled the pairing.
    case cancelled
    /// The user of this device cancelled the pairing.
    case cancelledHere
    /// The words typed here are not those on the other screen. `isOther` tells whether the screen of another pairing
    /// would show one of them.
    case wrongWord(isOther: Bool)
    /// An answer did not come in time.
    case timedOut(Silent)

    // Errors of the seeds.
    // Both devices hold a seed.
    case bothHold
    /// Neither device holds a seed.
    case bothReceive
    /// A device that holds a seed was given a link, and links only let a device receive.
    case linkDirection
    /// This device's store could not be read, or could not save the seed.
    case store(StoreError)
    /// The other device could not store the seed.
    case peerNotStored
    /// The other device has stored a different seed meanwhile.
    case otherSeed
    /// The seed was sent, but no receipt came back.
    case sentNotConfirmed

    // Errors of the other device.
    // The two devices have no handshake suite in common.
    case wrongSuite
    /// The other device broke the protocol.
    case peerMisbehaved
    /// The other device reported an internal error.
    case peerFailed

    /// The device or user that did not answer in time.
    public enum Silent: Hashable, Sendable {
        /// The other device, before it proved that it knows the code.
        case otherDevice
        /// The user of the other device.
        case otherUser
        /// The user of this device, asked as a holder or as a receiver.
        case thisUser(Role)
    }
}

extension PairingError {
    /// The error's name in `Protocol/errors.md`.
    public var name: String {
        if case .store(let error) = self { error.name } else { text.name }
    }

    /// A sentence that says what happened.
    public var description: String {
        if case .store(let error) = self { error.description } else { text.what }
    }

    /// A sentence that says what to do next.
    public var advice: String {
        if case .store(let error) = self { error.advice } else { text.advice }
    }

    /// Whether a retry with the same code may help.
    public var retryHelps: Bool {
        switch self {
        case .store(let error): error.retryHelps
        case .relayUnreachable(let cause): cause.retryHelps
        case .proxyFailed(let cause): cause.retryHelps
        case .relayFull, .tooMany, .relayDraining, .relayForgot, .connectionLost, .wrongCode,
            .codesSpent, .lineFull, .declinedHere, .notConfirmed, .cancelledHere, .wrongWord, .timedOut, .peerFailed:
            true
        case .relayUntrusted, .notARelay, .proxyAddress, .relayVersion, .workRefused, .relayMisbehaved, .elsewhere,
            .noSuchCode, .codeExpired, .codeBurnt, .codeKnown, .triesSpent, .seated, .declined, .nobodyToAsk,
            .nobodyAsked, .cancelled, .bothHold, .bothReceive, .linkDirection, .peerNotStored, .otherSeed,
            .sentNotConfirmed, .wrongSuite, .peerMisbehaved:
            false
        }
    }

    /// The wait that the relay or a proxy asked for before a retry; zero where it asked for none.
    public var retryAfter: Duration {
        switch self {
        case .relayUnreachable(let cause): cause.retryAfter
        case .proxyFailed(let cause): cause.retryAfter
        case .relayFull(let wait), .tooMany(let wait), .relayDraining(let wait), .lineFull(let wait): wait
        default: .zero
        }
    }

    /// The name of the cause, where one error has several (`Protocol/errors.md`, "Causes").
    public var cause: String? {
        switch self {
        case .relayUnreachable(let cause): cause.name
        case .relayUntrusted(let cause): cause.name
        case .notARelay(let cause): cause.name
        case .proxyFailed(let cause): cause.name
        case .proxyAddress(let cause): cause.name
        default: nil
        }
    }

    /// The wait in words: the one that the relay asked for, or a general one.
    private var waiting: String { Self.waiting(retryAfter) }

    static func waiting(_ time: Duration) -> String {
        let seconds = Int((time / .seconds(1)).rounded(.up))
        return seconds > 0 ? "Wait \(seconds) s" : "Wait a little"
    }

    private var text: (name: String, what: String, advice: String) {
        switch self {
        case .relayUnreachable(let cause): ("relay-unreachable", cause.description(), cause.advice)
        case .relayUntrusted(let cause): ("relay-untrusted", cause.description(), cause.advice)
        case .notARelay(let cause): ("not-a-relay", cause.description, cause.advice)
        case .proxyFailed(let cause): ("proxy-failed", cause.description, cause.advice)
        case .proxyAddress(let cause): ("proxy-address", cause.description, cause.advice)
        case .relayVersion:
            (
                "relay-version", "The relay speaks another version of the protocol.",
                "Update this program, or choose another relay."
            )
        case .relayFull:
            ("relay-full", "The relay has no room for another pairing.", "\(waiting), then try again.")
        case .tooMany:
            ("too-many", "The relay has had too many tries from this network.", "\(waiting), then try again.")
        case .relayDraining:
            ("draining", "The relay is about to stop and takes nothing new.", "\(waiting), then try again.")
        case .relayForgot:
            (
                "relay-forgot", "The relay was restarted and has forgotten this pairing.",
                "Start again with a new code."
            )
        case .workRefused:
            (
                "work-refused", "The relay asks for more work than a device should do.",
                "Choose another relay, or try again much later."
            )
        case .relayMisbehaved:
            ("relay-misbehaved", "The relay broke the protocol.", "Choose another relay, or tell who runs this one.")
        case .connectionLost:
            (
                "connection-lost", "The connection was lost and did not come back in time.",
                "Check this device's network, then start again."
            )
        case .elsewhere:
            ("elsewhere", "This pairing was taken up by a newer connection.", "Look at the newer window.")
        case .noSuchCode:
            (
                "no-such-code", "The relay knows no such code.",
                "Look at the device that shows the code: it may show a newer one. Both devices must use the same relay."
            )
        case .codeExpired:
            ("expired", "The code's time is over.", "Show a new code on the other device and use that.")
        case .codeBurnt:
            (
                "code-burnt", "The code was used up: by wrong tries, or because strangers came to it.",
                """
                Look at the other device: it says what happened, and shows a fresh code. If nobody mistyped, somebody else is \
                trying codes.
                """
            )
        case .codeKnown:
            (
                "code-known",
                "The device that answered knew the code, but this program can't read how it introduced itself.",
                """
                Update the program on both devices and start again with a new code. If the other screen does not show this \
                device's name, somebody else knew the code: let nobody see the new one.
                """
            )
        case .wrongCode:
            (
                "wrong-code", "The code is wrong.",
                "Compare the code with the one on the other screen and type it again."
            )
        case .triesSpent:
            (
                "tries-spent", "This code was tried three times here.",
                "Show a new code on the other device and use that."
            )
        case .codesSpent:
            (
                "codes-spent", "Three codes were shown, and none was used.",
                "Start again when the other device is at hand. If codes were used up, somebody may be trying them."
            )
        case .lineFull:
            ("line-full", "Too many devices wait at this code.", "\(waiting), then type the code again.")
        case .seated:
            (
                "seated", "Another device came first with this code.",
                "Look at the device that shows the code. If you don't know the device it names, say no there."
            )
        case .declined(by: .holder):
            (
                "declined", "The user of the other device said no; it sent nothing.",
                "If it was a slip, start again with a new code."
            )
        case .declined(by: .receiver):
            (
                "declined", "The user of the other device said no; it did not keep the seed.",
                """
                If it was a slip, start again with a new code. The seed did reach that device before its user was asked: if it \
                is not yours, make a new seed.
                """
            )
        case .declinedHere(.holder):
            (
                "declined-here", "You said no; nothing was sent.",
                "If you didn't know that device, start again with a new code that nobody else sees."
            )
        case .declinedHere(.receiver):
            (
                "declined-here", "You said no; the seed was not kept.",
                "If you didn't know that device, start again with a new code that nobody else sees."
            )
        case .notConfirmed(let role):
            (
                "not-confirmed", "You answered neither yes nor no; \(role.nothing).",
                "Start again with a new code, and give a clear answer."
            )
        case .nobodyToAsk(let role):
            (
                "no-terminal", "Nobody could be asked on this device; \(role.nothing).",
                "Start again where a person can answer, or, on the device that shows the code, say yes beforehand."
            )
        case .nobodyAsked(by: let role):
            (
                "nobody-asked",
                "The other device could ask nobody; \(role == .holder ? "it sent nothing" : "it kept nothing").",
                "Start again there, where a person can answer."
            )
        case .cancelled:
            ("cancelled", "The other device stopped.", "Look at the other device; start again with a new code.")
        case .cancelledHere:
            ("cancelled-here", "You stopped.", "Start again when you like.")
        case .wrongWord(isOther: false):
            (
                "wrong-word", "What you typed is not one of the two words on the other screen; nothing was sent.",
                "Start again with a new code, and type one of the words as that screen shows them."
            )
        case .wrongWord(isOther: true):
            (
                "wrong-word", "You typed a word that belongs to another pairing; nothing was sent.",
                """
                Look whether the words came from the screen of the right device, and start again with a new code. If they did, \
                this device is not connected with that one: somebody may be in between.
                """
            )
        case .timedOut(let silent):
            ("timed-out", silent.description, "Start again with both devices at hand.")
        case .bothHold:
            (
                "both-hold", "Both devices hold a sync seed already.",
                "To join one chain, remove the seed of the device that is to join, and start again."
            )
        case .bothReceive:
            (
                "both-receive", "Neither device holds a sync seed.",
                "Make a seed on one of them first, then start again."
            )
        case .linkDirection:
            (
                "link-direction", "A link only ever makes the device that opens it receive.",
                "On a device that holds a seed, type the code instead."
            )
        case .store: ("", "", "")
        case .peerNotStored:
            (
                "peer-not-stored", "The other device could not store the seed.",
                "Look at the other device, then start again."
            )
        case .otherSeed:
            (
                "other-seed", "The receiving device has come to hold another seed.",
                "Look at both devices: which chain should they be in?"
            )
        case .sentNotConfirmed:
            (
                "sent-not-confirmed", "The seed was sent, but the other device did not confirm it.",
                "Look at the other device: if it shows the same user id, all is well."
            )
        case .wrongSuite:
            (
                "wrong-suite", "The devices speak no common version of the handshake.",
                "Update the program on both devices."
            )
        case .peerMisbehaved:
            (
                "malformed", "The two devices did not understand each other.",
                "Update the program on both devices and start again with a new code."
            )
        case .peerFailed:
            ("fault", "The other device failed.", "Look at the other device, then start again.")
        }
    }
}

extension PairingError {
    /// The pairing error for an error of the handshake.
    ///
    /// - Parameter peer: the other device's role, which tells what its user refused.
    init(_ error: HandshakeError, peer: Role = .holder) {
        switch error {
        case .malformed, .outOfOrder, .replayed, .wrongReceipt: self = .peerMisbehaved
        case .wrongSuite: self = .wrongSuite
        case .wrongProof: self = .wrongCode
        case .codeKnown: self = .codeKnown
        case .codeBurnt: self = .codeBurnt
        case .expired: self = .codeExpired
        case .seated: self = .seated
        case .bothHold: self = .bothHold
        case .bothReceive: self = .bothReceive
        case .linkDirection: self = .linkDirection
        case .declined: self = .declined(by: peer)
        case .nobodyToAsk: self = .nobodyAsked(by: peer)
        case .timedOut: self = .timedOut(.otherUser)
        case .cancelled: self = .cancelled
        case .notStored: self = .peerNotStored
        case .otherSeed: self = .otherSeed
        }
    }
}

extension PairingError.Silent {
    fileprivate var description: String {
        switch self {
        case .otherDevice: "The other device did not answer in time."
        case .otherUser: "Nobody answered on the other device in time."
        case .thisUser(let role): "Nobody answered on this device in time; \(role.nothing)."
        }
    }
}

extension Role {
    /// The assurance that nothing was sent or stored, by role; part of a sentence.
    fileprivate var nothing: String {
        switch self {
        case .holder: "nothing was sent"
        case .receiver: "the seed was not kept"
        }
    }
}
