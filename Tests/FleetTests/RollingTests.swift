import EasySetup
import Foundation
import Synchronization
import TestSupport
import Testing

/// Relays of a fleet that are restarted one after the other, as for an upgrade.
@Suite(
    "A fleet that is restarted",
    .inTurn,
    .timeLimit(.minutes(60)),
    .enabled(if: RedisServer.program != nil, RedisServer.hint),
    .enabled(if: Environment.isSet && ReverseProxy.Kind.haproxy.program != nil, Environment.hint)
) struct RollingTests {
    @Test("While all relays are restarted one after the other, no pair loses anything") func rolling() async throws {
        try await RelayFleet.run(["--drain-time", "30"]) { fleet, _ in
            try await #require(Balancer.of(fleet)).run { address in
                let isOver = Mutex(false)
                async let restarts: Void = {
                    for relay in fleet.relays {
                        try await Task.sleep(for: .seconds(1))
                        relay.end(SIGTERM)
                        await relay.ended()
                        try await relay.start()
                        try await relay.joined()
                    }
                    isOver.withLock { $0 = true }
                }()
                while !isOver.withLock(\.self) {
                    let summary = try await Crowd.usual.pair(at: address, "relays restarted one after the other")
                    for outcome in summary.outcomes {
                        #expect(outcome.codes == 1 && outcome.errors.isEmpty, "\(outcome.text)")
                    }
                }
                try await restarts
            }
        }
    }
}
