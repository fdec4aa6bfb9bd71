public import EasySetupHandshake
public import EasySetupSeed

/// A state of a pairing, to show on a screen. The last state is ``paired(_:)`` or ``failed(_:)``.
@nonexhaustive public enum PairingState: Sendable {
    /// The relay is being reached.
    case connecting
    /// An attempt to reach the relay failed for this reason, and another follows: after ``connecting`` and after
    /// ``reconnecting(deadline:)``.
    case retrying(PairingError)
    /// Offerer: show this code. It comes again with a fresh code when the old one was used up or has expired.
    case offered(Offer)
    /// Offerer: a wrong code was typed, for the `count`th time; after the third time the device shows a new code.
    case wrongProof(count: Int)
    /// Offerer: somebody knew the code, or the link, but broke the protocol. The device shows a new code.
    case codeKnown
    /// Visitor: other devices are ahead in the line for this code.
    case inLine(position: Int)
    /// Visitor: the other device was found, and the handshake with it runs.
    case greeting
    /// Holder: the other device has proved that it knows the code. The user is asked, until `deadline`, whether it is
    /// the right device. The state comes again when the relay shortens the time.
    case deciding(Peer, deadline: ContinuousClock.Instant)
    /// Receiver: the user of the other device is asked, until `deadline`. The state comes again when the relay shortens
    /// the time.
    case waiting(Peer, deadline: ContinuousClock.Instant)
    /// Receiver: the seed has arrived, and the user is asked whether to store it.
    case accepting(AcceptanceRequest)
    /// Holder: the seed was sent, and the other device stores it, or asks its user first (``Device/asksFirst``). This
    /// device waits for the receipt until `deadline`.
    case given(Peer, deadline: ContinuousClock.Instant)
    /// The other device has no connection to the relay. This device waits for it until `deadline`; when it is back, the
    /// previous state is shown again.
    case peerAway(deadline: ContinuousClock.Instant)
    /// The connection was lost and is being made again. The pairing goes on if it is back before `deadline`.
    case reconnecting(deadline: ContinuousClock.Instant)
    /// Both devices hold the same seed. This is the last state.
    case paired(Paired)
    /// The pairing failed; the error tells why and what to do. This is the last state.
    case failed(PairingError)

    /// The device at which the person should look now.
    public var lookAt: LookAt {
        switch self {
        case .connecting, .retrying, .wrongProof, .codeKnown, .reconnecting, .failed, .deciding, .accepting: .thisDevice
        case .offered, .waiting, .greeting, .given, .peerAway: .otherDevice
        case .inLine, .paired: .thisDevice
        }
    }

    /// One of the two devices.
    public enum LookAt: Hashable, Sendable {
        /// The device that shows this state.
        case thisDevice
        /// The device that it pairs with.
        case otherDevice
    }
}

/// A code to show, and its deadline.
public struct Offer: Sendable {
    /// The code, to be typed on the other device.
    public let code: PairingCode
    /// The link, to be shown as a QR code. Nil where this device has no seed, because links only let the other device
    /// receive, and where the relay's address has a zone, because a zone names an interface of this machine.
    public let link: PairingLink?
    /// The moment at which the code expires, on a clock that runs on while the system sleeps.
    public let deadline: ContinuousClock.Instant
    /// The code's number among those of one offer, from 1.
    public let ordinal: Int
}

/// The result of a successful pairing.
public struct Paired: Hashable, Sendable {
    /// The user ID, derived from the seed; the same on both devices.
    public let userID: UserID
    /// This device's role: it sent the seed or received it.
    public let role: Role
    /// The other device.
    public let peer: Peer
}

/// The question to the user of a holder before the seed is sent. The default answer is no; pressing Enter alone must
/// never mean yes.
public struct ApprovalRequest: Sendable {
    /// The other device: its own name in quotes, and the two words that its screen shows.
    public let peer: Peer
    /// The time since the code was shown or typed. A user should look twice before saying yes to an old code.
    public let codeAge: Duration
    /// Whether the user must type one of the two words from the other screen (``Approval/word(_:)-enum.case``). That is
    /// so where the code was typed on the device that sends the seed.
    public let needsWord: Bool
    /// The number of this question, from 1, because a mistyped word may be typed again. Empty answers are not counted.
    public let attempt: Int
    /// The fault in the last typed word; nil the first time.
    public let mistake: ConfirmationWords.Match?
    /// The moment until which the pairing waits for the answer.
    public let deadline: ContinuousClock.Instant
}

/// The user's answer.
@nonexhaustive public enum Approval: Sendable {
    /// It is the right device. This answer is not enough where a word is needed.
    case approve
    /// It is the right device, and the text is what the user typed: one of the two words on its screen, or both
    /// (``ConfirmationWords/match(typed:)-(UserText)``).
    case word(UserText)
    /// It is not the right device.
    case decline
    /// The user was asked and gave no clear answer. The seed is not sent.
    case unclear
    /// There is no terminal or screen to ask on. The seed is not sent, and the other device is told why.
    case nobodyToAsk

    /// It is the right device, and `typed` is the user's text from a text field; see ``Approval/word(_:)-enum.case``.
    public static func word(_ typed: String) -> Approval {
        .word(UserText(copying: typed))
    }
}

/// The question to the user of a receiver that shows the code, before it stores a seed. It is asked because the device
/// that typed the code chose this one, and this device's data becomes readable for that sync chain. The default is no;
/// Enter alone must never mean yes.
public struct AcceptanceRequest: Hashable, Sendable {
    /// The other device: its own name in quotes, and the two words that its user was asked for.
    public let peer: Peer
    /// The user ID of the seed's sync chain; the other device can show the same.
    public let userID: UserID
    /// The time from showing the code to the other device's proof.
    public let codeAge: Duration
    /// The moment until which the pairing waits for the answer.
    public let deadline: ContinuousClock.Instant
}

/// The user's answer to an ``AcceptanceRequest``.
@nonexhaustive public enum Acceptance: Hashable, Sendable {
    /// Store the seed.
    case accept
    /// Do not store the seed.
    case decline
    /// The user was asked and gave no clear answer. The seed is not stored.
    case unclear
    /// There is no terminal or screen to ask on. The seed is not stored, and the other device is told why.
    case nobodyToAsk
}
