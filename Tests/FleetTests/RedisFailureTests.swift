import EasySetup
import EasySetupFleetStore
import Foundation
import TestSupport
import Testing

/// The Redis of a fleet that dies, forgets, fails over, or loses a relay, while devices pair behind a balancer.
@Suite(
    "A fleet whose Redis fails",
    .inTurn,
    .timeLimit(.minutes(60)),
    .enabled(if: RedisServer.program != nil, RedisServer.hint),
    .enabled(if: Environment.isSet && ReverseProxy.Kind.haproxy.program != nil, Environment.hint)
) struct RedisFailureTests {
    private static func pair(
        at fleet: RelayFleet,
        _ title: String,
        while trouble: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await #require(Balancer.leastConnections.proxy(of: fleet)).run { address in
            _ = try await Crowd.usual.pair(at: address, title, while: trouble)
        }
        // Whatever it was, the relays find together again.
        for relay in fleet.relays { try await relay.joined() }
    }

    /// Waits between two troubles, and in one of them.
    private static func pause(_ seconds: ClosedRange<Double>) async throws {
        try await Task.sleep(for: .seconds(Double.random(in: seconds)))
    }

    /// Starts a server also where the pairs are done, and this task is cancelled.
    private static func start(_ server: RedisServer) async throws {
        try await Task { try await server.start() }.value
    }

    @Test("Redis is killed and started again, with its data and without", arguments: [true, false])
    func killed(keepsData: Bool) async throws {
        let settings = keepsData ? ["--appendonly", "yes", "--appendfsync", "always"] : []
        try await RelayFleet.run(redis: settings) { fleet, redis in
            try await Self.pair(at: fleet, "Redis killed, \(keepsData ? "with" : "without") its data") {
                while true {
                    try await Self.pause(1...4)
                    await redis.kill()
                    try? await Self.pause(0...(Environment.isFull ? 8 : 2))
                    try await Self.start(redis)
                }
            }
        }
    }

    @Test("Redis is emptied, and those who listen to it are thrown out, in turn") func thrownOut() async throws {
        try await RelayFleet.run { fleet, redis in
            try await Self.pair(at: fleet, "Redis emptied and listeners thrown out in turn") {
                var turn = 0
                while true {
                    // A relay that is thrown out again and again waits for up to two seconds before it joins again.
                    try await Self.pause(1...5)
                    turn += 1
                    try await RedisTalk.with(redis.port) { talk in
                        let words = turn % 2 == 0 ? ["FLUSHALL"] : ["CLIENT", "KILL", "TYPE", "pubsub"]
                        _ = try await talk.send([RESPCommand(words: words.map { Array($0.utf8) })])
                    }
                }
            }
        }
    }

    @Test("A relay that does not listen is thrown out for what waits for it, and comes back") func outputLimit()
        async throws
    {
        try await RelayFleet.run(redis: ["--client-output-buffer-limit", "pubsub", "262144", "0", "0"]) {
            fleet,
            redis in
            try await Self.pair(at: fleet, "A relay thrown out for its output buffer") {
                while true {
                    try await Self.pause(1...3)
                    let relay = fleet.relays.randomElement()!
                    relay.stop(true)
                    defer { relay.stop(false) }
                    try await RedisTalk.with(redis.port) { talk in
                        // Nobody can read these messages, but all get them.
                        let noise = RESPCommand(words: [
                            Array("PUBLISH".utf8), Array("es1:all".utf8), [UInt8](repeating: 1, count: 60_000),
                        ])
                        try await until {
                            _ = try await talk.send([noise])
                            guard case .text(let list) = try await talk.send("CLIENT", "LIST", "TYPE", "pubsub") else {
                                return false
                            }
                            return list.count { $0 == UInt8(ascii: "\n") } < 3
                        }
                    }
                    // Longer than a relay may look away from its clock without becoming another run.
                    try? await Self.pause(0...(Environment.isFull ? 20 : 7))
                }
            }
        }
    }

    @Test("The primary is lost and a replica promoted, and the old primary returns or wakes", arguments: [true, false])
    func failover(sleeps: Bool) async throws {
        try await SentinelGroup.run { group in
            try await RelayFleet.run(at: group.url()) { fleet in
                try await Self.pair(at: fleet, "The primary \(sleeps ? "stops and wakes" : "dies and returns")") {
                    try await Self.pause(1...2)
                    if sleeps { group.master.signal(SIGSTOP) } else { await group.master.kill() }
                    try? await Task.sleep(for: .seconds(6))
                    if sleeps { group.master.signal(SIGCONT) } else { try await Self.start(group.master) }
                }
            }
        }
    }

    @Test(
        "A relay is cut off from Redis, which neither of them hears of",
        .enabled(if: Namespace.isPossible, Namespace.hint)
    ) func cutOff() async throws {
        try await Namespace.run { namespace in
            try await RedisServer.run(["--bind", "127.0.0.1", namespace.redis, "--protected-mode", "no"]) { redis in
                let store = "redis://127.0.0.1:\(redis.port)"
                try await RelayFleet.run(at: store, last: (namespace, redis.port)) { fleet in
                    try await Self.pair(at: fleet, "A relay cut off from Redis") {
                        while true {
                            try await Self.pause(1...3)
                            try namespace.cut(true)
                            try? await Self.pause(2...(Environment.isFull ? 30 : 10))
                            try namespace.cut(false)
                        }
                    }
                }
            }
        }
    }
}
