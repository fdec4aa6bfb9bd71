public import EasySetupChain
public import EasySetupHandshake
public import EasySetupRelayProtocol
public import EasySetupSeed

/// A state of a pairing, which an app shows on a screen. The last state is ``paired(_:)`` or ``failed(_:)``.
@nonexhaustive public enum PairingState: Sendable {
    /// The device is connecting to the relay.
    case connecting
    /// An attempt to reach the relay failed for this reason, and another attempt follows. This state comes after
    /// ``connecting`` or ``reconnecting(deadline:)``.
    case retrying(PairingError)
    /// Offerer: the app shows this code. The state comes again with a fresh code when the device has replaced the code,
    /// for example because it expired.
    case offered(Offer)
    /// Offerer: somebody typed a wrong code, for the `count`th time. After the third time the device shows a new code.
    case wrongProof(count: Int)
    /// Offerer: somebody knew the code or the link, but broke the protocol. The device shows a new code.
    case codeKnown
    /// Visitor: other devices are ahead of this one in the line for this code. Position 1 is next.
    case inLine(position: Int)
    /// Visitor: this device has found the other one, and the handshake is running.
    case greeting
    /// Holder: the other device has proved that it knows the code. Until `deadline`, the user may answer whether it is
    /// the right device. The state comes again when the relay moves `deadline`. A device on which the user typed the code
    /// must not show the peer's words (``ApprovalRequest/needsWord``).
    case deciding(Peer, deadline: ContinuousClock.Instant)
    /// Receiver: until `deadline`, the user of the other device may answer. The state comes again when the relay moves
    /// `deadline`.
    case waiting(Peer, deadline: ContinuousClock.Instant)
    /// Receiver: this device has the seed, and asks its user whether to store it.
    case accepting(AcceptanceRequest)
    /// Holder: this device has sent the seed. The other device stores it, or asks its user first
    /// (``Device/asksFirst``). This device waits for the receipt until `deadline`.
    case given(Peer, deadline: ContinuousClock.Instant)
    /// The other device has no connection to the relay. This device waits for it until `deadline`. When the other
    /// device is back, the previous state comes again.
    case peerAway(deadline: ContinuousClock.Instant)
    /// This device has lost its connection to the relay and is connecting again. The pairing goes on if a new
    /// connection opens before `deadline`.
    case reconnecting(deadline: ContinuousClock.Instant)
    /// The relay's operator has a sentence for the user, such as an announcement of maintenance. It replaces no other
    /// state: the screen stays, and the sentence stands beside it. The relay is not trusted, so an app shows it as the
    /// relay's words and as plain text (``RelayMessage``). It never comes when a question is open.
    case relayMessage(RelayMessage)
    /// The receiver has stored the seed, or the membership that the holder gave it. This is the last state.
    case paired(Paired)
    /// The pairing failed; the error tells why and what to do. This is the last state.
    case failed(PairingError)

    /// The device at which the user should look now.
    public var lookAt: WhichDevice {
        switch self {
        case .connecting, .retrying, .wrongProof, .codeKnown, .reconnecting, .failed, .deciding, .accepting: .thisDevice
        case .relayMessage: .thisDevice
        case .offered, .waiting, .greeting, .given, .peerAway: .otherDevice
        case .inLine, .paired: .thisDevice
        }
    }

    /// The device at which the user should look (`lookAt`), as seen from the device that shows the state of the
    /// pairing.
    public enum WhichDevice: Hashable, Sendable {
        /// The device that shows this state.
        case thisDevice
        /// The other device of the pairing.
        case otherDevice
    }
}

/// A code to show, and its deadline.
public struct Offer: Sendable {
    /// The code, to be typed on the other device.
    public let code: PairingCode
    /// The link, which an app shows as a QR code. Nil on a device without a seed, because a link lets the other device
    /// only receive. Nil also if the relay's address has a zone, because a zone names a network interface of this
    /// machine only.
    public let link: PairingLink?
    /// The moment at which the code expires. This clock also runs while the system sleeps.
    public let deadline: ContinuousClock.Instant
    /// The number of this code among the codes of one offer, from 1.
    public let ordinal: Int

    /// Makes an offer, for previews and tests of an app's screens.
    public init(code: PairingCode, link: PairingLink?, deadline: ContinuousClock.Instant, ordinal: Int = 1) {
        self.code = code
        self.link = link
        self.deadline = deadline
        self.ordinal = ordinal
    }
}

/// The result of a successful pairing.
public struct Paired: Hashable, Sendable {
    /// The user ID, which is derived from the seed and so is the same on both devices.
    public let userID: UserID
    /// This device's role: the holder sent the seed, the receiver got it.
    public let role: Role
    /// The other device.
    public let peer: Peer
    /// The rights that the holder gave and the receiver has now. A receiver's screen should show them: its user did not
    /// choose them.
    public let scope: AccessScope

    /// Makes a result, for previews and tests of an app's screens.
    public init(userID: UserID, role: Role, peer: Peer, scope: AccessScope = .everything) {
        self.userID = userID
        self.role = role
        self.peer = peer
        self.scope = scope
    }
}

/// The question to a holder's user before the device sends the seed. The default answer must be no, and pressing Enter
/// alone must never mean yes.
public struct ApprovalRequest: Sendable {
    /// The other device: its own name for itself, and the two confirmation words on its screen.
    public let peer: Peer
    /// The rights that the other device will get. The question must name it where it is not everything.
    public let scope: AccessScope
    /// The time between the showing of the code on this device (or its typing) and the other device's proof. A user
    /// should look twice before saying yes to an old code.
    public let codeAge: Duration
    /// Whether the user must type one of the two confirmation words from the other device's screen
    /// (``Approval/word(_:)-enum.case``). This is so if the user typed the code on the device that sends the seed.
    public let needsWord: Bool
    /// The number of the user's current try to type a confirmation word, from 1. It grows after a mistyped word, and
    /// not after an empty answer.
    public let attempt: Int
    /// The fault in the last typed word; nil the first time. It is never ``ConfirmationWords/Match/right``.
    public let mistake: ConfirmationWords.Match?
    /// The moment until which the pairing waits for the user's answer.
    public let deadline: ContinuousClock.Instant

    /// Makes a question, for previews and tests of an app's screens.
    public init(
        peer: Peer,
        scope: AccessScope = .everything,
        codeAge: Duration = .zero,
        needsWord: Bool,
        attempt: Int = 1,
        mistake: ConfirmationWords.Match? = nil,
        deadline: ContinuousClock.Instant
    ) {
        self.peer = peer
        self.scope = scope
        self.codeAge = codeAge
        self.needsWord = needsWord
        self.attempt = attempt
        self.mistake = mistake
        self.deadline = deadline
    }
}

/// The user's answer to an ``ApprovalRequest``.
@nonexhaustive public enum Approval: Sendable {
    /// The other device is the right one. This answer is not enough if the user must type a confirmation word
    /// (``ApprovalRequest/needsWord``).
    case approve
    /// The other device is the right one. The text is what the user typed: one of the two confirmation words on that
    /// device's screen, or both (``ConfirmationWords/match(typed:)-(UserText)``).
    case word(UserText)
    /// The other device is not the right one.
    case decline
    /// The user was asked, but gave no clear answer. The device does not send the seed.
    case unclear
    /// The app has no terminal or screen on which to ask the user whether to send the seed. The device does not send
    /// the seed, and tells the other device why.
    case nobodyToAsk

    /// The other device is the right one. `typed` is the content of a text field; see ``Approval/word(_:)-enum.case``.
    public static func word(_ typed: String) -> Approval {
        .word(UserText(copying: typed))
    }
}

/// The question to the user of a receiver that shows the code, before the device stores a seed. The device asks because
/// not its own user but the other device's user chose the pairing, by typing the code, and because this device's data
/// becomes readable for the seed's sync chain. The default answer must be no, and pressing Enter alone must never mean
/// yes.
public struct AcceptanceRequest: Hashable, Sendable {
    /// The other device: its own name for itself, and the two confirmation words, one of which its user had to type.
    public let peer: Peer
    /// The user ID of the seed's sync chain. The other device can show the same ID, so that users can compare.
    public let userID: UserID
    /// The rights that this device will get. The question must name it where it is not everything.
    public let scope: AccessScope
    /// The time from showing the code to the other device's proof.
    public let codeAge: Duration
    /// The moment until which the pairing waits for the user's answer.
    public let deadline: ContinuousClock.Instant

    /// Makes a question, for previews and tests of an app's screens.
    public init(
        peer: Peer,
        userID: UserID,
        scope: AccessScope = .everything,
        codeAge: Duration = .zero,
        deadline: ContinuousClock.Instant
    ) {
        self.peer = peer
        self.userID = userID
        self.scope = scope
        self.codeAge = codeAge
        self.deadline = deadline
    }
}

/// The user's answer to an ``AcceptanceRequest``.
@nonexhaustive public enum Acceptance: Hashable, Sendable {
    /// The device stores the seed.
    case accept
    /// The device does not store the seed.
    case decline
    /// The user was asked, but gave no clear answer. The device does not store the seed.
    case unclear
    /// The app has no terminal or screen on which to ask the user whether to store the seed. The device does not store
    /// the seed, and tells the other device why.
    case nobodyToAsk
}
