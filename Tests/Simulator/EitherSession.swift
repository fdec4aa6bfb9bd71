package import EasySetupPairingSession

/// The session of an offerer or of a visitor, as one type. Sessions are noncopyable values of two types, so code that
/// drives devices of both kinds needs one reference for them.
package final class EitherSession {
    package let begin: () -> [SessionAction]
    package let handle: (SessionEvent, Duration) -> [SessionAction]
    package let nextDeadline: () -> Duration?
    /// Whether a visitor has sent a proof, which uses up its try; false for an offerer.
    package let isTrySpent: () -> Bool

    package init(_ session: consuming OfferSession) {
        let box = Box(session)
        begin = { box.session.begin() }
        handle = { box.session.handle($0, now: $1) }
        nextDeadline = { box.session.nextDeadline }
        isTrySpent = { false }
    }

    package init(_ session: consuming VisitSession) {
        let box = Box(session)
        begin = { box.session.begin() }
        handle = { box.session.handle($0, now: $1) }
        nextDeadline = { box.session.nextDeadline }
        isTrySpent = { box.session.isTrySpent }
    }

    private final class Box<Session: PairingSession & ~Copyable> {
        var session: Session
        init(_ session: consuming Session) { self.session = session }
    }
}
