import EasySetupPairingSession
import EasySetupRelayCore
import EasySetupRelayProtocol

/// The process of a relay without sockets: the real decisions, the key, and the connections of the devices.
struct RelayProcess: Sendable {
    /// The decisions of the relay; nil while the process does not run.
    private var rendezvous: Rendezvous?
    private var key: [UInt8]
    private var turn: Turn
    private var limits: Limits
    private var message: RelayMessage?
    private var connections: [ConnectionID: MemoryConnection] = [:]
    private var lastNumber: UInt64 = 0

    /// The test ends a drain itself, so these two times have no effect.
    private static let lifecycle = Lifecycle(drainTime: .seconds(300), closingTime: .seconds(3))

    init(limits: Limits, at now: Duration) {
        self.limits = limits
        turn = Turn(now: Self.moment(now), entropy: SystemRandomNumberGenerator())
        key = Self.key()
        start(at: now, isKeyNew: true)
    }

    /// The time of ``deadlinesPassed(at:)``; nil for none.
    var nextDeadline: Duration? {
        mutating get { rendezvous?.nextDeadline }
    }

    var isRunning: Bool { rendezvous != nil }

    // MARK: The process

    mutating func start(at now: Duration, isKeyNew: Bool) {
        var limits = limits
        // No token of an earlier process is valid, so no room can come back to its slot.
        if isKeyNew { limits.restartGuard = .zero }
        // The key has the right length, so the initializer does not throw.
        guard let keys = try? TokenKeys(current: key) else { preconditionFailure("a key") }
        rendezvous = Rendezvous(limits: limits, keys: keys, lifecycle: Self.lifecycle, started: Self.moment(now))
        rendezvous?.message = message
    }

    /// Ends the process without warning. The system closes its connections.
    mutating func kill(losingKey: Bool) {
        rendezvous = nil
        if losingKey { key = Self.key() }
        for connection in sorted() { connection.end(.connectionLost) }
        connections = [:]
    }

    /// Sets the operator's message, for this process and those that are started after it.
    mutating func say(_ message: RelayMessage?) {
        self.message = message
        rendezvous?.message = message
    }

    mutating func drain(at now: Duration) {
        act(at: now) { rendezvous, turn in _ = rendezvous.drain(&turn) }
    }

    // MARK: Connections

    /// Opens a connection, which `make` makes with its number; nil while the process does not run.
    mutating func open(
        from prefix: AddressPrefix,
        at now: Duration,
        _ make: (ConnectionID) -> MemoryConnection
    ) -> MemoryConnection? {
        guard isRunning else { return nil }
        lastNumber += 1
        let connection = make(ConnectionID(number: lastNumber))
        connections[connection.id] = connection
        act(at: now) { rendezvous, turn in
            guard let refusal = rendezvous.connected(connection.id, from: prefix, &turn) else { return }
            turn.actions = [
                .send(.refused(refusal.reason, retryAfter: refusal.retryAfter), to: connection.id),
                .close(connection.id),
            ]
        }
        return connection
    }

    mutating func received(_ bytes: [UInt8], on connection: ConnectionID, at now: Duration) {
        act(at: now) { rendezvous, turn in
            do throws(FrameError) {
                let frame = try DeviceFrame(parsing: bytes)
                rendezvous.received(frame, bytes: bytes.count, from: connection, &turn)
            } catch {
                rendezvous.receivedBadFrame(from: connection, &turn)
            }
        }
    }

    /// The device has closed the connection, or it was cut.
    mutating func lost(_ connection: ConnectionID, at now: Duration) {
        connections.removeValue(forKey: connection)?.end(.connectionLost)
        act(at: now) { rendezvous, turn in rendezvous.disconnected(connection, &turn) }
    }

    mutating func deadlinesPassed(at now: Duration) {
        act(at: now) { rendezvous, turn in rendezvous.deadlinesPassed(&turn) }
    }

    private mutating func act(at now: Duration, _ body: (inout Rendezvous, inout Turn) -> Void) {
        guard var running = rendezvous.take() else { return }
        turn.now = Self.moment(now)
        body(&running, &turn)
        rendezvous = running
        let actions = turn.actions
        turn.actions = []
        for action in actions {
            switch action {
            case .send(let frame, let id): connections[id]?.deliver(ReceivedFrame(frame))
            case .tell(let frame, let message, let id):
                connections[id]?.deliver(ReceivedFrame(frame, message: message))
            case .close(let id): connections.removeValue(forKey: id)?.end(.connectionLost)
            case .seek, .ask, .notHere: break  // A relay alone asks nobody.
            }
        }
    }

    private func sorted() -> [MemoryConnection] { connections.values.sorted { $0.id.number < $1.id.number } }

    /// The UTC time of the tokens may be any, as long as it passes with the clock.
    private static func moment(_ now: Duration) -> Moment {
        Moment(monotonic: now, utcSeconds: 2_000_000_000 + now.components.seconds)
    }

    private static func key() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        return (0..<TokenKeys.byteCount).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }
}
