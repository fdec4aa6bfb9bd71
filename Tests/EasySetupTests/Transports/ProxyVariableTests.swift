import EasySetupHandshake
import EasySetupRelay
import Foundation
import TestSupport
import Testing

@testable import EasySetup

/// The environment's proxy variables, tried with a program that can reach the relay only by a proxy.
@Suite("The program behind a proxy", .inTurn, .timeLimit(.minutes(60))) struct ProxyVariableTests {
    private let folder = ScratchFolder()

    /// An environment variable that names a proxy. Only the proxy can find the address of the relay's name.
    struct Case: Sendable, CustomTestStringConvertible {
        var variable: String
        var tls = false
        var webSocket = true
        var proxysTLS = false

        var testDescription: String {
            "\(variable)\(tls ? " tls" : "")\(webSocket ? "" : " http")\(proxysTLS ? " to https" : "")"
        }
    }

    @Test(
        "Devices pair through the proxy, whichever variable names it, with its name and password",
        arguments: [
            Case(variable: "http_proxy"), Case(variable: "http_proxy", webSocket: false), Case(variable: "all_proxy"),
            Case(variable: "ALL_PROXY", webSocket: false), Case(variable: "https_proxy", tls: true),
            Case(variable: "HTTPS_PROXY", tls: true), Case(variable: "ALL_PROXY", tls: true),
            Case(variable: "HTTPS_PROXY", tls: true, proxysTLS: true),
        ]
    )
    func pair(by way: Case) async throws {
        let made = try await MadeCertificate.make(in: folder.path, "relay", names: "DNS:relay.test,IP:127.0.0.1")
        try await LiveRelay.run(configure: {
            if way.tls { $0.certificate = CertificateFiles(certificate: made.certificate, key: made.key) }
        }) { live in
            try await Middlebox.run(before: live.address.port, upgrades: way.webSocket ? .pass : .hangUp) { _, box in
                let target = way.tls ? live.address.port : box.port
                try await ConnectProxy.run(to: target, tls: way.proxysTLS ? made : nil) { proxy, port in
                    let scheme = way.proxysTLS ? "https" : "http"
                    let variables = [
                        way.variable: "\(scheme)://me:pass%20word@127.0.0.1:\(port)", "SSL_CERT_FILE": made.certificate,
                    ]
                    let userIDs = try await pair(way.tls ? "wss" : "ws", roots: made.certificate, variables)
                    #expect(userIDs.count == 1)
                    #expect(proxy.heads.count >= 2)
                    for head in proxy.heads {
                        #expect(head.hasPrefix("CONNECT relay.test:4443 HTTP/1.1\r\n"))
                        #expect(head.contains("\r\nProxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r\n"))
                    }
                }
            }
        }
    }

    /// Runs a whole pairing of two processes, at `relay.test`.
    /// - Returns: the user IDs that the two processes print.
    private func pair(_ scheme: String, roots: String, _ variables: [String: String]) async throws -> Set<String> {
        let options =
            ["--relay", "\(scheme)://relay.test:4443", "--json"]
            + (scheme == "wss" ? ["--ca-file", roots] : ["--allow-plain"])
        _ = try await folder.seed("store")
        let offer = try Running(["offer", "--yes", "--store", folder.store] + options, variables: variables)
        defer { offer.stop() }
        let code = try #require(try await offer.event("offered")["code"] as? String)
        let join = try Running(["join", "--store", folder.path + "/new", code] + options, variables: variables)
        defer { join.stop() }
        var userIDs: Set<String> = []
        for process in [offer, join] {
            userIDs.insert(try #require(try await process.event("paired")["user_id"] as? String))
            #expect(await process.end() == 0)
            #expect(await !process.errors().contains("pass"))
        }
        return userIDs
    }

    @Test(
        "NO_PROXY excludes hosts in all its forms",
        arguments: [
            ("ws://relay.test:4443", "*", true), ("ws://relay.test:4443", ".test", true),
            ("ws://relay.test:4443", "relay.test", true), ("ws://relay.test:4443", " a , relay.test ", true),
            ("ws://relay.test:4443", "a relay.test", true), ("ws://relay.test:4443", "relay.test:4443", true),
            ("ws://relay.test:4443", "RELAY.TEST.", true), ("ws://0.0.0.0:1", "0.0.0.0/8", true),
            ("ws://0.0.0.0:1", "0.0.0.0", true), ("ws://[::]:1", "::/64", true), ("ws://[::]:1", "[::]:1", true),
            ("ws://relay.test:4443", "relay.test:443", false), ("ws://relay.test:4443", "lay.test", false),
            ("ws://relay.test:4443", "", false), ("ws://0.0.0.0:1", "1.0.0.0/8", false),
            ("ws://[::]:1", "1::/64", false),
        ]
    )
    func noProxy(relay: String, list: String, isListed: Bool) async throws {
        try await ConnectProxy.run(to: 1, .answer("HTTP/1.1 403 No\r\n\r\n")) { proxy, port in
            _ = try await folder.seed("store")
            for name in ["NO_PROXY", "no_proxy"] {
                let offer = try Running(
                    ["offer", "--yes", "--store", folder.store, "--relay", relay, "--allow-plain", "--json"],
                    variables: ["ALL_PROXY": "http://127.0.0.1:\(port)", name: list]
                )
                let failure = try await offer.event("failed")
                #expect(await offer.end() == 20)
                #expect(failure["error"] as? String == (isListed ? "relay-unreachable" : "proxy-failed"))
                #expect(proxy.heads.isEmpty == isListed)
            }
        }
    }

    @Test("A proxy that can't be used is reported as such") func refusals() async throws {
        _ = try await folder.seed("store")
        for (url, error, cause, code) in [
            ("socks5h://me:hunter2@127.0.0.1:1080", "proxy-address", "kind", 64),
            ("http://me:hunter2@", "proxy-address", "unreadable", 64),
            ("http://me:hunter2@127.0.0.1:1", "proxy-failed", "proxy-unreachable", 20),
            ("http://me:hunter2@proxy.invalid", "proxy-failed", "proxy-unreachable", 20),
        ] as [(String, String, String, Int32)] {
            let offer = try Running(
                [
                    "offer", "--yes", "--store", folder.store, "--relay", "wss://relay.test", "--json", "--log-level",
                    "trace",
                ],
                variables: ["ALL_PROXY": url]
            )
            let failure = try await offer.event("failed")
            #expect(failure["error"] as? String == error && failure["cause"] as? String == cause)
            #expect(await offer.end() == code)
            #expect(await !(offer.output() + offer.errors()).contains("hunter2"))
        }
    }
}
