public import EasySetupHandshake
public import EasySetupSeed

/// Where a pairing stands, fit for a screen. The last one is ``paired(_:)`` or ``failed(_:)``.
public enum PairingState: Sendable {
    /// The relay is being reached.
    case connecting
    /// An attempt to reach the relay failed for this reason, and another follows: after ``connecting`` and after ``reconnecting(deadline:)``.
    case retrying(PairingError)
    /// Offerer: show this code. It comes again with a fresh code when the old one was used up or has expired.
    case offered(Offer)
    /// Offerer: somebody typed a wrong code, this many times so far; at the third the code is replaced.
    case wrongProof(count: Int)
    /// Offerer: somebody who is no device knew the code, or the link. It is replaced.
    case codeKnown
    /// Visitor: others are before this device.
    case inLine(position: Int)
    /// Visitor: the other device was found and is being greeted.
    case greeting
    /// Holder: the other device has proved that it knows the code; the user is asked, until `deadline`, whether it is the right one.
    /// It comes again when the relay gives less time.
    case deciding(Peer, deadline: ContinuousClock.Instant)
    /// Receiver: the user of the other device is asked, until `deadline`. It comes again when the relay gives less time.
    case waiting(Peer, deadline: ContinuousClock.Instant)
    /// Receiver: the seed has come; the user is asked whether to keep it.
    case accepting(AcceptanceRequest)
    /// Holder: the seed was sent and the other device stores it, or asks its user first (``Device/asksFirst``). Its receipt is
    /// waited for until `deadline`.
    case given(Peer, deadline: ContinuousClock.Instant)
    /// The other device has no connection to the relay; this one waits for it until `deadline`. When it is back the state before
    /// is shown again.
    case peerAway(deadline: ContinuousClock.Instant)
    /// The connection was lost and is being made again; nothing is lost before `deadline`.
    case reconnecting(deadline: ContinuousClock.Instant)
    /// Both devices hold the same seed. The last state.
    case paired(Paired)
    /// It did not work; the error says why and what to do. The last state.
    case failed(PairingError)

    /// Which device the person should look at now.
    public var lookAt: LookAt {
        switch self {
        case .connecting, .retrying, .wrongProof, .codeKnown, .reconnecting, .failed, .deciding, .accepting: .thisDevice
        case .offered, .waiting, .greeting, .given, .peerAway: .otherDevice
        case .inLine, .paired: .thisDevice
        }
    }

    /// One of the two devices.
    public enum LookAt: Hashable, Sendable {
        /// The one that shows this state.
        case thisDevice
        /// The one it pairs with.
        case otherDevice
    }
}

/// A code to show, and how long it lives.
public struct Offer: Sendable {
    /// To be typed on the other device.
    public let code: PairingCode
    /// To be shown as a QR code; nil where this device wants a seed, since no link makes a device give, and where the
    /// relay's address has a zone, which means nothing to another device.
    public let link: PairingLink?
    /// When the code's time is over, on a clock that goes on in suspend.
    public let deadline: ContinuousClock.Instant
    /// Which code of this act of the user's it is, from 1.
    public let ordinal: Int
}

/// How a pairing ended well.
public struct Paired: Hashable, Sendable {
    /// Who the user is to others, derived from the seed; the same on both devices.
    public let userID: UserID
    /// What this device brought.
    public let role: Role
    /// The other device.
    public let peer: Peer
}

/// What the user is asked before a seed goes anywhere. The default is no; Enter alone must never mean yes.
public struct ApprovalRequest: Sendable {
    /// The other device, its own words in quotes, and the two words that its screen shows.
    public let peer: Peer
    /// How long ago the code was shown or typed: a yes to an old code deserves a second look.
    public let codeAge: Duration
    /// Whether the user must type one of the two words from the other screen (``Approval/word(_:)``): so it is where
    /// the device that gives has typed the code itself.
    public let needsWord: Bool
    /// Which time this is, from 1: a mistyped word may be typed again. A time when nothing was typed does not count.
    public let attempt: Int
    /// The fault in the last word; nil the first time.
    public let mistake: ConfirmationWords.Match?
    /// Until when the answer is waited for.
    public let deadline: ContinuousClock.Instant
}

/// The user's answer.
public enum Approval: Sendable {
    /// It is the right device. Not enough where a word is needed.
    case approve
    /// It is the right device, and this is one of the two words on its screen, or both, as the user typed it
    /// (``ConfirmationWords/match(typed:)``).
    case word(UserText)
    /// It is not.
    case decline
    /// The user was asked, and it is still not clear whether it is. Nothing is given.
    case unclear
    /// There is nobody to ask. Nothing is given, and the other device is told why.
    case nobodyToAsk

    /// It is the right device, and this is the word that the user typed into a text field; see ``Approval/word(_:)``.
    public static func word(_ typed: String) -> Approval {
        .word(UserText(copying: typed))
    }
}

/// The question to the user of a receiver that shows the code, before it stores a seed. It is asked because the device that typed the
/// code chose this one, and this device's data becomes readable for that sync chain. The default is no; Enter alone must never mean yes.
public struct AcceptanceRequest: Hashable, Sendable {
    /// The other device, its own words in quotes, and the two words that its user was asked for.
    public let peer: Peer
    /// The user ID of the seed's sync chain; the other device can show the same.
    public let userID: UserID
    /// How long ago the code was shown when the other device proved itself.
    public let codeAge: Duration
    /// Until when the answer is waited for.
    public let deadline: ContinuousClock.Instant
}

/// The user's answer to an ``AcceptanceRequest``.
public enum Acceptance: Hashable, Sendable {
    /// Keep the seed.
    case accept
    /// Don't.
    case decline
    /// The user was asked, and it is still not clear. Nothing is kept.
    case unclear
    /// There is nobody to ask. Nothing is kept, and the other device is told why.
    case nobodyToAsk
}
