import EasySetup
import EasySetupRelayProtocol
import Synchronization

/// A WebSocket of ``Examination``, with what was found about it.
struct OpenedWebSocket: Sendable {
    var facts: WebSocketFacts
    /// The connection; nil if none is open.
    var connection: WebSocketProbe?
}

/// A connection by long polling of ``Examination``, with what was found about it.
struct OpenedCalls: Sendable {
    var facts: LongPollFacts
    let connection: LongPollProbe
    /// The two polls of which the relay answers one at once; nil before they are made.
    var turns: Turns?
}

/// Two polls of one connection. The relay answers one of them as soon as the other one comes, and keeps that one.
actor Turns {
    private let start = ContinuousClock.now
    private var ends: [(answer: Result<HTTPAnswer, PairingError>, after: Duration)] = []

    /// Notes the end of a poll.
    func ended(_ answer: Result<HTTPAnswer, PairingError>) {
        ends.append((answer, start.duration(to: .now)))
    }

    /// The end of the poll that ends first.
    func first(within limit: Duration) async -> LongPollFacts.Turn {
        await wait(for: 1, within: limit)
        return ends.first.map { .answered($0.answer) } ?? .heldBack(limit)
    }

    /// The time after which the other poll ended; nil if it is still open after this time, counted from the start.
    func second(within limit: Duration) async -> Duration? {
        await wait(for: 2, within: limit)
        return ends.dropFirst().first?.after
    }

    /// Waits until this many polls have ended, or until the time is over, counted from the start.
    private func wait(for count: Int, within limit: Duration) async {
        while ends.count < count, start.duration(to: .now) < limit, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}

/// The transports by which a relay has answered the devices of a pairing.
final class UsedTransports: Sendable {
    private let transports = Mutex<Set<Transport>>([])

    var all: Set<Transport> { transports.withLock { $0 } }

    func add(_ transport: Transport) { transports.withLock { _ = $0.insert(transport) } }
}
