import EasySetupRelayCore
import EasySetupRelayProtocol
import Logging
import NIOCore
import Synchronization

/// The state that all event loops of a relay share: the rendezvous, the long-polling sessions, and the counts for
/// admission.
///
/// One lock protects it. A decision takes about a microsecond, a tenth of the time to read the frame and write its
/// answer; so loops seldom wait for each other, and every rule and limit holds for the relay as a whole, on any number
/// of cores. Decisions result in ``Effect``s, in order, each for the loop of the connection concerned.
final class RelayHub: Sendable {
    let limits: ConnectionLimits
    private let state: Mutex<State>
    private let ended: EventLoopPromise<Void>

    /// `ended` is fulfilled when the relay has stopped.
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
        /// Close this connection, if it still serves no device, because another needs its place.
        case giveWay(ConnectionID)
        /// Answer the poll that waits on this connection; nil when its session is no longer known.
        case answer(ConnectionID, PollAnswer?)
        case broadcast(Broadcast)
    }

    /// Work for every loop.
    enum Broadcast: Sendable {
        /// There is room for connections again, so accepting goes on.
        case resumeAccepting
        /// Tell every device that the relay stops.
        case goAway
        /// Close the HTTP connections; every poll has been answered.
        case closeLongPolls
        case hangUp
        /// Shrink the tables, because a crowd of connections has gone.
        case shrink
        /// The relay has ended, and no further effects follow.
        case end
    }

    /// An event on a connection of a loop; events are passed in their order.
    enum Event: Sendable {
        /// A device has sent a frame.
        case frame(DeviceFrame, bytes: Int, from: ConnectionID)
        /// A device has sent its first frame, and its connection served no device until now. `countedFor` is the prefix
        /// under which it was counted.
        case firstFrame(DeviceFrame, bytes: Int, from: ConnectionID, countedFor: AddressPrefix?)
        /// A device has sent an invalid frame. It is told so and disconnected, but may come back with its token.
        case badFrame(from: ConnectionID)
        /// A device has disconnected, or is no longer read.
        case lost(ConnectionID)
    }

    /// The result of a change, for the loop that made it.
    struct ChangeResult<Result> {
        let result: Result
        /// The next deadline of the shared state, on the relay's clock; nil for never.
        let due: Duration?
    }

    /// Registers a loop and gives its index, 0 for the first. `wake` is called, on any thread, when another loop has
    /// put effects into its inbox.
    func join(wake: @escaping @Sendable () -> Void) -> Int {
        state.withLock { $0.inboxes.join(wake: wake) }
    }

    /// Applies the events of a loop's connections, then `body`, then all consequences, and appends the loop's effects
    /// to `effects`; all under one lock.
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
        // Waking a loop is costly, so a loop that was woken is not woken again before it has taken its effects.
        for wake in woken { wake() }
        // Loops may shut down as soon as `ended` is fulfilled, so this comes last.
        if isOver { ended.succeed() }
        return outcome
    }

    /// Reads the shared state.
    func read<Result>(_ body: (borrowing State) -> Result) -> Result where Result: Sendable {
        state.withLock { body($0) }
    }
}
