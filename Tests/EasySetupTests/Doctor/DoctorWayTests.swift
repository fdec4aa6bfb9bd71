import EasySetupHandshake
import Foundation
import TestSupport
import Testing

/// Tests of the lines of `easysetup doctor` about proxies and other machines between a device and its relay. Every
/// fault is that of a real proxy, or of a middlebox on loopback.
@Suite("The doctor, and what stands on the way", .inTurn, .timeLimit(.minutes(60))) struct DoctorWayTests {
    let folder = ScratchFolder()

    private func look(
        _ upgrades: Middlebox.Upgrades = .pass,
        calls: @escaping @Sendable (Int) -> Middlebox.Calls = { _ in .pass }
    ) async throws -> Look {
        let (relay, port) = try await Program.relay()
        defer { relay.stop() }
        return try await Middlebox.run(before: port, upgrades: upgrades, calls: calls) { _, address in
            try await Look.at("ws://\(address.authority)", watch: 1)
        }
    }

    private static let forbidden = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"

    @Test(
        "A WebSocket that is refused, cut off, swallowed, or loses its frames: devices pair by long polling",
        arguments: [
            (Middlebox.Upgrades.answer(forbidden), "status 403"), (.hangUp, "is swallowed"), (.ignore, "is swallowed"),
            (.swallowFrames, "swallows them"), (.endAtFrames, "swallows them"),
        ]
    )
    func webSocket(upgrades: Middlebox.Upgrades, message: String) async throws {
        let look = try await look(upgrades)
        look.expect(warnings: ["websocket"])
        let finding = try look.finding("websocket")
        #expect(finding.message.contains(message), "\(finding)")
        #expect(finding.advice?.contains("proxy_set_header Upgrade") == true)
        #expect(try look.finding("pairing-websocket").verdict == "skipped")
        for check in ["pairing-long-polling", "round-trip-long-polling", "quiet-call"] {
            #expect(try look.finding(check).verdict == "good", "\(check)")
        }
    }

    @Test("Calls that are refused: devices pair by WebSocket") func calls() async throws {
        let look = try await look(calls: { _ in .answer(Self.forbidden) })
        look.expect(warnings: ["long-polling"])
        #expect(try look.finding("pairing-long-polling").verdict == "skipped")
        #expect(try look.finding("pairing-websocket").verdict == "good")
    }

    @Test("Answers that are held back until their request is over") func heldBack() async throws {
        // Three requests are answered at once: the probe, the first frame, and the poll for what came of it.
        let look = try await look(calls: { $0 > 3 ? .holdAnswer : .pass })
        look.expect(warnings: ["long-polling"])
        let finding = try look.finding("long-polling")
        #expect(finding.message.contains("held back"), "\(finding)")
        #expect(finding.advice?.contains("proxy_buffering off") == true)
    }

    @Test("Neither transport gets through: there is no relay for this device") func neither() async throws {
        let look = try await look(.answer(Self.forbidden), calls: { _ in .answer(Self.forbidden) })
        look.expect(wrong: ["relay"])
        #expect(try look.finding("relay").cause == "forbidden")
    }

    struct Proxy: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// The lines of nginx beside `proxy_pass`.
        var lines: String
        var watch = 0
        var warnings: [String] = []
        var message = ""
    }

    private static let upgrade = """
        proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";
        """

    @Test(
        "nginx with the fault that operators leave in it",
        .enabled(if: ReverseProxy.Kind.nginx.program != nil, "nginx is not installed: scripts/setup --tests"),
        arguments: [
            Proxy(testDescription: "nothing amiss", lines: upgrade, watch: 1),
            Proxy(
                testDescription: "the upgrade is not passed on",
                lines: "",
                warnings: ["websocket"],
                message: "The header Upgrade is lost"
            ),
            Proxy(
                testDescription: "HTTP/1.0 with an upgrade",
                lines: "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;",
                warnings: ["websocket"],
                message: "headers that belong to it are lost"
            ),
            Proxy(
                testDescription: "the subprotocol is lost in the request",
                lines: upgrade + "proxy_set_header Sec-WebSocket-Protocol \"\";",
                warnings: ["websocket"],
                message: "Sec-WebSocket-Protocol is lost in the request"
            ),
            Proxy(
                testDescription: "the subprotocol is lost in the answer",
                lines: upgrade + "proxy_hide_header Sec-WebSocket-Protocol;",
                warnings: ["websocket"],
                message: "Sec-WebSocket-Protocol is lost in the answer"
            ),
            Proxy(
                testDescription: "the type of a call's body is lost",
                lines: upgrade + "proxy_set_header Content-Type \"\";",
                warnings: ["long-polling"],
                message: "Content-Type is lost"
            ),
            Proxy(
                testDescription: "a header of answers is lost",
                lines: upgrade + "proxy_hide_header Cache-Control;",
                warnings: ["long-polling"],
                message: "Cache-Control of answers is lost"
            ),
            Proxy(
                testDescription: "little patience",
                lines: upgrade + "proxy_read_timeout 2s;",
                watch: 6,
                warnings: ["quiet-websocket", "quiet-call"],
                message: "was closed, after"
            ),
        ]
    )
    func nginx(_ proxy: Proxy) async throws {
        let (relay, port) = try await Program.relay()
        defer { relay.stop() }
        let server = try #require(
            ReverseProxy.nginx { own in
                """
                server {
                    listen 127.0.0.1:\(own);
                    location /easysetup/ { proxy_pass http://127.0.0.1:\(port); \(proxy.lines) }
                }
                """
            }
        )
        try await server.run { address in
            let look = try await Look.at("ws://\(address.authority)", watch: proxy.watch)
            look.expect(warnings: proxy.warnings)
            let server = try look.finding("relay").message
            #expect(server.contains("another server (nginx/") && server.contains("health page is not passed on"))
            if let check = proxy.warnings.first {
                let finding = try look.finding(check)
                #expect(finding.message.contains(proxy.message), "\(finding)")
                #expect(finding.advice?.contains("nginx") == true || finding.advice?.contains("proxy") == true)
            }
        }
    }

    @Test(
        "HAProxy with the fault that operators leave in it",
        .enabled(if: ReverseProxy.Kind.haproxy.program != nil, "HAProxy is not installed: scripts/setup --tests"),
        arguments: [
            Proxy(testDescription: "nothing amiss", lines: "timeout tunnel 120s", watch: 1),
            Proxy(
                testDescription: "the upgrade is not passed on",
                lines: "http-request del-header Upgrade",
                warnings: ["websocket"],
                message: "The header Upgrade is lost"
            ),
            Proxy(
                testDescription: "the subprotocol is lost in the answer",
                lines: "http-response del-header Sec-WebSocket-Protocol",
                warnings: ["websocket"],
                message: "Sec-WebSocket-Protocol is lost in the answer"
            ),
            Proxy(
                testDescription: "the type of a call's body is lost",
                lines: "http-request del-header Content-Type",
                warnings: ["long-polling"],
                message: "Content-Type is lost"
            ),
            Proxy(
                testDescription: "little patience",
                lines: "timeout tunnel 2s\n    timeout server 2s",
                watch: 6,
                warnings: ["quiet-websocket", "quiet-call"],
                message: "was closed, after"
            ),
        ]
    )
    func haproxy(_ proxy: Proxy) async throws {
        let words = "Away on 1 December, 8:00 to 9:00 UTC."
        let relay = try Running([
            "relay", "--listen", "127.0.0.1:0", "--trusted-proxy", "127.0.0.1", "--forwarded-header",
            "x-forwarded-for", "--message", words, "--json",
        ])
        defer { relay.stop() }
        let port = try #require(try await relay.event("listening")["port"] as? Int)
        let server = try #require(
            ReverseProxy.haproxy { own in
                """
                frontend devices
                    bind 127.0.0.1:\(own)
                    default_backend relay
                backend relay
                    option forwardfor
                    option httpchk GET /health/live
                    \(proxy.lines)
                    server one 127.0.0.1:\(port)
                """
            }
        )
        try await server.run { address in
            let look = try await Look.at("ws://\(address.authority)", watch: proxy.watch)
            look.expect(warnings: proxy.warnings)
            #expect(look.message == words)
            if let check = proxy.warnings.first {
                let finding = try look.finding(check)
                #expect(finding.message.contains(proxy.message), "\(finding)")
                #expect(finding.advice?.contains("HAProxy") == true || finding.advice?.contains("proxy") == true)
            } else {
                #expect(try look.finding("relay").verdict == "good")
                #expect(try look.finding("pairing-websocket").verdict == "good")
                #expect(try look.finding("pairing-long-polling").verdict == "good")
            }
        }
    }

    @Test("A proxy of this device: it is named without its password, and its refusals are told") func tunnel()
        async throws
    {
        let made = try await MadeCertificate.make(
            in: folder.path,
            "relay",
            names: "DNS:relay.example",
            more: ["basicConstraints = CA:TRUE"]
        )
        let relay = try Running([
            "relay", "--listen", "127.0.0.1:0", "--tls-certificate", made.certificate, "--tls-key", made.key, "--json",
        ])
        defer { relay.stop() }
        let target = try #require(try await relay.event("listening")["port"] as? Int)
        try await ConnectProxy.run(to: target) { proxy, port in
            let variables = ["HTTPS_PROXY": "http://me:secret@127.0.0.1:\(port)"]
            let options = ["--ca-file", made.certificate]
            let through = try await Look.at("wss://relay.example", options, variables: variables)
            through.expect()
            #expect(
                try through.finding("proxy").message
                    == "Devices here go through the proxy http://127.0.0.1:\(port), named by HTTPS_PROXY."
            )
            #expect(!through.text.contains("secret"))
            #expect(try through.finding("pairing-websocket").verdict == "good")
            proxy.turn(.answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"))
            let refused = try await Look.at("wss://relay.example", options, variables: variables)
            refused.expect(wrong: ["tls"])
            #expect(try refused.finding("tls").cause == "proxy-refuses")
            let local = try await Look.at("wss://127.0.0.1:\(target)", options, variables: variables)
            #expect(try local.finding("proxy").message.contains("is not used, because the relay is on this machine"))
            let closed = ["HTTPS_PROXY": "http://127.0.0.1:\(try FreePort.below30000())"]
            let away = try await Look.at("wss://relay.example", options, variables: closed)
            away.expect(wrong: ["port"])
            #expect(try away.finding("port").cause == "proxy-unreachable")
            let socks = try await Look.at("wss://relay.example", variables: ["ALL_PROXY": "socks5://127.0.0.1:1"])
            socks.expect(wrong: ["proxy"])
        }
    }
}
