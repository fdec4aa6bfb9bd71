import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import Logging
import NIOCore
import Synchronization

/// The state that all event loops of a relay share: the ``Rendezvous``, the long-polling sessions, and the counts by
/// which the relay admits connections.
///
/// One lock protects this state. A decision takes about a microsecond, a tenth of the time for reading a frame and
/// writing the answer, so loops seldom wait for each other. Every rule and limit holds for the whole relay, on any
/// number of cores. A decision results in ``Effect``s, in order, each for the loop of the connection concerned.
final class RelayHub: Sendable {
    let limits: ConnectionLimits
    private let state: Mutex<State>
    private let ended: EventLoopPromise<Void>
    private let pairingEnded: (@Sendable (PairingEnding) -> Void)?

    /// - Parameters:
    ///   - fleet: the relay's part in a fleet; nil for a relay alone.
    ///   - servers: what the log calls the fleet's servers.
    ///   - ended: the promise that the hub fulfills when the relay has stopped.
    ///   - pairingEnded: called on an event loop, without the lock, for each pairing that has ended.
    init(
        limits: ConnectionLimits,
        rendezvous: consuming sending Rendezvous,
        fleet: consuming FleetMachine? = nil,
        servers: [String] = [],
        ended: EventLoopPromise<Void>,
        logger: Logger,
        pairingEnded: (@Sendable (PairingEnding) -> Void)? = nil
    ) {
        self.pairingEnded = pairingEnded
        self.limits = limits
        self.ended = ended
        state = Mutex(State(limits: limits, rendezvous: rendezvous, fleet: fleet, servers: servers, logger: logger))
        if pairingEnded != nil { state.withLock { $0.turn.endedPairings = [] } }
    }

    /// Work that an event loop must carry out after the shared state has handled an event: on one of the loop's
    /// connections or, for `broadcast`, on all of them.
    enum Effect: Sendable {
        case send(RelayFrame, to: ConnectionID)
        /// Send a frame with the operator's message beside it.
        indirect case tell(RelayFrame, RelayMessage, to: ConnectionID)
        case close(ConnectionID)
        /// Close this connection because another one needs its place. The loop must not do so if the connection serves
        /// a device by now.
        case giveWay(ConnectionID)
        /// Answer the poll that waits on this connection. The answer is nil when the relay no longer knows the poll's
        /// session.
        case answer(ConnectionID, PollAnswer?)
        /// Answer the call that waits on this connection, and whose session is at another relay or opened only now.
        case respond(ConnectionID, LongPollResponse)
        case broadcast(Broadcast)
        /// Join or ask the store that relays share.
        indirect case fleet(FleetEffect)
        /// Call ``State/serveStore()`` when the loop has served all connections that have something.
        case serveStoreSoon
    }

    /// Work that every loop must do on all of its connections.
    enum Broadcast: Sendable {
        /// Accept connections again, because there is room for them again.
        case resumeAccepting
        /// Close every WebSocket with the code "going away", because the relay stops.
        case goAway
        /// Close the HTTP connections, because each long-polling device has learned that its session is closed.
        case closeLongPolls
        case hangUp
        /// Shrink the tables, because at least half of the connections of the last peak have ended.
        case shrink
        /// Set no more timers: the relay has ended, and no further effects follow.
        case end
    }

    /// An event on a connection of a loop. A loop must pass its events in the order in which they happened.
    enum Event: Sendable {
        /// A device has sent a frame, but not its first one.
        case frame(DeviceFrame, bytes: Int, from: ConnectionID)
        /// A device has sent its first frame, so its connection serves a device from now on. `countedFor` is the prefix
        /// under which the connection is counted.
        case firstFrame(DeviceFrame, bytes: Int, from: ConnectionID, countedFor: AddressPrefix?)
        /// A device has sent an invalid frame, or has broken WebSocket's rules. The relay refuses the device and
        /// disconnects it. The device may come back with its token.
        case badFrame(from: ConnectionID)
        /// The connection of a registered device has ended.
        case lost(ConnectionID)
        /// The store that relays share has told something by itself.
        case told(StoreEvent)
        /// It has answered a question.
        indirect case answered(FleetTicket, Result<StoreAnswer, StoreFailure>)
    }

    /// The result of ``change(by:after:into:at:_:)``, for the loop that called it.
    struct ChangeResult<Result> {
        let result: Result
        /// When the shared state has its next deadline, on the relay's monotonic clock; nil if it has none.
        let due: Duration?
        /// When another loop left effects for this loop and woke it, on the same clock; nil if none did.
        let wokenAt: Duration?
    }

    /// Registers a loop and returns its index, counted from 0. The hub calls `wake`, on any thread, when another loop
    /// has put effects into this loop's inbox.
    func join(wake: @escaping @Sendable () -> Void) -> Int {
        state.withLock { $0.inboxes.join(wake: wake) }
    }

    /// Under one lock, applies the events of a loop's connections, then `body`, then all consequences. Removes the
    /// events from `events`, and appends the effects that this loop must carry out to `effects`.
    func change<Result>(
        by loop: Int,
        after events: inout [Event],
        into effects: inout [Effect],
        at moment: Moment,
        _ body: (inout State) -> Result
    ) -> ChangeResult<Result> {
        let (outcome, woken, endings, isOver) = state.withLock { state in
            state.setTime(moment)
            events.drain { state.happened($0) }
            let result = body(&state)
            state.applyConsequences()
            let wokenAt = state.inboxes.take(loop, into: &effects)
            let outcome = ChangeResult(result: result, due: state.nextDeadline, wokenAt: wokenAt)
            let woken = state.inboxes.takeWoken(but: loop, now: state.turn.now.monotonic)
            return (outcome, woken, state.takeEndedPairings(), state.takeEnd())
        }
        // Waking an event loop is costly, so `woken` leaves out loops that were woken before and have not taken the
        // effects from their inbox since.
        if let woken { for wake in woken { wake() } }
        if let pairingEnded, let endings { endings.forEach(pairingEnded) }
        // The hub fulfills `ended` last, because the loops may shut down as soon as it is fulfilled.
        if isOver { ended.succeed() }
        return outcome
    }

    /// Reads the shared state under the lock.
    func read<Result>(_ body: (borrowing State) -> Result) -> Result where Result: Sendable {
        state.withLock { body($0) }
    }
}
