import EasySetupFleetStore
import Foundation
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import EasySetupRelay

@Suite("What the log says of a fleet's servers") struct FleetLogTests {
    private static let servers = ["redis://one:6379", "redis://two:6379"]

    private static func lines(_ servers: [String], _ events: [StoreEvent]) -> [String] {
        let keeper = LogKeeper()
        var log = FleetLog(servers: servers)
        for event in events { log.happened(event, keeper.logger) }
        return keeper.lines
    }

    @Test("The only server is named, and each problem is told once until it is joined") func one() {
        let events: [StoreEvent] = [
            .connecting, .cutOff(.unreachable), .cutOff(.closed), .cutOff(.unreachable), .cutOff(.closed),
            .joined(hasKept: false), .lostData, .cutOff(.left), .cutOff(.closed), .cutOff(.closed),
        ]
        let lines = Self.lines([Self.servers[0]], events)
        #expect(
            lines.map { $0.prefix { $0 != "[" } } == [
                "warning cut off from the fleet ", "warning cut off from the fleet ", "notice joined the fleet ",
                "warning the fleet's directory has lost its data ", "warning cut off from the fleet ",
            ]
        )
        #expect(lines.allSatisfy { $0.contains("redis://one:6379") })
        #expect(lines[0].contains("nothing answers") && lines[1].contains("closed a connection"))
    }

    @Test("Of several servers each is told by itself, and the fleet as a whole when all are lost") func several() {
        let events: [StoreEvent] = [
            .line(1, .joined), .joined(hasKept: false), .line(0, .cutOff(.wrongPassword)),
            .line(0, .cutOff(.wrongPassword)), .line(1, .lostData), .lostData, .line(0, .joined), .lostData,
            .line(0, .cutOff(.closed)), .lostData, .line(1, .cutOff(.closed)), .cutOff(.closed),
            .line(1, .cutOff(.unreachable)), .cutOff(.unreachable), .line(0, .joined), .joined(hasKept: true),
        ]
        let lines = Self.lines(Self.servers, events)
        let expected = [
            ("notice joined a server of the fleet", "two"), ("notice joined the fleet", ""),
            ("warning cut off from a server of the fleet", "one"),
            ("warning a server of the fleet has lost its data", "two"), ("notice joined a server of the fleet", "one"),
            ("warning cut off from a server of the fleet", "one"),
            ("warning cut off from a server of the fleet", "two"), ("warning cut off from the fleet", ""),
            ("warning cut off from a server of the fleet", "two"), ("notice joined a server of the fleet", "one"),
            ("notice joined the fleet", ""),
        ]
        #expect(lines.count == expected.count)
        for (line, (words, server)) in zip(lines, expected) {
            #expect(
                line.hasPrefix(words + " [") && (server.isEmpty || line.contains("redis://\(server):6379")),
                "\(line)"
            )
        }
    }
}

extension FleetLogTests {
    @Test("What Redis refuses is told once for each reason, until the relay joins again") func refused() {
        let keeper = LogKeeper()
        var log = FleetLog(servers: [Self.servers[0]])
        for failure in [StoreFailure.full, .busy, .full, .cutOff, .notPermitted, .refused, .notPermitted] {
            log.refused(failure, keeper.logger)
        }
        #expect(keeper.lines.count == 3 && keeper.lines.allSatisfy { $0.contains("redis://one:6379") })
        #expect(keeper.lines[0].contains("Redis is full") && keeper.lines[0].contains("maxmemory"))
        #expect(keeper.lines[1].contains("+publish"))
        log.happened(.joined(hasKept: true), keeper.logger)
        log.refused(.full, keeper.logger)
        #expect(keeper.lines.count == 5)
    }

    @Test("Relays that can't be read are told once, when it is more than a few messages") func unreadable() {
        let keeper = LogKeeper()
        var log = FleetLog(servers: Self.servers)
        for _ in 1..<FleetLog.manyUnreadable { log.couldNotRead(keeper.logger) }
        #expect(keeper.lines.isEmpty)
        for _ in 0..<30 { log.couldNotRead(keeper.logger) }
        #expect(keeper.lines.count == 1 && keeper.lines[0].contains("same key file"))
    }

    @Test("Where TLS is spoken at a port without it, or not at one with it, the log says so") func tls() {
        let silent = Self.lines(["rediss://one:6379"], [.cutOff(.silent)])
        #expect(silent[0].contains("redis:// is without TLS"))
        let closed = Self.lines(["redis://one:6379"], [.cutOff(.closed)])
        #expect(closed[0].contains("rediss://"))
    }
}

/// Real relays whose servers can't be used, or only some of them.
@Suite(
    "What the log of a running relay says of its fleet's servers",
    .inTurn,
    .enabled(if: RedisServer.program != nil, RedisServer.hint),
    .timeLimit(.minutes(60))
)
struct RunningFleetLogTests {
    /// A server that closes each connection, and counts them.
    private final class Closing: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let count: Counter

        init(_ count: Counter) { self.count = count }

        func channelActive(context: ChannelHandlerContext) {
            count.value.withLock { $0 += 1 }
            context.close(promise: nil)
        }
    }

    private final class Counter: Sendable {
        let value = Mutex(0)
        /// A relay opens two connections for each attempt.
        var attempts: Int { value.withLock { $0 / 2 } }
    }

    private static func log(
        _ addresses: [String],
        while body: (Int) async throws -> Void
    ) async throws -> [String] {
        let keeper = LogKeeper()
        try await withFolder { folder in
            var configuration = RelayConfiguration()
            configuration.keyFile = PathBytes(folder + "/relay.key")
            configuration.clock = .system()
            let addresses = try addresses.map { try RedisAddress(url: $0) }
            configuration.fleet = RedisSettings(addresses[0], others: Array(addresses.dropFirst()))
            try await withRelay(configuration, logger: keeper.logger) { _, port in try await body(port) }
        }
        return keeper.lines
    }

    @Test("A user that may not publish is told once, with the rights that it needs") func rights() async throws {
        try await RedisServer.run { redis in
            try await RedisTalk.with(redis.port) { talk in
                let words = ["ACL", "SETUSER", "few", "on", ">topsecret", "+@all", "-publish", "~es1:*", "&es1:*"]
                _ = try await talk.send([RESPCommand(words: words.map { Array($0.utf8) })])
                let lines = try await Self.log(["redis://few:topsecret@127.0.0.1:\(redis.port)"]) { _ in
                    // Each beat is refused.
                    try await until { try await Self.refusals(talk) >= 3 }
                }
                let told = lines.filter { $0.contains("Redis refuses") }
                #expect(told.count == 1, "\(told)")
                #expect(told.first?.contains("+publish") == true && told.first?.contains("127.0.0.1") == true)
            }
        }
    }

    /// How often the server has refused to publish.
    private static func refusals(_ talk: RedisTalk) async throws -> Int {
        guard case .text(let info) = try await talk.send("INFO", "commandstats") else { return 0 }
        let line = String(decoding: info, as: UTF8.self).split(separator: "\r\n")
            .first { $0.hasPrefix("cmdstat_publish:") }
        let count = line?.split(separator: ",").first { $0.hasPrefix("rejected_calls=") }?.dropFirst(15)
        return count.flatMap { Int($0) } ?? 0
    }

    @Test("A relay that tries again and again says once that it is cut off") func once() async throws {
        let counter = Counter()
        try await LoopbackServer.run(handler: { Closing(counter) }) { port in
            let lines = try await Self.log(["redis://:topsecret@127.0.0.1:\(port)"]) { _ in
                try await until { counter.attempts >= 5 }
            }
            let cuts = lines.filter { $0.contains("cut off from") }
            #expect(cuts.count == 1, "\(cuts)")
            #expect(cuts.first?.contains("redis://127.0.0.1:\(port)") == true)
            #expect(!lines.contains { $0.contains("topsecret") })
        }
    }

    @Test("One of two servers that can't be used is named once, and the relay joins by the other") func oneOfTwo()
        async throws
    {
        let counter = Counter()
        try await RedisServer.run { redis in
            try await LoopbackServer.run(handler: { Closing(counter) }) { closing in
                let addresses = ["redis://127.0.0.1:\(closing)", "redis://127.0.0.1:\(redis.port)"]
                let lines = try await Self.log(addresses) { port in
                    try await SharedRedisTests.isJoined(port)
                    try await until { counter.attempts >= 5 }
                    await redis.kill()
                    try await until {
                        try await exchange("GET /health/joined HTTP/1.0\r\n\r\n", port: port).contains(" 503 ")
                    }
                }
                let told = lines.filter { $0.contains("fleet") }
                func count(_ words: String, _ port: Int?) -> Int {
                    told.count { $0.contains(words + " [") && (port == nil || $0.contains("127.0.0.1:\(port!)")) }
                }
                #expect(count("cut off from a server of the fleet", closing) == 1, "\(told)")
                #expect(count("joined a server of the fleet", redis.port) == 1)
                #expect(count("joined the fleet", nil) == 1)
                #expect(count("cut off from a server of the fleet", redis.port) >= 1)
                #expect(count("joined a server of the fleet", closing) == 0)
                // Before the first server is joined, and after the last is lost.
                #expect((1...2).contains(count("cut off from the fleet", nil)))
            }
        }
    }
}
