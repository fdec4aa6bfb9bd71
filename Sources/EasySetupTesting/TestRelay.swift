import EasySetup
public import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayCore
public import EasySetupRelayProtocol
import Synchronization

/// A relay in the test's process, without sockets. Its decisions are those of a real relay, so the devices of a test
/// meet, wait in line and are refused as they are at one.
///
/// The code under test is that of the app. It only gets another `PairingClient`. Every relay address leads to this
/// relay.
public final class TestRelay: Sendable {
    /// The clock of the relay and of all devices at it.
    public let clock: TestClock

    /// An address of the relay, for apps that need one. Each other address leads to the relay as well.
    public let address: RelayAddress

    private struct State {
        var process: RelayProcess
        var timer: (at: Duration, id: Int)?
        var networks = 0
    }

    private let state: Mutex<State>

    /// Starts a relay.
    ///
    /// - Parameters:
    ///   - clock: the clock of the relay and its devices.
    ///   - capacity: the places that the relay has for devices.
    public init(clock: TestClock = TestClock(), capacity: Capacity = Capacity()) {
        // The host name is valid, so the initializer returns an address.
        guard let address = RelayAddress(host: "relay.example", port: 443, isPlain: false) else {
            preconditionFailure("an address")
        }
        self.clock = clock
        self.address = address
        state = Mutex(State(process: RelayProcess(limits: capacity.limits, at: clock.now.moment)))
    }

    /// The places that a relay has for devices. The defaults are those of a real relay. A test lowers them to see the
    /// relay refuse a device.
    public struct Capacity: Hashable, Sendable {
        /// The most codes at one time. With 0 the relay refuses each device that wants to show a code
        /// (`PairingError.Code.relayFull`).
        public var codes = Limits().rooms
        /// The most devices that may have a meeting at one code. Further ones wait in line
        /// (`PairingState.inLine(position:)`).
        public var meetingsPerCode = Limits().meetings
        /// The most devices that may wait in line at one code. Further ones are refused
        /// (`PairingError.Code.lineFull`).
        public var waitingPerCode = Limits().waitingPerRoom

        /// Makes the capacity of a real relay.
        public init() {}

        var limits: Limits {
            var limits = Limits()
            limits.rooms = codes
            limits.meetings = meetingsPerCode
            limits.waitingPerRoom = waitingPerCode
            return limits
        }
    }

    // MARK: The process

    /// Kills the relay without warning, as `kill -9` does. Devices lose their connections and can't connect until
    /// ``start()``.
    ///
    /// - Parameter losingKey: whether the relay loses its key, so that it knows none of the pairings after its start.
    public func kill(losingKey: Bool = false) async {
        act { process, _ in process.kill(losingKey: losingKey) }
        await clock.settle()
    }

    /// Starts the relay again. Devices come back with their next attempt to connect, for which the clock must move.
    public func start() async {
        act { process, now in
            if !process.isRunning { process.start(at: now, isKeyNew: false) }
        }
        await clock.settle()
    }

    /// Begins to drain, as a relay does before it is stopped: it accepts no new devices, and pairings go on whose
    /// devices have proved that they know the code.
    public func drain() async {
        act { process, now in process.drain(at: now) }
        await clock.settle()
    }

    /// Sets the sentence that the relay's operator has for people (`PairingState.relayMessage(_:)`). Devices hear it on
    /// the connections that they make from now on. With nil the relay has none, as at its start.
    public func say(_ message: RelayMessage?) async {
        act { process, _ in process.say(message) }
        await clock.settle()
    }

    /// Lets strangers take places at a code, who prove nothing. With the default capacity 16 strangers take all
    /// meetings, so that further devices wait in line. After 2 s the relay gives the places to those who wait.
    public func crowd(_ count: Int, at code: PairingCode) async {
        guard let slot = Slot(code.slot) else { return }
        for _ in 0..<count {
            let connection = open(from: newPrefix(), changed: { $0 }, report: { _ in })
            connection?.read()
            connection?.send([.visit(slot: slot, work: nil)])
        }
        await clock.settle()
    }

    // MARK: Connections

    /// The address of a further network. Each is in a block of its own (a /16), because the relay counts blocks too.
    func newPrefix() -> AddressPrefix {
        let number = state.withLock { state in
            state.networks += 1
            return state.networks
        }
        // Four bytes are always an address.
        guard let prefix = AddressPrefix(bytes: [UInt8(10 + number / 256 % 200), UInt8(number % 256), 0, 1]) else {
            preconditionFailure("an address")
        }
        return prefix
    }

    /// Opens a connection; nil while the relay does not run.
    func open(
        from prefix: AddressPrefix,
        changed: @escaping @Sendable (DeviceFrame) -> DeviceFrame,
        report: @escaping @Sendable (ConnectionReport) -> Void
    ) -> MemoryConnection? {
        act { process, now in
            process.open(from: prefix, at: now) { id in
                MemoryConnection(id, to: self, changed: changed, report: report)
            }
        }
    }

    /// Cuts a connection on both sides.
    func cut(_ connection: ConnectionID) {
        act { process, now in process.lost(connection, at: now) }
    }

    @discardableResult
    private func act<Result>(_ body: (inout RelayProcess, Duration) -> Result) -> Result {
        state.withLock { state in
            defer { remind(&state) }
            return body(&state.process, clock.now.moment)
        }
    }

    private func remind(_ state: inout State) {
        let next = state.process.nextDeadline
        guard next != state.timer?.at else { return }
        if let timer = state.timer { clock.cancel(timer.id) }
        state.timer = next.map { next in
            let id = clock.call(at: .at(next)) { [weak self] in
                self?.state.withLock { $0.timer = nil }
                self?.act { process, now in process.deadlinesPassed(at: now) }
            }
            return (next, id)
        }
    }
}

extension TestRelay: ConnectionEnd {
    func received(_ bytes: [UInt8], on connection: ConnectionID) {
        act { process, now in process.received(bytes, on: connection, at: now) }
    }

    func hungUp(_ connection: ConnectionID) { cut(connection) }
}
