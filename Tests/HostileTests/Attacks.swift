import EasySetupRelayProtocol
import Foundation

@testable import EasySetup

/// An attack on a relay: the number of attempts, and the outcome.
struct Attack: Sendable {
    struct Outcome: Sendable {
        var attempts = 0
        /// Attempts that the relay ended or gave nothing to.
        var refused = 0

        static func + (one: Outcome, other: Outcome) -> Outcome {
            Outcome(attempts: one.attempts + other.attempts, refused: one.refused + other.refused)
        }

        init(attempts: Int = 0, refused: Int = 0) {
            self.attempts = attempts
            self.refused = refused
        }

        /// The outcome of one attempt.
        init(isRefused: Bool) {
            self.init(attempts: 1, refused: isRefused ? 1 : 0)
        }
    }

    let name: String
    /// The number of attempts in the short run and in the long run.
    let sizes: (short: Int, long: Int)
    /// The number of threads that share the attempts.
    var threads = 2
    /// Whether every attempt has to be refused.
    var isAllRefused = true
    /// The attack. It gets the relay's port, the numbers of its attempts, and a gate that opens when the honest devices
    /// have paired.
    let body: @Sendable (_ port: Int, _ numbers: Range<Int>, _ honest: Gate) -> Outcome

    /// Runs the attack on threads of its own.
    func run(port: Int, isLong: Bool, beside honest: Gate) async -> Outcome {
        let size = isLong ? sizes.long : sizes.short
        return await withTaskGroup(of: Outcome.self) { group in
            for thread in 0..<threads {
                group.addTask {
                    await withCheckedContinuation { done in
                        Thread.detachNewThread {
                            let numbers = size * thread / threads..<size * (thread + 1) / threads
                            done.resume(returning: body(port, numbers, honest))
                        }
                    }
                }
            }
            return await group.reduce(Outcome(), +)
        }
    }

    /// Groups of attacks that run at the same time. The attacks of the first group end with the relay's timeout for the
    /// first frame, once for all of them.
    static let groups: [[Attack]] = [
        [
            Attack(name: "half-open connections", sizes: (400, 8_000), threads: 1, body: halfOpen),
            Attack(name: "half-open, one address", sizes: (600, 4_000), threads: 1, body: halfOpenFromOne),
            Attack(name: "slowloris", sizes: (200, 3_000), threads: 1, body: slowloris),
            Attack(name: "upgraded and silent", sizes: (200, 2_000), threads: 1, body: upgradedAndSilent),
            Attack(name: "bodies never finished", sizes: (200, 2_000), threads: 1, body: unfinishedBodies),
        ],
        [Attack(name: "oversize", sizes: (200, 20_000), body: oversize)],
        [Attack(name: "compression bombs", sizes: (100, 10_000), body: compression)],
        [Attack(name: "never-reading offerers", sizes: (10, 60), isAllRefused: false, body: neverReading)],
        [Attack(name: "junk visits", sizes: (1_500, 100_000), body: junkVisits)],
        [Attack(name: "junk visits with work", sizes: (12, 500), isAllRefused: false, body: paidVisits)],
    ]
}

/// A gate that opens once, for all waiting threads.
final class Gate: Sendable {
    private let group = DispatchGroup()

    init() { group.enter() }

    func open() { group.leave() }

    func wait() { group.wait() }
}

/// Connections that send nothing, from a few addresses.
@Sendable private func halfOpen(port: Int, numbers: Range<Int>, honest: Gate) -> Attack.Outcome {
    waitForTheEnd(of: numbers.compactMap { Stranger(port: port, from: 1 + $0 / 100) }, attempts: numbers.count)
}

/// Connections from one address that send nothing: most are refused at once.
@Sendable private func halfOpenFromOne(port: Int, numbers: Range<Int>, honest: Gate) -> Attack.Outcome {
    waitForTheEnd(of: numbers.compactMap { _ in Stranger(port: port, from: 900) }, attempts: numbers.count)
}

/// A request header that is sent byte by byte.
@Sendable private func slowloris(port: Int, numbers: Range<Int>, honest: Gate) -> Attack.Outcome {
    let strangers = numbers.compactMap { Stranger(port: port, from: 1_000 + $0 / 100) }
    for stranger in strangers { stranger.send("GET /easysetup/v1/ws HTTP/1.1\r\nHost: localhost\r\nX-Slow: ") }
    return waitForTheEnd(of: strangers, attempts: numbers.count, dripping: "a")
}

/// WebSockets without a first frame, or with the beginning of one.
@Sendable private func upgradedAndSilent(port: Int, numbers: Range<Int>, honest: Gate) -> Attack.Outcome {
    let strangers = numbers.compactMap { Stranger(port: port, from: 1_100 + $0 / 100) }
    for (number, stranger) in strangers.enumerated() {
        stranger.send(Stranger.upgrade())
        // Half of them begin a frame of the largest size.
        if number.isMultiple(of: 2) { stranger.send([0x82, 0xFE, 0x0F, 0xFF, 0, 0, 0, 0]) }
    }
    return waitForTheEnd(of: strangers, attempts: numbers.count)
}

/// Long-polling requests without the last bytes of their bodies.
@Sendable private func unfinishedBodies(port: Int, numbers: Range<Int>, honest: Gate) -> Attack.Outcome {
    let strangers = numbers.compactMap { Stranger(port: port, from: 1_200 + $0 / 100) }
    let head = "POST /easysetup/v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/protobuf\r\n"
    let call = Array("\(head)Content-Length: 16384\r\n\r\n".utf8) + [UInt8](repeating: 0, count: 16_000)
    for stranger in strangers { stranger.send(call) }
    return waitForTheEnd(of: strangers, attempts: numbers.count, dripping: "a")
}

/// Waits until the relay has ended all connections, which depends on the relay's clock. If it never does, the
/// connections that are left are counted.
private func waitForTheEnd(of strangers: [Stranger], attempts: Int, dripping drop: String? = nil) -> Attack.Outcome {
    let start = ContinuousClock.now
    var living = strangers
    while !living.isEmpty, ContinuousClock.now - start < .seconds(300) {
        Stranger.waitForWord(to: living)
        if let drop { living.forEach { $0.send(drop) } }
        living.removeAll { $0.hasEnded() }
    }
    return Attack.Outcome(attempts: attempts, refused: attempts - living.count)
}

/// Frames, headers and bodies beyond their limits.
@Sendable private func oversize(port: Int, numbers: Range<Int>, honest: Gate) -> Attack.Outcome {
    numbers.reduce(Attack.Outcome()) { sum, number in
        guard let stranger = Stranger(port: port, from: 2_000 + number % 200) else {
            return sum + Attack.Outcome(isRefused: true)
        }
        switch number % 4 {
        case 0:
            // A frame that claims 2^63 bytes.
            stranger.send(Stranger.upgrade())
            stranger.send([0x82, 0xFF, 0x80] + [UInt8](repeating: 0, count: 7) + [0, 0, 0, 0, 1, 2, 3, 4])
        case 1:
            stranger.send(Stranger.upgrade())
            stranger.send(Stranger.webSocketFrame(0x82, [UInt8](repeating: 0, count: 60_000)))
        case 2: stranger.send(Stranger.upgrade("X-Long: \(String(repeating: "a", count: 60_000))\r\n"))
        default:
            stranger.send("POST /easysetup/v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n")
            stranger.send([UInt8](repeating: 0, count: 60_000))
        }
        return sum + Attack.Outcome(isRefused: stranger.isTurnedAway())
    }
}

/// Compression is offered, and then used although it was not negotiated: an endless run of zeros in a few bytes.
@Sendable private func compression(port: Int, numbers: Range<Int>, honest: Gate) -> Attack.Outcome {
    numbers.reduce(Attack.Outcome()) { sum, number in
        guard let stranger = Stranger(port: port, from: 3_000 + number % 100) else {
            return sum + Attack.Outcome(isRefused: true)
        }
        stranger.send(Stranger.upgrade("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"))
        let isAgreed = stranger.head().lowercased().contains("sec-websocket-extensions")
        stranger.send(Stranger.webSocketFrame(0xC2, [0xEC, 0xC1, 0x01] + [UInt8](repeating: 0, count: 4_000)))
        return sum + Attack.Outcome(isRefused: !isAgreed && stranger.isTurnedAway())
    }
}

/// Offerers that never read, each with as many visitors as allowed, which fill the mailboxes. Visitors that are not
/// admitted count as refused. There are so many that the mailboxes take more than half of the relay's memory for
/// messages. They don't take all, because then honest visitors are refused until the strangers' codes expire.
@Sendable private func neverReading(port: Int, numbers: Range<Int>, honest: Gate) -> Attack.Outcome {
    var strangers: [Stranger] = []
    var outcome = Attack.Outcome()
    for number in numbers {
        guard let offerer = Stranger(port: port, from: 4_000 + number * 4, window: 4_096) else { continue }
        strangers.append(offerer)
        offerer.send(Stranger.upgrade())
        offerer.send(.offer(slotLength: 0, work: nil))
        guard !offerer.head().isEmpty, case .offered(let slot, _, _)? = offerer.frame() else { continue }
        for visit in 0..<16 {
            guard let visitor = Stranger(port: port, from: 4_001 + number * 4 + visit % 3) else { continue }
            visitor.send(Stranger.upgrade())
            visitor.send(.visit(slot: slot, work: nil))
            guard !visitor.head().isEmpty, case .met? = visitor.frame() else {
                outcome = outcome + Attack.Outcome(isRefused: true)
                continue
            }
            for message in 1...8 {
                let body = [UInt8](repeating: 7, count: 2_048)
                visitor.send(.message(meeting: nil, Message(number: UInt32(message), ack: 0, body: body)))
            }
            outcome = outcome + Attack.Outcome(isRefused: false)
            strangers.append(visitor)
        }
    }
    // The connections stay open with all their stored messages.
    honest.wait()
    return withExtendedLifetime(strangers) { outcome }
}

/// Visits to slots without a room; some addresses make so many that work is required.
@Sendable private func junkVisits(port: Int, numbers: Range<Int>, honest: Gate) -> Attack.Outcome {
    numbers.reduce(Attack.Outcome()) { sum, number in
        guard let stranger = Stranger(port: port, from: 10_000 + number % 1_200 / 80) else {
            return sum + Attack.Outcome(isRefused: true)
        }
        stranger.send(Array(Stranger.upgrade().utf8) + Stranger.webSocketFrame(0x82, visitToNobody))
        guard !stranger.head().isEmpty else { return sum + Attack.Outcome(isRefused: true) }
        switch stranger.frame() {
        case .refused, .workWanted, nil: return sum + Attack.Outcome(isRefused: true)
        default: return sum + Attack.Outcome(isRefused: false)
        }
    }
}

private let visitToNobody = DeviceFrame.visit(slot: Slot("ZZZZZZ")!, work: nil).serialized()

/// Visits with work from an address that has used up its free visits. Visits that are not admitted nevertheless count
/// as refused.
@Sendable private func paidVisits(port: Int, numbers: Range<Int>, honest: Gate) -> Attack.Outcome {
    guard let offerer = Stranger(port: port, from: 20_000 + numbers.lowerBound) else { return Attack.Outcome() }
    offerer.send(Stranger.upgrade())
    offerer.send(.offer(slotLength: 0, work: nil))
    guard !offerer.head().isEmpty, case .offered(let slot, _, _)? = offerer.frame() else { return Attack.Outcome() }
    let address = 30_000 + numbers.lowerBound
    var (living, outcome): ([Stranger], Attack.Outcome) = ([], Attack.Outcome())
    for number in 0..<60 + numbers.count {
        guard let visitor = Stranger(port: port, from: address) else { continue }
        visitor.send(Stranger.upgrade())
        // The free visits go to slots without a room, those with work to the offer.
        visitor.send(number < 60 ? .visit(slot: Slot("ZZZZZZ")!, work: nil) : .visit(slot: slot, work: nil))
        guard !visitor.head().isEmpty else { continue }
        guard case .workWanted(let challenge, let difficulty, _)? = visitor.frame(), number >= 60 else { continue }
        guard let work = ProofOfWork.solve(challenge: challenge, difficulty: difficulty) else { continue }
        visitor.send(.visit(slot: slot, work: work))
        switch visitor.frame() {
        case .met, .inLine:
            outcome = outcome + Attack.Outcome(isRefused: false)
            living.append(visitor)
        default: outcome = outcome + Attack.Outcome(isRefused: true)
        }
    }
    return withExtendedLifetime((offerer, living)) { outcome }
}
