import EasySetupHandshake
import TestSupport
import Testing

@testable import EasySetup

@Suite("Proxy settings") struct ProxySettingsTests {
    private func proxy(_ variables: [String: String], for url: String = "wss://relay.example") throws -> String? {
        let relay = try RelayAddress(url: url, allowPlain: true)
        return try ProxySettings.proxy(to: relay) { variables[$0] }.map {
            ($0.isTLS ? "tls " : "") + $0.description
        }
    }

    @Test("The variables are curl's, in curl's order") func variables() throws {
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
        "The settings leave out the hosts in NO_PROXY",
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
        "NO_PROXY may have addresses and blocks",
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

    @Test("A proxy's address is read in all its forms") func forms() throws {
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

    @Test("No error and no text of the settings shows a password") func secrets() throws {
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

    @Test("An answer to CONNECT is the same however its bytes come") func pieces() {
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
