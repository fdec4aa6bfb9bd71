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
            try await Self.restart(fleet, as: [.this], "relays restarted one after the other")
        }
    }

    /// Restarts all relays one after the other, once as each of these versions, while devices pair behind a balancer.
    static func restart(_ fleet: RelayFleet, as versions: [FleetRelay.Version], _ title: String) async throws {
        try await #require(Balancer.leastConnections.proxy(of: fleet)).run { address in
            let isOver = Mutex(false)
            async let restarts: Void = {
                for version in versions {
                    for relay in fleet.relays {
                        try await Task.sleep(for: .seconds(1))
                        relay.end(SIGTERM)
                        await relay.ended()
                        try await relay.start(as: version)
                        try await relay.joined()
                    }
                }
                isOver.withLock { $0 = true }
            }()
            while !isOver.withLock(\.self) {
                let summary = try await Crowd.usual.pair(at: address, title)
                for outcome in summary.outcomes {
                    #expect(outcome.codes == 1 && outcome.errors.isEmpty, "\(outcome.text)")
                }
            }
            try await restarts
        }
    }
}
