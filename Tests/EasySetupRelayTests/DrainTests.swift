import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOEmbedded
import NIOWebSocket
import ServiceLifecycle
import TestSupport
import Testing

@testable import EasySetupRelay

/// The shutdown of a relay, over real sockets, or over connections in memory where time has to pass.
@Suite("A relay that drains, over sockets", .inTurn, .timeLimit(.minutes(60))) struct DrainTests {
    typealias Pair = PairingTests.Pair

    static let goodbye = RelayFrame.goodbye(retryAfter: .seconds(2))

    /// Runs a relay. `body` gets its port, and the service group that starts the shutdown. Returns when the relay has
    /// ended by itself.
    func withDraining(
        _ configuration: RelayConfiguration = RelayConfiguration(),
        _ body: (Int, ServiceGroup) async throws -> Void
    ) async throws {
        var configuration = configuration
        let clock = HandClock()
        configuration.clock = clock.clock
        configuration.unhurry()
        let server = RelayServer(configuration: configuration, logger: quietLogger)
        let group = ServiceGroup(services: [server], logger: quietLogger)
        let running = Task { try await group.run() }
        do {
            try await body(try await server.port, group)
        } catch {
            running.cancel()
            throw error
        }
        // The relay waits until `closingTime` is over for a device that does not poll any more, so the test moves the
        // clock.
        let closingTime = configuration.connectionLimits.closingTime
        let moving = Task {
            while !Task.isCancelled {
                clock.pass(closingTime)
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        defer { moving.cancel() }
        try await running.value
    }

    @Test(
        "A pairing under way goes on and may come back, other devices are sent on, and the relay ends with the pairing",
        arguments: PairingTests.Transport.allCases
    )
    func pairingWayGoes(
        _ transport: PairingTests.Transport
    ) async throws {
        try await withDraining { port, group in
            let pair = try await Pair(port: port, through: PairingTests.Transports(offerer: transport))
            let idle = try await TestDevice.connect(port: port)
            try await idle.send(.offer(slotLength: 0, work: nil))
            #expect(await idle.nextFrame()?.isOffered == true)
            await group.triggerGracefulShutdown()
            #expect(await idle.next() == .frame(Self.goodbye))
            #expect(await idle.next() == .closing(1001))

            let health = try await exchange("GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n", port: port)
            #expect(health.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            let live = try await exchange("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n", port: port)
            #expect(live.hasPrefix("HTTP/1.1 200 OK\r\n"))
            let late = try await TestDevice.connect(port: port)
            try await late.send(.visit(slot: pair.slot, work: nil))
            #expect(await late.next() == .frame(.refused(.draining, retryAfter: .seconds(2))))
            #expect(await late.next() == .closing(1000))

            try await pair.visitorComesBack(port: port).run(bodies: [[1], [2]])
        }
    }

    @Test("A relay without a pairing under way ends at once") func relayWithoutPairing() async throws {
        try await withDraining { port, group in
            let silent = try await TestDevice.connect(port: port)
            await group.triggerGracefulShutdown()
            #expect(await silent.next() == .frame(Self.goodbye))
            #expect(await silent.next() == .closing(1001))
        }
    }

    @Test("A relay without time to drain sends the devices of a pairing on, too") func relayWithoutTime() async throws {
        var configuration = RelayConfiguration()
        configuration.connectionLimits.drainTime = .zero
        try await withDraining(configuration) { port, group in
            let pair = try await Pair(port: port)
            await group.triggerGracefulShutdown()
            for device in [pair.offerer, pair.visitor] {
                let device = try #require(device as? TestDevice)
                #expect(await device.next() == .frame(Self.goodbye))
                #expect(await device.next() == .closing(1001))
            }
        }
    }

    @Test("A seated pairing has the time to drain, and is sent on then") func seatedPairingTime() throws {
        var limits = ConnectionLimits()
        #expect(limits.drainTime == Limits().seatedLifetime)
        limits.drainTime = .seconds(290)
        let relay = try MemoryRelay(connectionLimits: limits)
        let offerer = try relay.connectDevice()
        try offerer.send(.offer(slotLength: 0, work: nil))
        guard case .offered(let slot, _, _) = try offerer.receivedFrames().first?.relayFrame else {
            throw PairingTests.Unexpected()
        }
        let visitor = try relay.connectDevice()
        try visitor.send(.visit(slot: slot, work: nil))
        guard case .visitor(let meeting) = try offerer.receivedFrames().first?.relayFrame else {
            throw PairingTests.Unexpected()
        }
        relay.worker.drain()
        try offerer.send(.seat(meeting: meeting))
        _ = try offerer.received()
        _ = try visitor.received()
        for _ in 0..<28 {
            relay.loop.advanceTime(by: .seconds(10))
            for device in [offerer, visitor] { try device.send(WebSocketBytes.frame(.pong, [])) }
        }
        #expect(offerer.isOpen && visitor.isOpen)
        relay.loop.advanceTime(by: .seconds(10))
        for device in [offerer, visitor] {
            let frames = try device.receivedFrames().filter { $0.opcode != .ping }
            #expect(frames.first?.relayFrame == Self.goodbye)
            #expect(frames.last?.closeCode == 1001)
        }
        relay.loop.advanceTime(by: .seconds(3))
        #expect(!offerer.isOpen && !visitor.isOpen)
    }
}
