import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import EasySetupRelay

/// Real relays that share a real Redis, and devices over real sockets.
@Suite(
    "Relays that share a Redis",
    .enabled(if: RedisServer.program != nil, RedisServer.hint),
    .inTurn,
    .timeLimit(.minutes(60))
)
struct SharedRedisTests {
    typealias Transport = PairingTests.Transport

    /// Runs relays that share a Redis while the body runs. It gets their ports, of which each one is joined.
    static func withRelays<Value>(
        _ count: Int,
        configure: (inout RelayConfiguration) -> Void = { _ in },
        _ body: ([RelayServer], [Int], RedisServer) async throws -> Value
    ) async throws -> Value {
        let redis = try RedisServer()
        try await redis.start()
        do {
            let value = try await withFolder { folder in
                var configuration = RelayConfiguration()
                configuration.keyFile = PathBytes(folder + "/relay.key")
                // Beats and look-ups go on by themselves.
                configuration.clock = .system()
                configuration.fleet = RedisSettings(try RedisAddress(url: "redis://127.0.0.1:\(redis.port)"))
                configure(&configuration)
                return try await with(count, configuration, [], []) { try await body($0, $1, redis) }
            }
            await redis.kill()
            return value
        } catch {
            await redis.kill()
            throw error
        }
    }

    private static func with<Value>(
        _ count: Int,
        _ configuration: RelayConfiguration,
        _ servers: [RelayServer],
        _ ports: [Int],
        _ body: ([RelayServer], [Int]) async throws -> Value
    ) async throws -> Value {
        guard count > 0 else { return try await body(servers, ports) }
        return try await withRelay(configuration) { server, port in
            try await isJoined(port)
            return try await with(count - 1, configuration, servers + [server], ports + [port], body)
        }
    }

    /// Waits until the relay is joined to the others.
    static func isJoined(_ port: Int) async throws {
        while try await !exchange("GET /health/joined HTTP/1.0\r\n\r\n", port: port).contains(" 200 ") {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test(
        "Two devices at different relays meet, exchange messages, are seated and part",
        arguments: Transport.allCases,
        Transport.allCases
    )
    func across(_ offerer: Transport, _ visitor: Transport) async throws {
        try await Self.withRelays(2) { _, ports, _ in
            let transports = PairingTests.Transports(offerer: offerer, visitor: visitor)
            let pair = try await PairingTests.Pair(port: ports[0], visitorPort: ports[1], through: transports)
            try await pair.run(bodies: [[1, 2, 3], [4]])
        }
    }

    @Test("A device comes back at a third relay, and its meeting goes on")
    func comesBackElsewhere() async throws {
        try await Self.withRelays(3) { _, ports, _ in
            let pair = try await PairingTests.Pair(port: ports[0], visitorPort: ports[1])
            try await pair.visitorComesBack(port: ports[2]).run(bodies: [[1], [2]])
        }
    }

    @Test(
        "The calls of long-polling devices go to the relays in turn",
        .enabled(if: HAProxy.path != nil, "HAProxy is not installed"),
        arguments: [Transport.longPolling, .longPollingThroughAnOldProxy]
    )
    func callsInTurn(_ transport: Transport) async throws {
        try await Self.withRelays(2) { _, ports, _ in
            let proxy = try await HAProxy(
                mode: "http",
                server: """
                    127.0.0.1:\(ports[0])
                        server two 127.0.0.1:\(ports[1])
                    """,
                backend: "    balance roundrobin"
            )
            defer { proxy.stop() }
            for _ in 0..<3 {
                let transports = PairingTests.Transports(offerer: transport, visitor: transport)
                try await PairingTests.Pair(port: proxy.port, through: transports).run(bodies: [[1], [2]])
            }
        }
    }

    /// A device offers at the first of the relays, and another one visits at the second. It waits in line where the room is
    /// not registered yet.
    private static func meet(at ports: [Int]) async throws -> PairingTests.Pair {
        let offerer = try await TestDevice.connect(port: ports[0])
        try await offerer.send(.offer(slotLength: 0, work: nil))
        guard case .offered(let slot, let token, _) = await offerer.nextFrame() else { throw PairingTests.Unexpected() }
        let visitor = try await TestDevice.connect(port: ports[1])
        try await visitor.send(.visit(slot: slot, work: nil))
        var frame = await visitor.nextFrame()
        if frame == .inLine(position: 1) { frame = await visitor.nextFrame() }
        guard case .met(let meeting, let visitorToken, _) = frame else {
            Issue.record("\(String(describing: frame))")
            throw PairingTests.Unexpected()
        }
        return PairingTests.Pair(
            offerer: offerer,
            visitor: visitor,
            slot: slot,
            meeting: meeting,
            tokens: [token, visitorToken]
        )
    }

    @Test("Of two Redis servers either may be killed, before a pairing and during it", arguments: [0, 1])
    func twoServers(killed: Int) async throws {
        try await RedisServer.run { first in
            try await RedisServer.run { second in
                let others = [try RedisAddress(url: "redis://127.0.0.1:\(second.port)")]
                let configure: (inout RelayConfiguration) -> Void = { configuration in
                    configuration.fleet?.address = try! RedisAddress(url: "redis://127.0.0.1:\(first.port)")
                    configuration.fleet?.others = others
                }
                try await Self.withRelays(2, configure: configure) { _, ports, _ in
                    let before = try await Self.meet(at: ports)
                    await [first, second][killed].kill()
                    _ = try await Self.meet(at: ports)
                    // A trunk through the server that is gone breaks, and the visitor comes back by its token.
                    try await before.visitor.hangUp()
                    let back = try await TestDevice.connect(port: ports[1])
                    try await back.send(
                        .attachVisitor(token: before.tokens[1], acked: 0, received: 0, attempt: 1)
                    )
                    let frame = await back.nextFrame()
                    guard case .attachedVisitor = frame else {
                        Issue.record("\(String(describing: frame))")
                        return
                    }
                }
            }
        }
    }

    @Test("What many devices say in one look of a relay's loop goes to another relay in one message")
    func oneMessage() async throws {
        let gate = Gate()
        defer { gate.open() }
        try await Self.withRelays(2, configure: { $0.pairingEnded = { _ in gate.pass() } }) { _, ports, redis in
            var pairs: [PairingTests.Pair] = []
            for _ in 0..<16 { pairs.append(try await Self.meet(at: ports)) }
            try await RedisTalk.with(redis.port) { talk in
                _ = try await talk.send("PSUBSCRIBE", "es1:to:*")
                // With the end of this pairing the loop of the first relay stands still, and its devices go on.
                gate.close()
                try await PairingTests.Pair(port: ports[0]).run(bodies: [[1], [2]])
                while !gate.isWaitedAt { try await Task.sleep(for: .milliseconds(1)) }
                let message = Message(number: 1, ack: 0, body: [3])
                for pair in pairs { try await pair.offerer.send(.message(meeting: pair.meeting, message)) }
                gate.open()
                for pair in pairs { #expect(await pair.visitor.nextFrame() == .message(meeting: nil, message)) }
                try await RedisTalk.with(redis.port) { _ = try await $0.send("PUBLISH", "es1:to:end", "") }
                var count = 0
                while case .list(let words) = try await talk.next(), words[2] != .text("es1:to:end") { count += 1 }
                // A trunk's ping may be among them.
                #expect((1...4).contains(count))
            }
        }
    }

    /// A place at which a relay's loop waits while it is closed.
    private final class Gate: Sendable {
        private let state = Mutex((isClosed: false, isWaitedAt: false))
        private let opened = DispatchSemaphore(value: 0)

        var isWaitedAt: Bool { state.withLock { $0.isWaitedAt } }

        func close() { state.withLock { $0.isClosed = true } }

        func pass() {
            let waits = state.withLock { state in
                guard state.isClosed, !state.isWaitedAt else { return false }
                state.isWaitedAt = true
                return true
            }
            if waits { opened.wait() }
        }

        func open() {
            let isWaitedAt = state.withLock { state in
                defer { state = (false, false) }
                return state.isWaitedAt
            }
            if isWaitedAt { opened.signal() }
        }
    }

    @Test("A code that nobody offers is refused, though not at once")
    func unknownCode() async throws {
        try await Self.withRelays(2) { _, ports, _ in
            let visitor = try await TestDevice.connect(port: ports[0])
            try await visitor.send(.visit(slot: try #require(Slot("ZZZ")), work: nil))
            // The relays have just joined: others may have the room, and register it.
            #expect(await visitor.nextFrame() == .inLine(position: 1))
            try await visitor.send(.leave(.cancelled))
            #expect(await visitor.next() == .closing(1000))
        }
    }
}
