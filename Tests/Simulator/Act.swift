package import EasySetup
import EasySetupHandshake
package import EasySetupSeed

/// One act of a user's on one device: a session, and what a person saw of it.
package final class Act {
    package enum Outcome: Equatable, Sendable {
        case paired
        case failed(PairingError)
    }

    let begin: () -> [SessionAction]
    let handle: (SessionEvent, Duration) -> [SessionAction]
    let nextDeadline: () -> Duration?
    let isTrySpent: () -> Bool
    /// What should have been typed or scanned; nil for an offer.
    let invitation: String?
    let slot: String?
    package let start: Duration
    package internal(set) var end: Duration?
    package internal(set) var outcome: Outcome?
    package internal(set) var stored: SyncSeed?
    /// How many codes were shown.
    package internal(set) var codes = 0
    /// How many wrong proofs the user was told of.
    package internal(set) var wrongProofs = 0
    /// Whether a proof was sent: a visitor's try.
    package internal(set) var isSpent = false
    /// Whether the relay has given it something to come back with.
    var hasToken = false
    /// The words on the screen.
    var words: ConfirmationWords?
    /// When the seed was sent; nil when it was not.
    package internal(set) var givenAt: Duration?
    /// Whether a receiver asks its user before it stores a seed, whether it has, and whether the user said yes.
    var asksFirst = false
    var wasAsked = false
    var hasAccepted = false
    /// How long the store takes.
    var storing: Duration = .zero

    init(_ session: consuming OfferSession, invitation: String?, start: Duration) {
        let box = Box(session)
        begin = { box.session.begin() }
        handle = { box.session.handle($0, now: $1) }
        nextDeadline = { box.session.nextDeadline }
        isTrySpent = { false }
        self.invitation = invitation
        slot = nil
        self.start = start
    }

    init(_ session: consuming VisitSession, invitation: String, slot: String, start: Duration) {
        let box = Box(session)
        begin = { box.session.begin() }
        handle = { box.session.handle($0, now: $1) }
        nextDeadline = { box.session.nextDeadline }
        isTrySpent = { box.session.isTrySpent }
        self.invitation = invitation
        self.slot = slot
        self.start = start
    }

    /// How long an act may take at most, from the limits alone: its codes and the way to each, a seat, and the last words.
    func longest(_ limits: ClientLimits) -> Duration {
        let arrival = limits.connectTimeout + limits.answerTimeout + limits.workTimeout
        let transfer = limits.seatedLifetime + limits.receiptTimeout + limits.linger + limits.farewell
        // An offerer without a code looks for its relay as long as a code would live. A clock may go slower than the world's.
        let codes = invitation == nil ? limits.codeLifetime * 2 * Bounds.codesPerAct : limits.codeLifetime
        return codes + arrival * Bounds.codesPerAct + transfer + .seconds(5)
    }

    private final class Box<Session: PairingSession & ~Copyable> {
        var session: Session
        init(_ session: consuming Session) { self.session = session }
    }
}
