/// A pairing under way: its states, for one reader, fit for a screen.
///
/// The last state is ``PairingState/paired(_:)`` or ``PairingState/failed(_:)``; the sequence itself ends a little later,
/// when the last message was acknowledged. Leaving the loop, or cancelling its task, stops the pairing on both sides,
/// unless it has succeeded: success is never taken back.
public struct Pairing: AsyncSequence, Sendable {
    /// Where the pairing stands.
    public typealias Element = PairingState
    /// It does not throw: failure is a state.
    public typealias Failure = Never

    /// How many states wait at most for a reader that is slow; the oldest go first.
    private static let waitingStates = 64

    private let states: AsyncStream<PairingState>
    private let inbox: Inbox

    init(_ run: @escaping @Sendable (@escaping @Sendable (PairingState) -> Void, Inbox) async -> Void) {
        let (states, continuation) = AsyncStream<PairingState>.makeStream(
            bufferingPolicy: .bufferingNewest(Self.waitingStates)
        )
        let inbox = Inbox()
        continuation.onTermination = { reason in
            if case .cancelled = reason { inbox.put(.event(.cancelled)) }
        }
        self.states = states
        self.inbox = inbox
        Task {
            await run({ continuation.yield($0) }, inbox)
            continuation.finish()
        }
    }

    /// Stops the pairing on both sides, and lets the reader see how it ends; it does nothing once the pairing has ended.
    public func cancel() {
        inbox.put(.event(.cancelled))
    }

    /// For one reader.
    public func makeAsyncIterator() -> AsyncStream<PairingState>.Iterator {
        states.makeAsyncIterator()
    }
}
