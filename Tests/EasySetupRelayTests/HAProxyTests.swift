import EasySetupRelayProtocol
import Foundation
import NIOCore
import NIOPosix
import ServiceLifecycle
import TestSupport
import Testing

@testable import EasySetupRelay

/// The headers of a real HAProxy (Debian's package `haproxy`). The relay must count devices from two loopback addresses
/// separately, and require work for a second offer from one address.
@Suite(
    "A relay behind HAProxy",
    .enabled(if: HAProxy.path != nil, "HAProxy is not installed"),
    .inTurn,
    .timeLimit(.minutes(60))
)
struct HAProxyTests {
    static let headers = """
            option forwardfor
            http-request set-header Forwarded "for=%[src]"
        """

    @Test(
        "Devices behind HAProxy are counted by their own addresses",
        arguments: [
            ("tcp", "send-proxy-v2", "", nil), ("tcp", "send-proxy-v2 proxy-v2-options unique-id,crc32c", "", nil),
            ("http", "send-proxy-v2", "", nil), ("http", "", headers, .xForwardedFor),
            ("http", "", headers, .forwarded),
        ] as [(String, String, String, ForwardedHeader?)]
    )
    func counts(mode: String, server: String, backend: String, header: ForwardedHeader?) async throws {
        var configuration = RelayConfiguration()
        configuration.limits = ConnectionTests.oneForEachPrefix
        configuration.trustedProxies = TrustedProxies(
            at: [try #require(AddressBlock("127.0.0.1"))],
            header: header,
            usesProxyProtocol: header == nil
        )
        try await withRelay(configuration) { _, relay in
            let proxy = try await HAProxy(mode: mode, server: "127.0.0.1:\(relay) \(server)", backend: backend)
            defer { proxy.stop() }
            // The client forges these headers, which must have no effect.
            let forged = [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1")]
            let sources = ["127.0.0.2", "127.0.0.3"]
            for isNew in [true, false] {
                for source in sources {
                    let device = try await TestDevice.connect(port: proxy.port, from: source, headers: forged)
                    try await device.send(.offer(slotLength: 0, work: nil))
                    #expect(await device.nextFrame()?.isOffered == isNew)
                }
            }
        }
    }

    @Test("HAProxy finds through the PROXY protocol that the relay is well, and that it has gone")
    func haproxyFindsThrough() async throws {
        var configuration = RelayConfiguration()
        configuration.trustedProxies = TrustedProxies(
            at: [try #require(AddressBlock("127.0.0.1"))],
            usesProxyProtocol: true
        )
        let check = """
                option httpchk GET /health/ready
                http-check expect status 200
            """
        let proxy = try await withRelay(configuration) { _, relay in
            let proxy = try await HAProxy(
                mode: "http",
                server: "127.0.0.1:\(relay) send-proxy-v2 check check-send-proxy inter 50ms rise 1 fall 1",
                backend: check
            )
            let answer = try await proxy.health(until: "UP")
            #expect(answer == "UP")
            return proxy
        }
        defer { proxy.stop() }
        let answer = try await proxy.health(until: "DOWN")
        #expect(answer == "DOWN")
    }

    /// The lines of the backend that `Protocol/operating.md` recommends, without the server.
    private static func advisedBackend() throws -> String {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(components: "..", "..", "Protocol", "operating.md").standardizedFileURL
        let text = try String(contentsOf: page, encoding: .utf8)
        let section = /\n    backend relay\n((        option .*\n)+)        server one 127/
        return String(try #require(text.firstMatch(of: section)).1)
    }

    @Test(
        "While a single relay drains, the pairing in hand goes on through HAProxy as the page has it",
        arguments: [PairingTests.Transport.webSocket, .longPolling]
    )
    func drainsAlone(transport: PairingTests.Transport) async throws {
        var configuration = RelayConfiguration()
        configuration.unhurry()
        let relay = RelayServer(configuration: configuration, logger: quietLogger)
        let group = ServiceGroup(services: [relay], logger: quietLogger)
        let running = Task { try await group.run() }
        defer { running.cancel() }
        let port = try await relay.port
        // The second backend is asked for /health/ready, so that the test knows when HAProxy has asked during the drain:
        // three times, and the first one as often.
        let proxy = try await HAProxy(
            mode: "http",
            server: """
                127.0.0.1:\(port) check inter 20ms rise 1 fall 1
                backend ready
                    mode http
                    option httpchk GET /health/ready
                    server one 127.0.0.1:\(port) check inter 50ms rise 1 fall 3
                """,
            backend: try Self.advisedBackend(),
            watched: "ready"
        )
        defer { proxy.stop() }
        #expect(try await proxy.health(until: "UP") == "UP")
        let transports = PairingTests.Transports(offerer: .webSocket, visitor: transport)
        var pair = try await PairingTests.Pair(port: proxy.port, through: transports)
        await group.triggerGracefulShutdown()
        #expect(try await proxy.health(until: "DOWN") == "DOWN")
        #expect(try await exchange("GET /health/live HTTP/1.0\r\n\r\n", port: proxy.port).contains(" 200 "))
        if transport == .webSocket { pair = try await pair.visitorComesBack(port: proxy.port) }
        try await pair.run(bodies: [[1], [2]])
        running.cancel()
        _ = try? await running.value
    }

    @Test("Behind one name, a relay that drains passes its codes on while its pairings finish")
    func drainsBehindOneName()
        async throws
    {
        try await withFolder { folder in
            var configuration = RelayConfiguration()
            configuration.keyFile = PathBytes(folder + "/relay.key")
            configuration.unhurry()
            let old = RelayServer(configuration: configuration, logger: quietLogger)
            let group = ServiceGroup(services: [old], logger: quietLogger)
            let running = Task { try await group.run() }
            defer { running.cancel() }
            let oldPort = try await old.port
            try await withRelay(configuration) { _, newPort in
                let proxy = try await HAProxy(
                    mode: "tcp",
                    server: """
                        127.0.0.1:\(oldPort) check inter 50ms rise 1 fall 1
                            server two 127.0.0.1:\(newPort) backup
                        """,
                    backend: "    option httpchk GET /health/ready"
                )
                defer { proxy.stop() }
                let idle = try await TestDevice.connect(port: proxy.port)
                try await idle.send(.offer(slotLength: 0, work: nil))
                guard case .offered(let slot, let token, _) = await idle.nextFrame() else {
                    throw PairingTests.Unexpected()
                }
                let pair = try await PairingTests.Pair(port: proxy.port)
                await group.triggerGracefulShutdown()
                #expect(await idle.next() == .frame(.goodbye(retryAfter: .seconds(2))))

                let moved = try #require(try await attach(token, port: proxy.port))
                let visitor = try await TestDevice.connect(port: proxy.port)
                try await visitor.send(.visit(slot: slot, work: nil))
                guard case .met(let meeting, _, _) = await visitor.nextFrame() else { throw PairingTests.Unexpected() }
                #expect(await moved.nextFrame() == .visitor(meeting: meeting))

                try await pair.run(bodies: [[1], [2]])
                try await running.value
            }
        }
    }

    /// Attaches again and again, as devices do, while the relay drains. Returns nil if the relay refuses for another
    /// reason.
    private func attach(_ token: Token, port: Int) async throws -> TestDevice? {
        while true {
            let device = try await TestDevice.connect(port: port)
            try await device.send(.attachOfferer(token: token, held: []))
            switch await device.nextFrame() {
            case .attachedOfferer: return device
            case .refused(.draining, _): try await Task.sleep(for: .milliseconds(20))
            default: return nil
            }
        }
    }
}

/// A process of HAProxy with one frontend and one backend.
final class HAProxy: Sendable {
    static let path = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy", "/opt/homebrew/bin/haproxy"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    let port: Int
    private let folder: ScratchFolder
    private let process: Child

    /// Starts HAProxy on free ports. If another process takes one of them first, tries others.
    init(mode: String, server: String, backend: String, watched: String = "relay") async throws {
        for _ in 0..<5 {
            let (port, status) = (try await Self.freePort(), try await Self.freePort())
            let folder = ScratchFolder()
            let configuration = Self.configuration(
                mode: mode,
                server: server,
                backend: backend,
                watched: watched,
                port: port,
                status: status
            )
            let process = Child()
            process.executableURL = URL(filePath: try #require(Self.path))
            process.arguments = ["-db", "-q", "-f", try folder.file("haproxy.cfg", configuration)]
            process.standardError = .null
            try process.run()
            if try await !Self.health(at: status, of: process, until: "").isEmpty {
                (self.port, self.status, self.folder, self.process) = (port, status, folder, process)
                return
            }
            process.terminate()
        }
        throw NotListening()
    }

    struct NotListening: Error {}

    /// - Parameter watched: the backend whose health the proxy tells.
    private static func configuration(
        mode: String,
        server: String,
        backend: String,
        watched: String,
        port: Int,
        status: Int
    ) -> String {
        """
        global
            maxconn 100
        defaults
            timeout connect 300s
            timeout client 300s
            timeout server 300s
            timeout tunnel 300s
            timeout check 300s
        frontend devices
            mode \(mode)
            bind 127.0.0.1:\(port)
            unique-id-format %[uuid()]
            default_backend relay
        backend relay
            mode \(mode)
        \(backend)
            server one \(server)
        frontend status
            mode http
            bind 127.0.0.1:\(status)
            http-request return status 200 content-type text/plain string UP if { nbsrv(\(watched)) gt 0 }
            http-request return status 200 content-type text/plain string DOWN

        """
    }

    private let status: Int

    /// Asks HAProxy again and again for the relay's health, until the answer begins with `expected` or HAProxy ends.
    /// Returns the last answer.
    func health(until expected: String) async throws -> String {
        try await Self.health(at: status, of: process, until: expected)
    }

    private static func health(at status: Int, of process: Child, until expected: String) async throws -> String {
        var answer = ""
        while process.isRunning {
            let request = "GET / HTTP/1.0\r\n\r\n"
            if let text = try? await exchange(request, port: status), let body = text.split(separator: "\r\n\r\n").last
            {
                answer = String(body)
                if answer.hasPrefix(expected) { break }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        return answer
    }

    func stop() {
        process.terminate()
    }

    private static func freePort() async throws -> Int {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        defer { listener.close(promise: nil) }
        return try #require(listener.localAddress?.port)
    }
}
