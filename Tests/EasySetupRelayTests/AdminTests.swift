import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing

@testable import EasySetupRelay

/// The admin port: who is answered, with what, and what it costs at most.
@Suite("The admin port", .inTurn, .timeLimit(.minutes(60))) struct AdminTests {
    private static let routes = AdminRoutes(
        routes: [
            .init(path: "/page") { request, loop in
                loop.makeSucceededFuture(.text(.ok, request.headers.first(name: "x") ?? "page"))
            }
        ],
        hosts: AdminHosts(name: "Admin.Example")
    )

    private static func status(
        _ uri: String,
        _ headers: [(String, String)] = [("Host", "127.0.0.1:9464")],
        method: HTTPMethod = .GET,
        version: HTTPVersion = .http1_1
    ) -> UInt {
        let head = HTTPRequestHead(version: version, method: method, uri: uri, headers: HTTPHeaders(headers))
        return switch routes.answer(to: head) {
        case .route: 200
        case .refuse(let response): response.status.code
        }
    }

    @Test(
        "Only addresses, localhost and the name of --admin are hosts, so that no page's own name reads anything",
        arguments: [
            ("127.0.0.1", true), ("127.0.0.1:9464", true), ("192.0.2.7:80", true), ("[::1]", true),
            ("[::1]:9464", true), ("localhost", true), ("LocalHost:9464", true), ("localhost.", true),
            ("admin.example", true), ("admin.example:9464", true), ("ADMIN.example.:1", true),
            ("evil.example", false), ("127.0.0.1.evil.example", false), ("localhost.evil.example", false),
            ("", false), ("[", false), ("[::1", false), ("[evil]", false), ("::1", false), ("[::1]x", false),
            ("127.0.0.1:80x", false), ("a@127.0.0.1", false), ("127.1", false), ("0x7f000001", false),
        ]
    )
    func hosts(host: String, isAllowed: Bool) {
        #expect(AdminHosts(name: "Admin.Example").allows(host) == isAllowed)
        #expect(Self.status("/page", [("Host", host)]) == (isAllowed ? 200 : 421))
    }

    @Test("Only GET and HEAD of a known path, with one host and no body, are answered") func requests() {
        let host = ("Host", "localhost")
        #expect(Self.status("/page") == 200 && Self.status("/page?x=/y") == 200)
        #expect(Self.status("/page", method: .HEAD) == 200)
        #expect(Self.status("/page/") == 404 && Self.status("/") == 404 && Self.status("//page") == 404)
        for method in [HTTPMethod.POST, .PUT, .DELETE, .OPTIONS, .RAW(value: "TRACE")] {
            #expect(Self.status("/page", method: method) == 405)
        }
        #expect(Self.status("/page", []) == 400 && Self.status("/page", [host, host]) == 400)
        #expect(Self.status("/page", [], version: .http1_0) == 200)
        #expect(Self.status("/page", [host, ("Content-Length", "5")]) == 413)
        #expect(Self.status("/page", [host, ("Content-Length", "0")]) == 200)
        #expect(Self.status("/page", [host, ("Transfer-Encoding", "chunked")]) == 413)
    }

    /// Runs a server of the admin port while the body runs.
    private static func serve(_ limits: AdminLimits = AdminLimits(), _ body: (Int) async throws -> Void) async throws {
        let server = AdminServer(routes: routes, limits: limits, logger: quietLogger)
        let places = try Resolver.places([ListenAddress(host: "127.0.0.1", port: 0)])
        let port = try await server.open(places)[0].port
        do { try await body(port) } catch {
            await server.close()
            throw error
        }
        await server.close()
    }

    private static let request = "GET /page HTTP/1.1\r\nHost: localhost\r\n"

    @Test("An answer has headers that keep it from caches and other pages, and the connection ends") func answer()
        async throws
    {
        try await Self.serve { port in
            let answer = try await exchange(Self.request + "x: y\r\n\r\n", port: port)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\ny"))
            for header in [
                "Content-Type: text/plain; charset=utf-8", "Cache-Control: no-store", "Connection: close",
                "X-Content-Type-Options: nosniff", "Cross-Origin-Resource-Policy: same-origin", "Content-Length: 1",
            ] { #expect(answer.contains("\r\n\(header)\r\n"), "\(header)") }
            let head = try await exchange("HEAD /page HTTP/1.1\r\nHost: localhost\r\n\r\n", port: port)
            #expect(head.contains("Content-Length: 4\r\n") && head.hasSuffix("\r\n\r\n"))
        }
    }

    @Test(
        "What is no request, or has too many headers, is told so and closed",
        arguments: [
            "nonsense\r\n\r\n", request + "a: " + String(repeating: "x", count: 9000) + "\r\n\r\n",
            request + String(repeating: "a: b\r\n", count: 80) + "\r\n", "GET /page HTTP/1.1\r\nHost : x\r\n\r\n",
        ]
    )
    func malformed(text: String) async throws {
        try await Self.serve { port in
            let answer = try await exchange(text, port: port)
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        }
    }

    @Test("A connection that takes too long is closed, with or without the beginning of a request") func slow()
        async throws
    {
        var limits = AdminLimits()
        limits.adminTime = .milliseconds(300)
        try await Self.serve(limits) { port in
            let answers = [try await exchange("", port: port), try await exchange(Self.request, port: port)]
            #expect(answers == ["", ""])
        }
    }

    @Test("Connections beyond the limit are closed at once, and there is place again when one has ended") func many()
        async throws
    {
        var limits = AdminLimits()
        limits.adminConnections = 2
        limits.adminTime = .seconds(600)
        try await Self.serve(limits) { port in
            let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            var open: [any Channel] = []
            for _ in 0..<2 { open.append(try await bootstrap.connect(host: "127.0.0.1", port: port).get()) }
            // Both are accepted before this one, because they came first.
            #expect(try await exchange(Self.request + "\r\n", port: port) == "")
            try await open[0].close()
            try await until { (try? await exchange(Self.request + "\r\n", port: port))?.hasSuffix("page") == true }
            try await open[1].close()
        }
    }

    @Test("The relay's health is told as at the port of the devices, and draining is not ready") func health()
        async throws
    {
        var configuration = RelayConfiguration()
        configuration.admin = ListenAddress(host: "localhost", port: 0)
        try await withRelay(configuration) { server, _ in
            let port = try await server.adminAddresses[0].port
            for path in ["/health/live", "/health/ready", "/health/joined"] {
                let answer = try await exchange("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n", port: port)
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("ok"))
            }
        }
    }

    @Test("An admin port that can't be had ends the start, and without one there is none") func cannotListen()
        async throws
    {
        var configuration = RelayConfiguration()
        configuration.admin = ListenAddress(host: "192.0.2.99", port: 9)
        let server = RelayServer(configuration: configuration, logger: quietLogger)
        await #expect(throws: RelayError.self) { try await server.run() }
        try await withRelay { server, _ in
            let addresses = try await server.adminAddresses
            #expect(addresses == [])
        }
    }

    @Test("An admin port that other machines may reach is warned of", arguments: [("0.0.0.0", true), ("::1", false)])
    func warning(host: String, isWarned: Bool) async throws {
        let keeper = LogKeeper()
        var configuration = RelayConfiguration()
        configuration.admin = ListenAddress(host: host, port: 0)
        try await withRelay(configuration, logger: keeper.logger) { _, _ in }
        #expect(keeper.lines.contains { $0.hasPrefix("warning other machines may reach the admin port") } == isWarned)
    }
}
