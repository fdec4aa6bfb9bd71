import EasySetupHandshake
import EasySetupRelay
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetup

/// Whole pairings through a CONNECT proxy, by which the devices reach the network.
@Suite("A CONNECT proxy", .inTurn, .timeLimit(.minutes(60))) struct TunnelTests {
    private let folder = ScratchFolder()

    private func settings(_ port: Int, _ userinfo: String = "") throws -> ProxySettings {
        .proxy(try ProxyAddress(url: "http://\(userinfo)127.0.0.1:\(port)"))
    }

    private func relay(_ host: String = "relay.test", isPlain: Bool) throws -> RelayAddress {
        try #require(RelayAddress(host: host, port: 4_443, isPlain: isPlain))
    }

    @Test(
        "Devices pair through the proxy, with TLS and without, through both transports",
        arguments: [true, false],
        [true, false]
    )
    func pair(tls: Bool, webSocket: Bool) async throws {
        let made = try await MadeCertificate.make(in: folder.path, "relay", names: "DNS:relay.test")
        try await LiveRelay.run(configure: {
            if tls { $0.certificate = CertificateFiles(certificate: made.certificate, key: made.key) }
        }) { live in
            try await Middlebox.run(before: live.address.port, upgrades: webSocket ? .pass : .hangUp) { _, box in
                // The middlebox can block a transport only on connections without TLS.
                let target = tls ? live.address.port : box.port
                try await ConnectProxy.run(to: target, webSocket ? .tunnel : .slowTunnel) { proxy, port in
                    let address = try relay(isPlain: !tls)
                    let devices = TwoDevices(
                        offerer: address,
                        visitor: address,
                        roots: TrustedRoots(pemFile: made.certificate),
                        proxies: try settings(port, "me:pass%20word@")
                    )
                    let transports = try await devices.pair()
                    let transport = tls || webSocket ? "websocket" : "long-polling"
                    #expect(transports == .init(transport, visitor: transport))
                    let head = try #require(proxy.heads.first)
                    #expect(head.hasPrefix("CONNECT relay.test:4443 HTTP/1.1\r\nHost: relay.test:4443\r\n"))
                    #expect(head.contains("\r\nProxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r\n"))
                }
            }
        }
    }

    @Test(
        "Devices pair through the proxy by long polling with TLS, where the server behind it passes no WebSocket",
        .enabled(if: ReverseProxy.Kind.nginx.program != nil, "nginx is not installed: scripts/setup --tests")
    )
    func longPollingWithTLS() async throws {
        let made = try await MadeCertificate.make(in: folder.path, "relay", names: "DNS:relay.test")
        try await LiveRelay.run { live in
            let nginx = ReverseProxy.nginx(tls: true) { port in
                """
                server {
                    listen 127.0.0.1:\(port) ssl;
                    ssl_certificate \(made.certificate);
                    ssl_certificate_key \(made.key);
                    location / { proxy_pass http://127.0.0.1:\(live.address.port); }
                }
                """
            }
            try await #require(nginx).run { behind in
                try await ConnectProxy.run(to: behind.port) { proxy, port in
                    let address = try relay(isPlain: false)
                    let devices = TwoDevices(
                        offerer: address,
                        visitor: address,
                        roots: TrustedRoots(pemFile: made.certificate),
                        proxies: try settings(port)
                    )
                    let transports = try await devices.pair()
                    #expect(transports == .init("long-polling", visitor: "long-polling"))
                    #expect(!proxy.heads.isEmpty)
                }
            }
        }
    }

    @Test("A device may connect to the proxy over TLS, with authorities of its own") func overTLS() async throws {
        let made = try await MadeCertificate.make(in: folder.path, "relay", names: "DNS:relay.test")
        let proxys = try await MadeCertificate.make(in: folder.path, "proxy", names: "IP:127.0.0.1")
        try await LiveRelay.run(configure: {
            $0.certificate = CertificateFiles(certificate: made.certificate, key: made.key)
        }) { relay in
            try await ConnectProxy.run(to: relay.address.port, tls: proxys) { _, port in
                let address = try self.relay(isPlain: false)
                let proxy = try ProxyAddress(url: "https://127.0.0.1:\(port)")
                var devices = TwoDevices(
                    offerer: address,
                    visitor: address,
                    roots: TrustedRoots(pemFile: made.certificate),
                    proxies: .proxy(proxy, roots: TrustedRoots(pemFile: proxys.certificate))
                )
                let transports = try await devices.pair()
                #expect(transports == .init("websocket", visitor: "websocket"))
                devices.proxies = .proxy(proxy, roots: devices.roots)
                let failure = try await self.failure(at: address, devices.proxies, roots: devices.roots)
                #expect(failure == .proxyFailed(.untrusted(.selfSigned)))
                // The fault is in the proxy's certificate, so the advice must name the variable for a proxy's
                // authorities.
                #expect(failure?.advice.contains("SSL_CERT_FILE") == true)
                #expect(failure?.advice.contains("--ca-file") == false)
            }
        }
    }

    private func failure(
        at address: RelayAddress,
        _ proxies: ProxySettings,
        roots: TrustedRoots = .system,
        within time: Duration = .seconds(60)
    ) async throws -> PairingError? {
        var limits = ClientLimits.unhurried
        limits.connectTimeout = time
        limits.callTimeout = time
        return try await offerFailure(at: address, roots: roots, by: proxies, limits: limits)
    }

    @Test("Each failure of the proxy has a name") func failures() async throws {
        let big = "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 20_000) + "\r\n\r\n"
        let cases: [(ConnectProxy.Way, PairingError)] = [
            (.hangUp, .proxyFailed(.cut)),
            (.answer("SSH-2.0-OpenSSH\r\n"), .proxyFailed(.garbled)), (.answer(big), .proxyFailed(.garbled)),
            (.answer("HTTP/1.1 407 No\r\n\r\n"), .proxyFailed(.credentials(given: false))),
            (.answer("HTTP/1.1 403 No\r\n\r\n"), .proxyFailed(.refuses(status: 403))),
            (.answer("HTTP/1.1 405 No\r\n\r\n"), .proxyFailed(.refuses(status: 405))),
            (
                .answer("HTTP/1.1 503 No\r\nRetry-After: 30\r\n\r\n"),
                .proxyFailed(.reachesNothing(status: 503, retryAfter: .seconds(30)))
            ),
            (.answer("HTTP/1.1 502 No\r\n\r\n"), .proxyFailed(.reachesNothing(status: 502, retryAfter: .zero))),
            (.answer("HTTP/1.1 511 No\r\n\r\n"), .notARelay(.signIn)),
            (.answer("HTTP/1.1 302 Found\r\nLocation: http://in.example/\r\n\r\n"), .notARelay(.signIn)),
        ]
        try await ConnectProxy.run(to: 1, .silent) { _, port in
            let failure = try await self.failure(at: relay(isPlain: true), settings(port), within: .seconds(1))
            #expect(failure == .proxyFailed(.silent))
        }
        for (way, error) in cases {
            try await ConnectProxy.run(to: 1, way) { _, port in
                let failure = try await self.failure(at: relay(isPlain: true), settings(port))
                #expect(failure == error)
            }
        }
        try await ConnectProxy.run(to: 1, .answer("HTTP/1.1 407 No\r\n\r\n")) { _, port in
            let failure = try await self.failure(at: relay(isPlain: true), settings(port, "me:secret@"))
            #expect(failure == .proxyFailed(.credentials(given: true)))
        }
        // Proxies that offer nothing for which this device has something to give, with its name and password or without.
        for (lines, schemes) in [
            (["NTLM"], ["NTLM"]), (["Negotiate", "NTLM TlRMTVNTUAAC"], ["Negotiate", "NTLM"]),
            ([#"Digest realm="a, Basic b", qop="auth", algorithm = SHA-256"#], ["Digest"]),
        ] {
            let headers = lines.map { "Proxy-Authenticate: \($0)\r\n" }.joined()
            try await ConnectProxy.run(to: 1, .answer("HTTP/1.1 407 No\r\n\(headers)\r\n")) { _, port in
                for userinfo in ["", "me:secret@"] {
                    let failure = try await self.failure(at: relay(isPlain: true), settings(port, userinfo))
                    #expect(failure == .proxyFailed(.otherCredentials(schemes: schemes)))
                }
            }
        }
        let basic = "HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM, basic realm=\"x\"\r\n\r\n"
        try await ConnectProxy.run(to: 1, .answer(basic)) { _, port in
            let failure = try await self.failure(at: relay(isPlain: true), settings(port))
            #expect(failure == .proxyFailed(.credentials(given: false)))
        }
        let failure = try await self.failure(at: relay(isPlain: true), settings(1))
        #expect(failure == .proxyFailed(.unreachable(.refused)))
        let zoneless = ProxySettings.proxy(try ProxyAddress(url: "http://[fe80::1]:1"))
        let fault = try await self.failure(at: relay(isPlain: true), zoneless)
        #expect(fault == .proxyFailed(.unreachable(.zoneMissing)))
        // The client uses TLS to a proxy that does not speak TLS.
        try await Impostor.answer("HTTP/1.1 400 Bad Request\r\n\r\n").run { port in
            let proxies = ProxySettings.proxy(
                try ProxyAddress(url: "https://127.0.0.1:\(port)"),
                roots: TrustedRoots(pemFile: try MadeCertificate.loopback.get().certificate)
            )
            let failure = try await self.failure(at: relay(isPlain: true), proxies)
            #expect(failure == .proxyFailed(.unreachable(.noTLS)))
            #expect(failure?.advice.contains("ws://") == false && failure?.advice.contains("http://") == true)
        }
    }

    @Test("An IP address behind the proxy is compared with the relay's certificate, not with the proxy's address")
    func addressBehind() async throws {
        let proxys = try await MadeCertificate.make(in: folder.path, "proxy", names: "IP:127.0.0.1")
        let relays = try await MadeCertificate.make(in: folder.path, "relay", names: "IP:192.0.2.7")
        for (made, isRight) in [(proxys, false), (relays, true)] {
            try await LiveRelay.run(configure: {
                $0.certificate = CertificateFiles(certificate: made.certificate, key: made.key)
            }) { live in
                try await ConnectProxy.run(to: live.address.port) { _, port in
                    let address = try relay("192.0.2.7", isPlain: false)
                    let roots = TrustedRoots(pemFile: made.certificate)
                    if isRight {
                        let devices = TwoDevices(
                            offerer: address,
                            visitor: address,
                            roots: roots,
                            proxies: try settings(port)
                        )
                        _ = try await devices.pair()
                    } else {
                        let failure = try await self.failure(at: address, settings(port), roots: roots)
                        let wrong = Untrusted.wrongName(host: "192.0.2.7", names: ["127.0.0.1"])
                        #expect(failure == .relayUntrusted(wrong))
                    }
                }
            }
        }
    }

    @Test("A relay on this machine is reached without the proxy, and so are the hosts that are excluded") func around()
        async throws
    {
        try await LiveRelay.run { live in
            try await ConnectProxy.run(to: live.address.port) { proxy, port in
                let devices = TwoDevices(offerer: live.address, visitor: live.address, proxies: try settings(port))
                _ = try await devices.pair()
                #expect(proxy.heads.isEmpty)
            }
        }
    }
}
