import Foundation
import NIOCore
import RelayWire
import Rendezvous
import ServiceLifecycle
import TestSupport
import Testing

@testable import Relay

/// The server as a whole, over real sockets.
@Suite(.inTurn, .timeLimit(.minutes(60))) struct ServerTests {
    @Test(arguments: ["127.0.0.1", "::1", "localhost"])
    func `Listens on a free port and says which`(_ host: String) async throws {
        try await withRelay(RelayConfiguration(host: host)) { _, port in
            let device = try await TestDevice.connect(port: port, host: host)
            try await device.hangUp()
        }
    }

    @Test func `A port that is taken is a clear error`() async throws {
        try await withRelay { _, port in
            let second = RelayServer(configuration: RelayConfiguration(port: port), logger: quietLogger)
            let expected = RelayError.cannotListen(host: "127.0.0.1", port: port, .addressInUse)
            await #expect(throws: expected) { try await second.run() }
            await #expect(throws: expected) { try await second.port }
        }
    }

    @Test func `An address of another machine is a clear error`() async throws {
        let server = RelayServer(configuration: RelayConfiguration(host: "192.0.2.1"), logger: quietLogger)
        await #expect(throws: RelayError.cannotListen(host: "192.0.2.1", port: 0, .addressNotAvailable)) {
            try await server.run()
        }
    }

    @Test func `Requests over a socket are answered`() async throws {
        try await withRelay { _, port in
            let health = try await exchange("GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n", port: port)
            #expect(health.hasPrefix("HTTP/1.1 200 OK\r\n"))
            let refused = try await exchange(Requests.upgrade(path: "/other"), port: port)
            #expect(refused.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
        }
    }

    @Test func `A connection that never finishes its request is closed`() async throws {
        var configuration = RelayConfiguration()
        configuration.connectionLimits.openingTime = .milliseconds(500)
        try await withRelay(configuration) { _, port in
            let answer = try await exchange("GET /easysetup/v1/ws HTTP/1.1\r\n", port: port)
            #expect(answer == "")
        }
    }

    @Test func `Connections beyond the limit wait until there is room`() async throws {
        var configuration = RelayConfiguration()
        configuration.connectionLimits.connections = 1
        try await withRelay(configuration) { _, port in
            let first = try await TestDevice.connect(port: port)
            async let waiting = exchange("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n", port: port)
            try await first.send(.offer(slotLength: 0, work: nil))
            #expect(await first.nextFrame()?.isOffered == true)
            try await first.hangUp()
            let answer = try await waiting
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test func `Cancelling ends every connection`() async throws {
        let server = RelayServer(configuration: RelayConfiguration(), logger: quietLogger)
        let running = Task { try await server.run() }
        let device = try await TestDevice.connect(port: try await server.port)
        running.cancel()
        try await running.value
        var event = await device.next()
        if case .frame(let frame) = event {
            #expect(frame == .goodbye(retryAfter: .seconds(2)))
            event = await device.next()
        }
        if case .closing(let code) = event {
            #expect(code == 1001)
            event = await device.next()
        }
        #expect(event == .gone)
    }
}

extension RelayFrame {
    var isOffered: Bool {
        if case .offered = self { true } else { false }
    }
}
