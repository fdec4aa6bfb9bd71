import EasySetupHandshake
import Foundation
import TestSupport
import Testing

/// `easysetup doctor` in front of real relays, and of servers that are none.
@Suite("The doctor", .inTurn, .timeLimit(.minutes(60))) struct DoctorTests {
    let folder = ScratchFolder()

    /// Every check but those of an address, in their order.
    static let all = [
        "address", "proxy", "authorities", "name", "port", "tls", "relay", "clock", "websocket", "long-polling",
        "service", "pairing-websocket", "pairing-long-polling", "round-trip-websocket", "round-trip-long-polling",
        "quiet-websocket", "quiet-call",
    ]

    @Test("A healthy relay with TLS gets no warning, and no store is touched") func healthy() async throws {
        let made = try MadeCertificate.loopback.get()
        let relay = try Running([
            "relay", "--listen", "localhost:0", "--tls-certificate", made.certificate, "--tls-key", made.key, "--json",
        ])
        defer { relay.stop() }
        let port = try #require(try await relay.event("listening")["port"] as? Int)
        let variables = [
            "EASYSETUP_RELAY": "wss://localhost:\(port)", "EASYSETUP_CA_FILE": made.certificate,
            "XDG_DATA_HOME": folder.path + "/data",
        ]
        let look = try await Look.at(nil, watch: 1, variables: variables)
        look.expect()
        #expect(look.checks("good") == Self.all, "\(look.text)")
        #expect(try look.finding("address").message.contains("named by EASYSETUP_RELAY"))
        #expect(try look.finding("authorities").message.contains("named by EASYSETUP_CA_FILE"))
        #expect(try look.finding("tls").message.contains("TLS 1.3"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/data"))
        #expect(look.text.firstMatch(of: /[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3}/) == nil)
    }

    @Test("An address without TLS is looked at: without a warning on this machine") func plain() async throws {
        let (relay, port) = try await Program.relay()
        defer { relay.stop() }
        let look = try await Look.at("ws://127.0.0.1:\(port)")
        look.expect()
        #expect(look.checks("skipped") == ["authorities", "name", "tls", "quiet-websocket", "quiet-call"])
    }

    @Test("The message of the relay's operator is told as devices show it, by either transport")
    func message() async throws {
        let words = "Away on 1 December, 8:00 to 9:00 UTC."
        let (relay, port) = try await Program.relay(["--message", words])
        defer { relay.stop() }
        #expect(try await Look.at("ws://127.0.0.1:\(port)").message == words)
        let people = try await Program.run(["doctor", "ws://127.0.0.1:\(port)", "--watch", "0"])
        #expect(people.lines.contains { $0.hasPrefix("The relay says: \"") && $0.contains(words) }, "\(people.output)")
        let forbidden = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
        let calls = try await Middlebox.run(before: port, upgrades: .answer(forbidden), calls: { _ in .pass }) {
            try await Look.at("ws://\($1.authority)")
        }
        #expect(calls.message == words)
        let (silent, other) = try await Program.relay()
        defer { silent.stop() }
        #expect(try await Look.at("ws://127.0.0.1:\(other)").message == nil)
    }

    struct Certificate: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var names = "IP:127.0.0.1"
        var until = "21000101000000Z"
        var days: Int?
        var isTrusted = true
        /// The cause of the error; nil for a warning.
        var cause: String?
    }

    @Test(
        "A certificate that has expired, will soon, has another name or is not trusted is told by the line of TLS",
        arguments: [
            Certificate(testDescription: "expired", until: "20210101000000Z", cause: "expired"),
            Certificate(testDescription: "expires in five days", days: 5),
            Certificate(testDescription: "of another name", names: "DNS:other.example", cause: "wrong-name"),
            Certificate(testDescription: "not trusted", isTrusted: false, cause: "self-signed"),
        ]
    )
    func certificate(_ certificate: Certificate) async throws {
        let made = try await MadeCertificate.make(
            in: folder.path,
            "made",
            names: certificate.names,
            until: certificate.until,
            days: certificate.days,
            more: ["basicConstraints = CA:TRUE"]
        )
        // A relay refuses to start with some of these, so a proxy before it shows them.
        let proxy = try #require(
            ReverseProxy.nginx(tls: true) { port in
                """
                server {
                    listen 127.0.0.1:\(port) ssl;
                    ssl_certificate \(made.certificate);
                    ssl_certificate_key \(made.key);
                    location / { return 404; }
                }
                """
            }
        )
        try await proxy.run { address in
            let trust = certificate.isTrusted ? ["--ca-file", made.certificate] : []
            let look = try await Look.at("wss://\(address.authority)", trust)
            let tls = try look.finding("tls")
            if let cause = certificate.cause {
                #expect(tls.verdict == "wrong" && tls.cause == cause, "\(look.text)")
                look.expect(wrong: ["tls"])
                #expect(try look.finding("relay").verdict == "skipped")
            } else {
                #expect(tls.message.contains("expires in 4 days") || tls.message.contains("expires in 5 days"))
                look.expect(wrong: ["relay"], warnings: ["tls"])
            }
        }
    }

    @Test("A port at which nothing listens, and a name that does not exist") func nowhere() async throws {
        let closed = try await Look.at("ws://127.0.0.1:\(try FreePort.below30000())")
        closed.expect(wrong: ["port"])
        #expect(try closed.finding("port").cause == "refused")
        let unknown = try await Look.at("wss://relay.invalid")
        unknown.expect(wrong: ["name"])
        #expect(["name-unknown", "name-lookup"].contains(try unknown.finding("name").cause))
        for look in [closed, unknown] {
            #expect(Set(look.findings.map(\.check)) == Set(Self.all))
            #expect(try look.finding("quiet-call").verdict == "skipped")
        }
    }

    @Test(
        "A server that is no relay",
        arguments: [
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "web-server"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "sign-in"), ("220 mail\r\n", "not-http"),
        ]
    )
    func otherServer(answer: String, cause: String) async throws {
        let look = try await Impostor.answer(answer).run { try await Look.at("ws://127.0.0.1:\($0)") }
        look.expect(wrong: ["relay"])
        #expect(try look.finding("relay").cause == cause)
        #expect(try look.finding("pairing-websocket").verdict == "skipped")
    }

    @Test("TLS where the address has none, none where it has, and an address of many hosts") func schemes() async throws
    {
        let made = try MadeCertificate.loopback.get()
        try await Impostor.tls(made).run { port in
            let look = try await Look.at("ws://127.0.0.1:\(port)")
            look.expect(wrong: ["relay"])
            #expect(try look.finding("relay").cause == "tls-there", "\(look.text)")
        }
        let (relay, port) = try await Program.relay()
        defer { relay.stop() }
        let plain = try await Look.at("wss://127.0.0.1:\(port)")
        plain.expect(wrong: ["tls"])
        #expect(try plain.finding("tls").cause == "no-tls")
        let many = try await Look.at("wss://224.0.0.1")
        many.expect(wrong: ["address"])
        #expect(try many.finding("address").cause == "many-hosts")
    }

    @Test("A file of authorities that can't be read is told by its own line") func authorities() async throws {
        let look = try await Look.at("wss://127.0.0.1:1", ["--ca-file", folder.path + "/none"])
        look.expect(wrong: ["authorities"])
        #expect(try look.finding("authorities").cause == "authorities-unreadable")
    }

    @Test("A relay that drains") func draining() async throws {
        let (relay, port) = try await Program.relay()
        defer { relay.stop() }
        // A pairing in hand keeps the relay from ending.
        let url = "ws://127.0.0.1:\(port)"
        let offer = try Running(["offer", "--relay", url, "--store", try await folder.seed("a"), "--json"])
        defer { offer.stop() }
        let code = try #require(try await offer.event("offered")["code"] as? String)
        let join = try Running(["join", code, "--relay", url, "--store", folder.store, "--json"])
        defer { join.stop() }
        _ = try await offer.event("peer")
        relay.interrupt(SIGTERM)
        // The signal takes a moment, in which a look finds a healthy relay.
        var look = try await Look.at(url)
        while look.code == 0 { look = try await Look.at(url) }
        look.expect(wrong: ["service"])
        #expect(try look.finding("service").message.contains("about to stop"), "\(look.text)")
        #expect(try look.finding("pairing-websocket").verdict == "skipped")
    }

    @Test("A relay that is full") func full() async throws {
        let (relay, port) = try await Program.relay(["--limit", "rooms=1"])
        defer { relay.stop() }
        let look = try await Look.at("ws://127.0.0.1:\(port)")
        look.expect(wrong: ["service"])
        #expect(try look.finding("websocket").verdict == "good")
        #expect(try look.finding("long-polling").verdict == "good")
    }

    @Test("Control-C ends it while a server keeps silent") func stop() async throws {
        let (connections, connected) = AsyncStream<Void>.makeStream()
        try await Impostor.silent.run(connected: { connected.yield() }) { port in
            let doctor = try Running(["doctor", "ws://127.0.0.1:\(port)"])
            defer { doctor.stop() }
            _ = await connections.first { true }
            doctor.interrupt()
            #expect(await doctor.end() == SIGINT)
        }
    }

    @Test("Arguments: no relay, two relays, a bad one, a time out of range") func arguments() async throws {
        #expect(try await Program.run(["doctor"]).code == 64)
        #expect(try await Program.run(["doctor", "wss://a", "--relay", "wss://b"]).code == 64)
        #expect(try await Program.run(["doctor", "ftp://a"]).code == 64)
        #expect(try await Program.run(["doctor", "wss://a", "--watch", "121"]).code == 64)
        let bad = try await Program.shell("EASYSETUP_RELAY=ftp://a $ES doctor")
        #expect(bad.code == 64)
        #expect(bad.errors.contains("It was set by EASYSETUP_RELAY."))
    }

    @Test("For people it is a line for each check, which a narrow window folds") func people() async throws {
        let port = try FreePort.below30000()
        let arguments = ["doctor", "ws://127.0.0.1:\(port)"]
        let piped = try await Program.run(arguments)
        #expect(piped.code == 40)
        #expect(piped.lines.contains { $0.hasPrefix("WRONG    port: At 127.0.0.1:\(port): ") })
        #expect(piped.lines.contains("ok       proxy: No variable names a proxy."))
        #expect(piped.lines.last == "1 thing is wrong.")
        #expect(!piped.output.contains("\u{1B}"))
        for width in [30, 60] {
            let window = try await Window(arguments, width: width, height: 60)
            let lines = try await window.wait(for: "is wrong.")
            #expect(lines.allSatisfy { $0.count < width })
            let marks = lines.filter { $0.hasPrefix("ok") || $0.hasPrefix("WRONG") }
            #expect(marks.count > 2)
            if width >= 50 { #expect(marks.allSatisfy { $0.hasPrefix("ok       ") || $0.hasPrefix("WRONG    ") }) }
            let joined = lines.flatMap { $0.split(separator: " ") }.joined(separator: " ")
            #expect(joined.contains("Check the port, and whether the program there runs; then try again."))
            #expect(try await window.styled().contains("\u{1B}[1mWRONG"))
            let plain = try await Window(arguments + ["--plain"], width: width, height: 60)
            try await plain.wait(for: "is wrong.")
            #expect(try await !plain.styled().contains("\u{1B}"))
        }
    }
}
