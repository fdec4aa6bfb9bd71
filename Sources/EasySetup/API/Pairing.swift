public import EasySetupPairingSession

/// A running pairing: a sequence of states to show on a screen. Only one task may read the sequence.
///
/// The last state is ``PairingState/paired(_:)`` or ``PairingState/failed(_:)``. The sequence itself ends a little
/// later, when the other device has acknowledged this device's last message. An app that leaves the loop, or cancels
/// its task, stops the pairing on both devices. If the receiving device has stored the seed before that, the pairing is
/// a success all the same.
public struct Pairing: AsyncSequence, Sendable {
    /// A state of the pairing.
    public typealias Element = PairingState
    /// A pairing, as a sequence of states, throws no error, because a failed pairing is a state too.
    public typealias Failure = Never

    /// The most pairing states that wait for a slow app. When more come, the oldest are dropped.
    private static let waitingStates = 64

    private let states: AsyncStream<PairingState>
    private let inbox: Inbox

    /// - Parameter executor: the executor of the pairing's task; nil for the default one.
    init(
        on executor: (any TaskExecutor)?,
        _ run: @escaping @Sendable (@escaping @Sendable (PairingState) -> Void, Inbox) async -> Void
    ) {
        let (states, continuation) = AsyncStream<PairingState>.makeStream(
            bufferingPolicy: .bufferingNewest(Self.waitingStates)
        )
        let inbox = Inbox()
        continuation.onTermination = { reason in
            if case .cancelled = reason { inbox.put(.event(.cancelled)) }
        }
        self.states = states
        self.inbox = inbox
        Task(executorPreference: executor) {
            await run({ continuation.yield($0) }, inbox)
            continuation.finish()
        }
    }

    /// Stops the pairing on both devices. A loop over the pairing's states still gets the last state. On a pairing that
    /// has ended, this call has no effect.
    public func cancel() {
        inbox.put(.event(.cancelled))
    }

    /// Makes the iterator. Only one task may read a pairing.
    public func makeAsyncIterator() -> AsyncStream<PairingState>.Iterator {
        states.makeAsyncIterator()
    }
}
