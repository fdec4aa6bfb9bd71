import EasySetupRelayCore
import EasySetupRelayProtocol
import Logging
import NIOCore
import Synchronization

/// What all event loops of a relay share: who meets whom, which devices come through calls, what is counted over all of them.
///
/// One lock is around it. A decision takes a microsecond or so, a tenth of what reading the frame and writing its answer take; so
/// loops seldom wait for each other, and every rule and limit holds for the relay as a whole, however many cores it has. What is to
/// be done comes back as ``Effect``s, in the order of the decisions, each to the loop of the connection that it is about.
final class RelayHub: Sendable {
    let limits: ConnectionLimits
    private let state: Mutex<State>
    private let ended: EventLoopPromise<Void>

    /// Ends `ended` when the relay has stopped.
    init(
        limits: ConnectionLimits,
        rendezvous: consuming sending Rendezvous<ConnectionID>,
        ended: EventLoopPromise<Void>,
        logger: Logger
    ) {
        self.limits = limits
        self.ended = ended
        state = Mutex(State(limits: limits, rendezvous: rendezvous, logger: logger))
    }

    /// What a loop has to do for a connection of its own, or for all of them.
    enum Effect: Sendable {
        case send(RelayFrame, to: ConnectionID)
        case close(ConnectionID)
        /// Somebody else needs the place of this connection, if it is still nobody's.
        case giveWay(ConnectionID)
        /// A poll that waits on a connection has its answer; nil when its device is not known any more.
        case answer(ConnectionID, PollAnswer?)
        case broadcast(Broadcast)
    }

    /// What every loop has to do.
    enum Broadcast: Sendable {
        /// There is room for a connection again.
        case resumeAccepting
        /// Every device is told that the relay goes away.
        case goAway
        /// Connections of long polling are closed: whoever polls has been told.
        case closeLongPolls
        case hangUp
        /// A crowd has gone, and tables can be smaller.
        case shrink
        /// Nothing comes any more.
        case end
    }

    /// Something that has happened on a connection of a loop's, to be told in order.
    enum Event: Sendable {
        /// A device has sent a frame.
        case frame(DeviceFrame, bytes: Int, from: ConnectionID)
        /// The same from one that has said nothing before, and stood for no device until now; the prefix it counted for.
        case firstFrame(DeviceFrame, bytes: Int, from: ConnectionID, countedFor: AddressPrefix?)
        /// A device broke the rules of the frames; it is told so, and is lost. It may come back with its token.
        case badFrame(from: ConnectionID)
        /// A device is gone, or is not listened to any more.
        case lost(ConnectionID)
    }

    /// Which loop makes a change, and when: the rendezvous' time and the loop's.
    struct Context: Sendable {
        let loop: Int
        let moment: Moment
        let now: NIODeadline
    }

    /// What a change has come to, for the loop that made it.
    struct ChangeResult<Result> {
        let result: Result
        /// When the rendezvous has something to do next, on its own clock; nil for never.
        let rendezvousDue: Duration?
        /// When something else here has.
        let due: NIODeadline?
    }

    /// A loop joins. Returns its index, 0 for the first. `wake` is called, on any thread, when another loop has left effects for it and
    /// says so.
    func join(wake: @escaping @Sendable () -> Void) -> Int {
        state.withLock { $0.inboxes.join(wake: wake) }
    }

    /// Tells what has happened on a loop's connections, changes what is shared, sees to what follows from that, and adds what the
    /// loop has to do to `effects`: all of it under one lock. `body` is given the time that it is for all loops.
    func change<Result>(
        by loop: Int,
        after events: [Event],
        into effects: inout [Effect],
        at moment: Moment,
        now: NIODeadline,
        _ body: (inout State, Context) -> Result
    ) -> ChangeResult<Result> {
        let (outcome, woken, isOver) = state.withLock { state in
            let context = Context(loop: loop, moment: state.latest(moment), now: now)
            for event in events { state.happened(event, context) }
            let result = body(&state, context)
            state.applyConsequences(context)
            state.inboxes.take(loop, into: &effects)
            let outcome = ChangeResult(
                result: result,
                rendezvousDue: state.rendezvous.nextDeadline,
                due: state.nextDue
            )
            return (outcome, state.inboxes.takeWoken(but: loop), state.takeEnd())
        }
        // To wake a loop is not cheap: one that has been woken is not woken again before it has taken its effects.
        for wake in woken { wake() }
        // Once it is told, the loops may end.
        if isOver { ended.succeed() }
        return outcome
    }

    /// Looks at what is shared.
    func read<Result>(_ body: (borrowing State) -> Result) -> Result where Result: Sendable {
        state.withLock { body($0) }
    }
}
