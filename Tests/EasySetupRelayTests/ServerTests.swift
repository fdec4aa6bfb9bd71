import EasySetupRelayCore
import EasySetupRelayProtocol
import Foundation
import NIOCore
import ServiceLifecycle
import TestSupport
import Testing

@testable import EasySetupRelay

/// The server as a whole, over real sockets.
@Suite("A relay's server", .inTurn, .timeLimit(.minutes(60))) struct ServerTests {
    @Test("Requests over a socket are answered") func requestsSocketAnswered() async throws {
        try await withRelay { _, port in
            let health = try await exchange("GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n", port: port)
            #expect(health.hasPrefix("HTTP/1.1 200 OK\r\n"))
            let refused = try await exchange(Requests.upgrade(path: "/other"), port: port)
            #expect(refused.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
        }
    }

    @Test("A connection that never finishes its request is closed") func connectionNeverFinishes() async throws {
        var configuration = RelayConfiguration()
        configuration.connectionLimits.openingTime = .milliseconds(500)
        try await withRelay(configuration) { _, port in
            let answer = try await exchange("GET /easysetup/v1/ws HTTP/1.1\r\n", port: port)
            #expect(answer == "")
        }
    }

    @Test("Connections beyond the limit wait until there is room") func connectionsBeyondLimit() async throws {
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

    @Test("Cancelling ends every connection") func cancellingEndsConnection() async throws {
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

    @Test("Calls of the clock and of the operator do nothing once the relay has ended") func ended() async {
        await #expect(processExitsWith: .success) {
            // With this setting, SwiftNIO ends the process when a loop that has shut down gets work.
            setenv("SWIFTNIO_STRICT", "1", 1)
            let (folder, clock) = (ScratchFolder(), HandClock())
            var configuration = RelayConfiguration()
            configuration.cores = 2
            configuration.clock = clock.clock
            configuration.keyFile = PathBytes(folder.path + "/relay.key")
            let server = try await withRelay(configuration) { server, _ in server }
            clock.pass(.seconds(1))
            await server.reload()
        }
    }
}

extension RelayFrame {
    var isOffered: Bool {
        if case .offered = self { true } else { false }
    }
}
