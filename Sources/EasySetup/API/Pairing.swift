public import EasySetupPairingSession

/// A running pairing: a sequence of states to show on a screen. It has one reader.
///
/// The last state is ``PairingState/paired(_:)`` or ``PairingState/failed(_:)``; the sequence itself ends a little
/// later, when the last message was acknowledged. Leaving the loop, or cancelling its task, stops the pairing on both
/// devices, unless the seed is stored already: a success is never undone.
public struct Pairing: AsyncSequence, Sendable {
    /// A state of the pairing.
    public typealias Element = PairingState
    /// The sequence does not throw, because a failure is a state.
    public typealias Failure = Never

    /// The most states that are buffered for a slow reader; the oldest are dropped first.
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

    /// Stops the pairing on both devices. The sequence still delivers the last state. A pairing that has ended stays as
    /// it is.
    public func cancel() {
        inbox.put(.event(.cancelled))
    }

    /// Makes the iterator. A pairing has one reader.
    public func makeAsyncIterator() -> AsyncStream<PairingState>.Iterator {
        states.makeAsyncIterator()
    }
}
