public import EasySetup
public import EasySetupPairingSession
import Synchronization

/// Reads a pairing's states and keeps them, for tests without a screen.
///
/// ```swift
/// let phone = PairingRecorder(client.join(code, at: relay.address), clock: relay.clock)
/// await relay.clock.settle()
/// #expect(phone.codes == [.connecting, .inLine])
/// ```
public final class PairingRecorder: Sendable {
    private let pairing: Pairing
    private let recorded: Recorded

    private final class Recorded: Sendable {
        let states = Mutex<[PairingState]>([])
    }

    /// Begins to read the pairing, which nothing else may read then.
    public init(_ pairing: Pairing, clock: TestClock) {
        let recorded = Recorded()
        self.pairing = pairing
        self.recorded = recorded
        Task(executorPreference: clock.executor) {
            for await state in pairing { recorded.states.withLock { $0.append(state) } }
        }
    }

    /// All states so far.
    public var states: [PairingState] { recorded.states.withLock(\.self) }

    /// The codes of all states so far, which a test can compare.
    public var codes: [PairingState.Code] { states.map(\.code) }

    /// The latest state; nil before the first one.
    public var state: PairingState? { recorded.states.withLock(\.last) }

    /// The latest code that the device has shown; nil if it has shown none.
    public var offer: Offer? {
        states.reversed().lazy.compactMap { if case .offered(let offer) = $0 { offer } else { nil } }.first
    }

    /// The error of a pairing that has failed; nil otherwise.
    public var error: PairingError? {
        if case .failed(let error) = state { error } else { nil }
    }

    /// The result of a pairing that has succeeded; nil otherwise.
    public var paired: Paired? {
        if case .paired(let paired) = state { paired } else { nil }
    }

    /// Stops the pairing on both devices.
    public func cancel() { pairing.cancel() }
}
