import EasySetup
import Foundation
import TestSupport
import Testing

/// Relays of a fleet that die, stop and are restarted while devices pair behind a balancer.
@Suite(
    "A fleet whose relays die",
    .inTurn,
    .timeLimit(.minutes(60)),
    .enabled(if: RedisServer.program != nil, RedisServer.hint),
    .enabled(if: Environment.isSet && ReverseProxy.Kind.haproxy.program != nil, Environment.hint)
) struct KillsTests {
    @Test("Every pair pairs while relays are killed, stopped and restarted, each second another one")
    func kills() async throws {
        try await RelayFleet.run(["--drain-time", "10"]) { fleet, _ in
            try await #require(Balancer.leastConnections.proxy(of: fleet)).run { address in
                _ = try await Crowd.usual.pair(at: address, "untroubled")
                let trouble = Trouble(fleet)
                _ = try await Crowd.usual.pair(at: address, "relays killed, stopped, restarted") {
                    try await trouble.run()
                }
                print(await trouble.text)
                #expect(await trouble.kills > 0)
            }
        }
    }

    @Test(
        "Devices that would wait for ever leave a relay that has stopped, because the balancer cuts their connections"
    )
    func stopped() async throws {
        try await RelayFleet.run { fleet, _ in
            try await #require(Balancer.leastConnections.proxy(of: fleet)).run { address in
                var crowd = Crowd.usual
                (crowd.count, crowd.width, crowd.limits) = (12, 12, .unhurried)
                let summary = try await crowd.pair(at: address, "a relay stopped, and devices that wait for ever") {
                    // Each relay has offerers by then.
                    try await Task.sleep(for: .seconds(1))
                    fleet.relays[0].stop(true)
                    defer { fleet.relays[0].stop(false) }
                    try await Task.sleep(for: .seconds(600))
                }
                #expect(summary.reconnecting > 0)
            }
        }
    }
}

/// What is done to the relays of a fleet: something each second, but never to the last one that runs.
actor Trouble {
    private static let longestStop = Environment.isFull ? 60.0 : 8.0

    private let fleet: RelayFleet
    /// The versions as which relays come back, one of them at random; none, if each comes back as it was.
    private let versions: [FleetRelay.Version]
    private(set) var kills = 0
    private var stops = 0
    private var drains = 0

    init(_ fleet: RelayFleet, versions: [FleetRelay.Version] = []) {
        (self.fleet, self.versions) = (fleet, versions)
    }

    var text: String { "relays killed: \(kills), stopped: \(stops), drained and restarted: \(drains)" }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            while !Task.isCancelled {
                let running = fleet.relays.filter { $0.state == .running }
                if running.count > 1, let relay = running.randomElement() { begin(at: relay, &group) }
                try? await Task.sleep(for: .seconds(1))
            }
            // Relays that were stopped go on, so that devices may end what they have begun.
            for relay in fleet.relays { relay.stop(false) }
            try await group.waitForAll()
        }
    }

    private func begin(at relay: FleetRelay, _ group: inout ThrowingTaskGroup<Void, any Error>) {
        let version = versions.randomElement()
        // One relay at most is stopped at a time, or there would be too few to kill.
        let isAnyStopped = fleet.relays.contains { $0.state == .stopped }
        switch Int.random(in: 0..<(isAnyStopped ? 5 : 8)) {
        case 0..<4:
            kills += 1
            let pause = Double.random(in: 0...3)
            relay.end(SIGKILL)
            group.addTask {
                await relay.ended()
                try? await Task.sleep(for: .seconds(pause))
                try await relay.start(as: version)
            }
        case 4:
            drains += 1
            relay.end(SIGTERM)
            group.addTask {
                await relay.ended()
                try await relay.start(as: version)
            }
        default:
            stops += 1
            let time = Double.random(in: 0.2...Self.longestStop)
            relay.stop(true)
            group.addTask {
                try? await Task.sleep(for: .seconds(time))
                relay.stop(false)
            }
        }
    }
}
