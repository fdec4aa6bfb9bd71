import EasySetupRelayCore
import EasySetupRelayProtocol
import Logging
import NIOCore
import Synchronization

/// The state that all event loops of a relay share: the rendezvous, the long-polling sessions, and the counts by which
/// the relay admits connections.
///
/// One lock protects this state. A decision takes about a microsecond, a tenth of the time that reading a frame and
/// writing its answer take, so loops seldom wait for each other. Every rule and limit holds for the whole relay, on any
/// number of cores. A decision gives ``Effect``s, in order, each for the loop of the connection concerned.
final class RelayHub: Sendable {
    let limits: ConnectionLimits
    private let state: Mutex<State>
    private let ended: EventLoopPromise<Void>

    /// The hub fulfills `ended` when the relay has stopped.
    init(
        limits: ConnectionLimits,
        rendezvous: consuming sending Rendezvous,
        ended: EventLoopPromise<Void>,
        logger: Logger
    ) {
        self.limits = limits
        self.ended = ended
        state = Mutex(State(limits: limits, rendezvous: rendezvous, logger: logger))
    }

    /// Work for a loop: for one of its connections, or for all of them.
    enum Effect: Sendable {
        case send(RelayFrame, to: ConnectionID)
        case close(ConnectionID)
        /// Close this connection because another one needs its place, unless it serves a device by now.
        case giveWay(ConnectionID)
        /// Answer the poll that waits on this connection. The answer is nil when the relay no longer knows the session.
        case answer(ConnectionID, PollAnswer?)
        case broadcast(Broadcast)
    }

    /// Work for every loop.
    enum Broadcast: Sendable {
        /// There is room for connections again, so the loops accept them again.
        case resumeAccepting
        /// Close every WebSocket with the code "going away", because the relay stops.
        case goAway
        /// Close the HTTP connections, because every poll has been answered.
        case closeLongPolls
        case hangUp
        /// Shrink the tables, because a crowd of connections has gone.
        case shrink
        /// The relay has ended, and no further effects follow.
        case end
    }

    /// An event on a connection of a loop. A loop passes its events in the order in which they happened.
    enum Event: Sendable {
        /// A device has sent a frame.
        case frame(DeviceFrame, bytes: Int, from: ConnectionID)
        /// A device has sent its first frame, so its connection serves a device from now on. `countedFor` is the prefix
        /// under which the connection is counted.
        case firstFrame(DeviceFrame, bytes: Int, from: ConnectionID, countedFor: AddressPrefix?)
        /// A device has sent an invalid frame. The relay sends it `refused` and disconnects it. The device may come
        /// back with its token.
        case badFrame(from: ConnectionID)
        /// The connection of a device has ended.
        case lost(ConnectionID)
    }

    /// The result of a change, for the loop that made it.
    struct ChangeResult<Result> {
        let result: Result
        /// The next deadline of the shared state, on the relay's monotonic clock; nil for none.
        let due: Duration?
    }

    /// Registers a loop and gives its index, counted from 0. The hub calls `wake`, on any thread, when another loop has
    /// put effects into this loop's inbox.
    func join(wake: @escaping @Sendable () -> Void) -> Int {
        state.withLock { $0.inboxes.join(wake: wake) }
    }

    /// Applies the events of a loop's connections, then `body`, then all consequences, all under one lock. Appends the
    /// loop's effects to `effects`.
    func change<Result>(
        by loop: Int,
        after events: [Event],
        into effects: inout [Effect],
        at moment: Moment,
        _ body: (inout State) -> Result
    ) -> ChangeResult<Result> {
        let (outcome, woken, isOver) = state.withLock { state in
            state.setTime(moment)
            for event in events { state.happened(event) }
            let result = body(&state)
            state.applyConsequences()
            state.inboxes.take(loop, into: &effects)
            let outcome = ChangeResult(result: result, due: state.nextDeadline)
            return (outcome, state.inboxes.takeWoken(but: loop), state.takeEnd())
        }
        // Waking a loop is costly, so `woken` leaves out loops that were woken before and have not taken their effects
        // yet.
        for wake in woken { wake() }
        // Loops may shut down as soon as `ended` is fulfilled, so the hub fulfills it last.
        if isOver { ended.succeed() }
        return outcome
    }

    /// Reads the shared state.
    func read<Result>(_ body: (borrowing State) -> Result) -> Result where Result: Sendable {
        state.withLock { body($0) }
    }
}
