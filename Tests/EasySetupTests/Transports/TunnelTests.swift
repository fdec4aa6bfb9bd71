import EasySetupHandshake
import EasySetupRelay
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetup

/// Whole pairings through a CONNECT proxy, by which the devices reach the network.
@Suite("A proxy on the way out", .inTurn, .timeLimit(.minutes(60))) struct TunnelTests {
    private let folder = ScratchFolder()

    private func settings(_ port: Int, _ userinfo: String = "") throws -> ProxySettings {
        .proxy(try ProxyAddress(url: "http://\(userinfo)127.0.0.1:\(port)"))
    }

    private func relay(_ host: String = "relay.test", isPlain: Bool) throws -> RelayAddress {
        try #require(RelayAddress(host: host, port: 4_443, isPlain: isPlain))
    }

    @Test(
        "devices pair through it, with TLS and without, through both transports",
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
        "devices pair through it by long polling with TLS, where what stands behind it passes no WebSocket",
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

    @Test("a proxy may be spoken to over TLS, with authorities of its own") func overTLS() async throws {
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
        limits.reachTimeout = .zero
        let client = PairingClient(
            name: DeviceName(cleaning: "one")!,
            store: MemorySeedStore(.random()),
            roots: roots,
            proxies: proxies,
            limits: limits
        )
        return try await Watch(client.offer(at: address) { _ in .decline }).failure()
    }

    @Test("each of its failures has a name") func failures() async throws {
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

    @Test("an IP address behind it is compared with the relay's certificate, not with the proxy's address")
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

    @Test("a relay on this machine is reached without it, and so are the hosts that are excepted") func around()
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

@Suite("Proxy settings") struct ProxySettingsTests {
    private func proxy(_ variables: [String: String], for url: String = "wss://relay.example") throws -> String? {
        let relay = try RelayAddress(url: url, allowPlain: true)
        return try ProxySettings.proxy(to: relay) { variables[$0] }.map {
            ($0.isTLS ? "tls " : "") + $0.description
        }
    }

    @Test("are curl's variables in curl's order") func variables() throws {
        let all = ["https_proxy": "a:1", "HTTPS_PROXY": "b:2", "all_proxy": "c:3", "ALL_PROXY": "d:4"]
        var left = all
        for (name, answer) in [
            ("https_proxy", "a:1"), ("HTTPS_PROXY", "b:2"), ("all_proxy", "c:3"), ("ALL_PROXY", "d:4"),
        ] {
            #expect(try proxy(left) == answer)
            left[name] = nil
        }
        #expect(try proxy(left) == nil)
        #expect(try proxy(all, for: "ws://relay.example") == "c:3")
        #expect(try proxy(["http_proxy": "e:5"], for: "ws://relay.example") == "e:5")
        // A web server gives a CGI program a client's `Proxy` header as `HTTP_PROXY`, so the client ignores this
        // variable.
        #expect(try proxy(["HTTP_PROXY": "e:5"], for: "ws://relay.example") == nil)
        #expect(try proxy(["https_proxy": "", "ALL_PROXY": "d:4"]) == nil)
        for host in ["localhost", "127.0.0.1", "[::1]"] { #expect(try proxy(all, for: "wss://\(host)") == nil) }
    }

    @Test(
        "leave out what NO_PROXY lists",
        arguments: [
            ("*", true), ("relay.example", true), ("example", true), (".example", true), ("*.example", true),
            ("EXAMPLE.", true), ("lay.example", false), ("relay.example.org", false), ("a, b,relay.example", true),
            ("a relay.example", true), ("relay.example:443", true), ("relay.example:80", false), ("", false),
            ("10.0.0.0/8", false), ("**", false),
        ]
    )
    func noProxy(list: String, isListed: Bool) throws {
        #expect(try (proxy(["https_proxy": "a:1", "no_proxy": list]) == nil) == isListed)
        #expect(try (proxy(["https_proxy": "a:1", "NO_PROXY": list]) == nil) == isListed)
    }

    @Test(
        "know addresses and blocks",
        arguments: [
            ("10.1.2.3", "10.1.2.3", true), ("10.1.2.3", "10.0.0.0/8", true), ("10.1.2.3", "10.1.2.0/31", false),
            ("10.1.2.3", "10.1.2.2/31", true), ("10.1.2.3", "0.0.0.0/0", true), ("10.1.2.3", "2.3", false),
            ("10.1.2.3", "10.1.2.3:443", true), ("10.1.2.3", "10.0.0.0/33", false),
            ("[2001:db8::1]", "2001:db8:0::1", true), ("[2001:db8::1]", "[2001:DB8::1]", true),
            ("[2001:db8::1]", "[2001:db8::1]:443", true), ("[2001:db8::1]", "2001:db8::/32", true),
            ("[2001:db8::1]", "2001:db9::/32", false), ("[fe80::1%25eth0]", "fe80::/10", true),
            ("[2001:db8::1]", "0.0.0.0/0", false),
        ]
    )
    func blocks(host: String, list: String, isListed: Bool) throws {
        #expect(try (proxy(["ALL_PROXY": "a:1", "NO_PROXY": list], for: "wss://\(host)") == nil) == isListed)
    }

    @Test("take a proxy's address in its forms") func forms() throws {
        for (url, read) in [
            ("http://proxy:3128", "proxy:3128"), ("http://proxy", "proxy:80"), ("https://proxy/", "tls proxy:443"),
            ("proxy.example:8080", "proxy.example:8080"), (" HTTP://PROXY:1 ", "proxy:1"),
            ("http://[2001:db8::1]:8080", "[2001:db8::1]:8080"), ("http://a:b@proxy:1", "proxy:1"),
            ("http://a%40b:c%3Ad@proxy:1", "proxy:1"), ("http://a@proxy:1", "proxy:1"),
            ("http://My_Proxy:9", "my_proxy:9"), ("http://proxy:9/", "proxy:9"), ("http://a:b@proxy:9/x/y", "proxy:9"),
            ("http://[fe80::1%br_Lan]:9", "[fe80::1%br_Lan]:9"),
        ] {
            #expect(try proxy(["https_proxy": url]) == read)
        }
        let address = try ProxyAddress(url: "http://Aladdin:open%20sesame@proxy:1")
        #expect(address.request(for: "r:443").contains("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"))
        #expect(try ProxyAddress(url: "http://a@proxy").request(for: "r:443").contains("Basic YTo=\r\n"))
        #expect(try !ProxyAddress(url: "http://proxy").request(for: "r:443").contains("Authorization"))
    }

    @Test("show no password, neither where they are right nor where they are wrong") func secrets() throws {
        let address = try ProxyAddress(url: "http://name:hunter2@proxy:1")
        var dumped = "\(address)\(String(reflecting: address))\(ProxySettings.proxy(address))"
        dump(address, to: &dumped)
        dump(ProxySettings.proxy(address), to: &dumped)
        #expect(!dumped.contains("hunter2") && !dumped.contains("name:") && !dumped.contains("Basic"))
        for url in [
            "http://name:hunter2@", "http://name:hunter2@proxy:0", "http://name:hunter2@proxy:65536", "http://",
            "http://name:hunter2@proxy[/path", "ftp://name:hunter2@proxy", "http://name:hunter2%0d%0a@proxy:1",
            "http://name:hunter2%zz@proxy:1", "http://na%3Ame:hunter2@proxy:1", "http://name:hunter2@pro xy",
            "http://proxy?hunter2", "name:hunter2",
        ] {
            do throws(PairingError) {
                _ = try ProxyAddress(url: url)
                Issue.record("\(url) is read")
            } catch {
                #expect(error == .proxyAddress(.unreadable), "\(url)")
                #expect(!"\(error) \(error.advice)".contains("hunter2"))
            }
        }
        for scheme in ["socks", "socks4", "socks4a", "socks5", "SOCKS5h"] {
            #expect(throws: PairingError.proxyAddress(.kind(scheme.lowercased()))) {
                try ProxyAddress(url: "\(scheme)://name:hunter2@proxy:1080")
            }
        }
    }

    @Test("an answer to CONNECT is the same however its bytes come") func pieces() {
        for (text, step) in [
            ("HTTP/1.1 200 OK\r\n\r\nrest", TunnelAnswer.Step.open(rest: Array("rest".utf8))),
            ("HTTP/1.0 299\n\n", .open(rest: [])),
            ("HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", .open(rest: [])),
            ("HTTP/1.1 200 OK\r\nA: b\r\n", .more), ("HTTP/2 200\r\n\r\n", .failed(.proxyFailed(.garbled))),
            ("HTTP/1.1 2000\r\n\r\n", .failed(.proxyFailed(.garbled))),
        ] {
            var whole = TunnelAnswer(limit: 64, isCredentialed: false)
            #expect(whole.read(text.utf8, now: 0) == step)
            var pieces = TunnelAnswer(limit: 64, isCredentialed: false)
            var last = TunnelAnswer.Step.more
            var rest: [UInt8] = []
            for byte in text.utf8 {
                if case .open = last { rest.append(byte) } else if last == .more { last = pieces.read([byte], now: 0) }
            }
            if case .open(let first) = last { last = .open(rest: first + rest) }
            #expect(last == step)
        }
        var long = TunnelAnswer(limit: 64, isCredentialed: false)
        let endless = Array("HTTP/1.1 200 OK\r\n".utf8) + [UInt8](repeating: 0x41, count: 64)
        #expect(long.read(endless, now: 0) == .failed(.proxyFailed(.garbled)))
    }
}

@Suite("A relay's address with a zone") struct ZoneTests {
    @Test("is read as RFC 6874 and as systems write it") func read() throws {
        for text in ["wss://[fe80::1%25eth0]:4443", "wss://[FE80::1%eth0]:4443"] {
            let address = try RelayAddress(url: text)
            #expect(address.host == "fe80::1%eth0" && address.zone == "eth0")
            #expect(address.authority == "[fe80::1%eth0]:4443")
            #expect(address.authorityWithoutZone == "[fe80::1]:4443")
        }
        #expect(try RelayAddress(url: "ws://[fe80::1%Wlan0.1]", allowPlain: true).zone == "Wlan0.1")
        #expect(throws: RelayAddressError.plain) { try RelayAddress(url: "ws://[fe80::1%eth0]") }
    }

    @Test(
        "is refused where it means nothing",
        arguments: [
            "[2001:db8::1%eth0]", "[::1%lo]", "[fe80::1%]", "[fe80::1%25]", "[fe80::1%a/b]", "127.0.0.1%lo",
            "[fe8::1%a]",
        ]
    )
    func refuse(host: String) {
        #expect(throws: RelayAddressError.self) { try RelayAddress(url: "wss://\(host)") }
    }

    @Test("stands in no link") func links() throws {
        let relay = try RelayAddress(url: "wss://[fe80::1%eth0]")
        #expect(RelayAddress(authority: relay.authority[...], isPlain: false) == nil)
    }

    @Test("what is wrong with an address is told") func faults() {
        for (text, error) in [
            ("ftp://relay.example", RelayAddressError.scheme), ("wss://relay.example/x", .path),
            ("wss://relay.example?x", .path), ("wss://me@relay.example", .user), ("wss://relay.example:0", .port),
            ("wss://relay.example:65536", .port), ("wss://r\u{E9}lay.example", .notASCII), ("wss://", .unreadable),
            ("wss://relay.example:+1", .port), ("wss://relay.example:", .port), ("wss://[::1]:x", .port),
            ("::1", .unreadable), ("wss://a:1:2", .unreadable), ("wss://my_relay", .unreadable),
            ("wss://[::1", .unreadable),
        ] {
            #expect(throws: error, "\(text)") { try RelayAddress(url: text) }
        }
        #expect((try? RelayAddress(url: "WSS://Relay.Example.:443"))?.host == "relay.example.")
        // A copied address, or one from a file, often has white space around it.
        #expect((try? RelayAddress(url: " \twss://relay.example:4443/\r\n"))?.authority == "relay.example:4443")
    }
}
