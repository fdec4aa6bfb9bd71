import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed
import Testing

@testable import EasySetupPairingSession

/// The rules by which a session connects again or gives up.
@Suite("Reconnecting to a relay") struct SessionConnectionTests {
    private let limits = ClientLimits()

    private func random(_ bytes: [UInt8]) -> SecretBytes {
        var bytes = bytes
        return SecretBytes(wiping: &bytes)
    }

    private func wait(_ link: SessionConnection, from now: Duration) throws -> Duration {
        guard case .resting(let until) = link.state else { throw NotResting() }
        return until - now
    }

    private struct NotResting: Error {}

    @Test("Each wait is twice the last, up to the longest, and its latter half is random") func growing() throws {
        var (short, long) = (SessionConnection(limits: limits), SessionConnection(limits: limits))
        var expected = limits.firstBackoff
        for _ in 1...40 {
            short.lost(now: .zero, random: random([0, 0]))
            long.lost(now: .zero, random: random([255, 255]))
            #expect(try wait(short, from: .zero) == expected / 2)
            #expect(try wait(long, from: .zero) > expected * 0.99)
            #expect(try wait(long, from: .zero) < expected)
            expected = min(expected * 2, limits.maximumBackoff)
        }
        #expect(expected == limits.maximumBackoff)
        short.answered()
        short.lost(now: .zero, random: random([0, 0]))
        #expect(try wait(short, from: .zero) == limits.firstBackoff / 2)
    }

    @Test("A thousand devices that lose one relay at one moment do not come back at one moment", arguments: [1, 4, 8])
    func herd(attempt: Int) throws {
        let longest = min(limits.firstBackoff * (1 << (attempt - 1)), limits.maximumBackoff)
        var tenths = [Int](repeating: 0, count: 10)
        for _ in 0..<1_000 {
            var link = SessionConnection(limits: limits)
            for _ in 1...attempt { link.lost(now: .zero, random: SecretBytes.random(count: 2)) }
            let part = try (wait(link, from: .zero) - longest / 2) / (longest / 2)
            try #require((0..<1).contains(part))
            tenths[Int(part * 10)] += 1
        }
        // About a hundred devices fall into each tenth. A correct random wait exceeds these bounds once in many million
        // runs.
        #expect(tenths.allSatisfy { (40...160).contains($0) }, "\(tenths)")
    }

    @Test("The wait that a relay asks for comes before the device's own") func askedToWait() throws {
        var link = SessionConnection(limits: limits)
        link.lost(now: .seconds(5), notBefore: .seconds(2), random: random([0, 0]))
        #expect(try wait(link, from: .seconds(5)) == .seconds(2) + limits.firstBackoff / 2)
        // Devices that one relay sends away at the same time must not all return at once.
        var late = SessionConnection(limits: limits)
        late.lost(now: .seconds(5), notBefore: .seconds(2), random: random([255, 255]))
        #expect(try wait(late, from: .seconds(5)) > (.seconds(4) + limits.firstBackoff) * 0.99)
        #expect(try wait(late, from: .seconds(5)) < .seconds(4) + limits.firstBackoff)
    }

    @Test("A relay that was never reached is tried for a moment, and no longer") func neverReached() throws {
        var link = SessionConnection(limits: limits)
        var now = Duration.seconds(70)
        var tries = 1
        while link.attemptRetry(after: .relayUnreachable(.unknown), now: now) {
            link.lost(now: now, random: SecretBytes.random(count: 2))
            now += try wait(link, from: now)
            tries += 1
        }
        #expect((4...8).contains(tries))
        // The fifth wait is the last that can begin within `reachTimeout`. It is at most sixteen times `firstBackoff`.
        #expect(now < .seconds(70) + limits.reachTimeout + limits.firstBackoff * 16)
    }

    @Test(
        "An error that time does not change is not tried again",
        arguments: [
            .relayUntrusted(.unfit), .notARelay(.unknown), .relayVersion, .relayFull(retryAfter: .seconds(1)),
            .tooMany(retryAfter: .zero), .draining(retryAfter: .zero),
        ] as [PairingError]
    )
    func final(error: PairingError) {
        var link = SessionConnection(limits: limits)
        let again = link.attemptRetry(after: error, now: .zero)
        #expect(!again)
    }

    @Test("A relay that was reached is waited for, unless it accepts connections and never answers") func reached() {
        var link = SessionConnection(limits: limits)
        link.opened(now: .zero)
        let again = link.attemptRetry(after: .connectionLost, now: .zero)
        #expect(again)
        link.lost(now: .zero, random: SecretBytes.random(count: 2))
        for hour in 1...20 {
            link.connecting()
            let again = link.attemptRetry(after: .relayUnreachable(.unknown), now: .seconds(3_600 * hour))
            #expect(again)
            link.lost(now: .seconds(3_600 * hour), random: SecretBytes.random(count: 2))
        }
        link.opened(now: .zero)
        link.answered()
        for number in 1...limits.answerTries {
            link.opened(now: .zero)
            let again = link.attemptRetry(after: .connectionLost, now: .zero)
            #expect(again == (number < limits.answerTries))
        }
    }

    @Test("A connection that is told to come again is no unanswered one, and those before it are forgotten")
    func toComeAgain() {
        var link = SessionConnection(limits: limits)
        for _ in 1..<limits.answerTries {
            link.opened(now: .zero)
            _ = link.attemptRetry(after: .connectionLost, now: .zero)
        }
        link.opened(now: .zero)
        link.relayAskedToWait()
        for number in 0...limits.answerTries {
            let again = link.attemptRetry(after: .connectionLost, now: .zero)
            #expect(again == (number < limits.answerTries))
            link.opened(now: .zero)
        }
    }

    @Test("A frame that the relay could not read is blamed on the network once") func forgiving() {
        var link = SessionConnection(limits: limits)
        let closed = [Reason.tooSlow, .elsewhere, .badFrame, .badFrame, .badOrder].map { link.forgive($0) }
        #expect(closed == [false, false, true, false, false])
        link.opened(now: .zero)
        let opened = [Reason.tooSlow, .tooSlow, .badFrame].map { link.forgive($0) }
        #expect(opened == [true, true, false])
    }
}
