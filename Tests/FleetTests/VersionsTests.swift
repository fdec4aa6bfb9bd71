import EasySetup
import TestSupport
import Testing

/// Relays of two versions that serve beside each other: this one, and the one that `scripts/fleet versions` has built. Without
/// one the others are of this version, too, but say what a later one may say.
@Suite(
    "A fleet of two versions",
    .inTurn,
    .timeLimit(.minutes(60)),
    .enabled(if: RedisServer.program != nil, RedisServer.hint),
    .enabled(if: Environment.isSet && ReverseProxy.Kind.haproxy.program != nil, Environment.hint)
) struct VersionsTests {
    /// Runs relays, one of each of these versions.
    private static func run(
        _ versions: [FleetRelay.Version],
        _ options: [String] = [],
        _ body: @escaping @Sendable (RelayFleet) async throws -> Void
    ) async throws {
        @Sendable func run(_ redis: Int, _ program: String, _ port: Int) async throws {
            try await RelayFleet.run(
                of: versions.count,
                options,
                at: "redis://127.0.0.1:\(redis)",
                other: (program, "redis://127.0.0.1:\(port)"),
                versions: versions,
                body
            )
        }
        try await RedisServer.run { redis in
            if let program = Environment.otherProgram { return try await run(redis.port, program, redis.port) }
            try await LaterVersion.run(to: redis.port) { try await run(redis.port, Program.path, $0) }
        }
    }

    @Test("Devices at relays of two versions pair, by WebSocket and by long polling") func pairings() async throws {
        try await Self.run([.this, .other]) { fleet in
            let count = Environment.isFull ? 400 : 16
            try await PairingsTests.pair(at: fleet, count, [(0, 1), (1, 0)], "across versions")
        }
    }

    @Test(
        "Every pair pairs while relays are killed, stopped and restarted, and come back as one or the other version",
        .enabled(if: Environment.isFull || Environment.otherProgram != nil, Environment.hint)
    ) func kills() async throws {
        try await Self.run([.this, .other, .this], ["--drain-time", "10"]) { fleet in
            try await #require(Balancer.random.proxy(of: fleet)).run { address in
                let trouble = Trouble(fleet, versions: [.this, .other])
                _ = try await Crowd.usual.pair(at: address, "relays killed that come back as another version") {
                    try await trouble.run()
                }
                print(await trouble.text)
                #expect(await trouble.kills > 0)
            }
        }
    }

    @Test("Relays that can't read each other serve one population behind a balancer") func unread() async throws {
        try await RedisServer.run { redis in
            try await LaterVersion.run(to: redis.port, isRead: false) { port in
                try await RelayFleet.run(of: 2, at: "redis://127.0.0.1:\(port)") { fleet in
                    try await #require(Balancer.random.proxy(of: fleet)).run { address in
                        _ = try await Crowd.usual.pair(at: address, "relays that can't read each other")
                        guard Environment.isFull else { return }
                        try await Gate.run(withoutWebSocket: true, to: { [address.port] }) { gate in
                            var crowd = Crowd.usual
                            crowd.count = 24
                            _ = try await crowd.pair(at: gate.address, "the same, by long polling")
                        }
                    }
                }
            }
        }
    }

    @Test("While all relays get another version one after the other, and then their own again, no pair loses anything")
    func upgrade() async throws {
        try await Self.run([.other, .other, .other], ["--drain-time", "30"]) { fleet in
            try await RollingTests.restart(fleet, as: [.this, .other], "relays upgraded, and back")
        }
    }
}
