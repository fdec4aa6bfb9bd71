import EasySetup
import EasySetupHandshake
import EasySetupRelay
import EasySetupRelayCore
import EasySetupSeed
import Foundation
import TestSupport
import Testing

/// The real client and the real relay, with a middlebox between them that blocks WebSockets.
@Suite("Two transports", .inTurn, .timeLimit(.minutes(60))) struct TransportTests {
    struct Obstacle: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var upgrades: Middlebox.Upgrades

        private static func page(_ status: String, _ body: String, _ headers: String = "") -> Middlebox.Upgrades {
            .answer("HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }

        static let all = [
            Obstacle(testDescription: "400", upgrades: page("400 Bad Request", "")),
            Obstacle(
                testDescription: "a login page",
                upgrades: page("403 Forbidden", "<html>Please log in</html>", "Content-Type: text/html\r\n")
            ),
            Obstacle(
                testDescription: "the login page itself",
                upgrades: page("200 OK", "<html>Please log in</html>", "Content-Type: text/html\r\n")
            ),
            Obstacle(testDescription: "a redirection", upgrades: page("302 Found", "", "Location: /login\r\n")),
            Obstacle(
                testDescription: "the relay's own 426",
                upgrades: page("426 Upgrade Required", #"{"type":"urn:easysetup:problem:upgrade-required"}"#)
            ),
            Obstacle(testDescription: "502", upgrades: page("502 Bad Gateway", "<html>")),
            Obstacle(
                testDescription: "101 for another protocol",
                upgrades: .answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n")
            ),
            Obstacle(testDescription: "no HTTP", upgrades: .answer("220 mail.example ESMTP\r\n")),
            Obstacle(testDescription: "a closed connection", upgrades: .hangUp),
            Obstacle(testDescription: "silence", upgrades: .ignore),
            Obstacle(testDescription: "frames that get lost", upgrades: .swallowFrames),
            Obstacle(testDescription: "frames that end the connection", upgrades: .endAtFrames),
        ]
    }

    /// Short limits, so that the client notices silence soon.
    private var hasty: ClientLimits {
        var limits = ClientLimits.unhurried
        limits.upgradeTimeout = .seconds(1)
        return limits
    }

    @Test("Devices pair by long polling where no WebSocket gets through", arguments: Obstacle.all)
    func fallback(obstacle: Obstacle) async throws {
        try await LiveRelay.run { relay in
            try await Middlebox.run(before: relay.address.port, upgrades: obstacle.upgrades) { _, address in
                let devices = TwoDevices(offerer: address, visitor: address, limits: hasty)
                let transports = try await devices.pair()
                #expect(transports == .init("long-polling", visitor: "long-polling"))
            }
        }
    }

    @Test("Devices pair through different transports", arguments: [true, false]) func mixed(isOfferer: Bool)
        async throws
    {
        try await LiveRelay.run { relay in
            try await Middlebox.run(before: relay.address.port, upgrades: .hangUp) { _, address in
                let devices = TwoDevices(
                    offerer: isOfferer ? address : relay.address,
                    visitor: isOfferer ? relay.address : address
                )
                let transports = try await devices.pair()
                #expect(
                    transports
                        == (isOfferer
                            ? .init("long-polling", visitor: "websocket") : .init("websocket", visitor: "long-polling"))
                )
            }
        }
    }

    @Test("Devices take the WebSocket where it gets through") func webSocket() async throws {
        try await LiveRelay.run { relay in
            try await Middlebox.run(before: relay.address.port) { box, address in
                let devices = TwoDevices(offerer: address, visitor: address)
                let transports = try await devices.pair()
                #expect(transports == .init("websocket", visitor: "websocket"))
                #expect(box.callCount == 0)
            }
        }
    }

    @Test("Long polling uses TLS where the address says so") func overTLS() async throws {
        try await LiveRelay.run { relay in
            try await Middlebox.run(before: relay.address.port, tls: true, upgrades: .hangUp) { _, address in
                let roots = TrustedRoots(pemFile: try MadeCertificate.loopback.get().certificate)
                let devices = TwoDevices(offerer: address, visitor: address, roots: roots)
                let transports = try await devices.pair()
                #expect(transports == .init("long-polling", visitor: "long-polling"))
            }
        }
    }

    @Test("A certificate that is not trusted opens no other transport") func untrusted() async throws {
        try await LiveRelay.run { relay in
            try await Middlebox.run(before: relay.address.port, tls: true, upgrades: .hangUp) { box, address in
                let client = relay.client("one", .random())
                let failure = try await Watch(client.offer(at: address) { _ in .decline }).failure()
                #expect(failure == .relayUntrusted(.selfSigned))
                #expect(box.callCount == 0)
            }
        }
    }

    @Test(
        "When both transports fail, the WebSocket's error is shown",
        arguments: [
            ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", PairingError.notARelay(.forbidden(status: 403))),
            (
                "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n",
                .relayUnreachable(.behindIsAway(status: 503, retryAfter: .seconds(9)))
            ),
        ]
    )
    func bothShut(answer: String, error: PairingError) async throws {
        try await LiveRelay.run { relay in
            try await Middlebox.run(
                before: relay.address.port,
                upgrades: .answer(answer),
                calls: { _ in .answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") }
            ) { box, address in
                // With a longer `reachTimeout`, the client would retry a relay that does not answer behind a proxy.
                var limits = ClientLimits.unhurried
                limits.reachTimeout = .zero
                let client = relay.client("one", .random(), limits: limits)
                let failure = try await Watch(client.offer(at: address) { _ in .decline }).failure()
                #expect(failure == error)
                #expect(box.callCount == 1)
            }
        }
    }

    @Test("A full relay is reported through long polling as well") func full() async throws {
        try await LiveRelay.run(configure: { $0.limits.rooms = 1 }) { relay in
            try await Middlebox.run(before: relay.address.port, upgrades: .hangUp) { _, address in
                let first = Watch(relay.client("one", .random()).offer(at: address) { _ in .approve })
                _ = try await first.offer()
                let second = Watch(relay.client("two", .random()).offer(at: address) { _ in .approve })
                guard case .relayFull? = try await second.failure()?.kind else {
                    Issue.record("the second was let in")
                    return
                }
            }
        }
    }

    @Test("A device that stops tells the other one: its last frame goes with the goodbye") func leaving() async throws {
        try await LiveRelay.run { relay in
            try await Middlebox.run(before: relay.address.port, upgrades: .hangUp) { _, address in
                let store = MemorySeedStore()
                let offerer = Watch(relay.client("one", .random()).offer(at: address) { _ in .decline })
                let code = try await offerer.offer().code
                let visitor = Watch(relay.client("two", store: store).join(code, at: address) { _ in .decline })
                let (there, here) = (try await visitor.failure(), try await offerer.failure())
                #expect(there == .declined(by: .holder))
                #expect(here == .declinedHere(.holder))
                // The offerer's last frame was `leave` with the reason `done`, so the relay answers later visitors with
                // `seated`.
                let late = Watch(relay.client("three").join(code, at: relay.address) { _ in .decline })
                let word = try await late.failure()
                #expect(word == .seated)
            }
        }
    }

    enum Loss: Sendable, CaseIterable { case calls, answers, both }

    @Test("Lost calls and lost answers change nothing", arguments: Loss.allCases) func losses(of loss: Loss)
        async throws
    {
        try await LiveRelay.run { relay in
            try await Middlebox.run(
                before: relay.address.port,
                upgrades: .hangUp,
                calls: { number in
                    switch loss {
                    case .calls: number % 3 == 2 ? .loseCall : .pass
                    case .answers: number % 3 == 2 ? .loseAnswer : .pass
                    case .both: number % 4 == 1 ? .loseAnswer : number % 4 == 3 ? .loseCall : .pass
                    }
                }
            ) { box, address in
                let devices = TwoDevices(offerer: address, visitor: address, limits: hasty)
                let transports = try await devices.pair()
                #expect(transports == .init("long-polling", visitor: "long-polling"))
                #expect(box.callCount > 8)
            }
        }
    }

    @Test("A proxy's own pages among the answers change nothing") func pages() async throws {
        let pages = [
            "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
            "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "SSH-2.0-OpenSSH\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + String(repeating: "x", count: 100_000),
        ]
        try await LiveRelay.run { relay in
            try await Middlebox.run(
                before: relay.address.port,
                upgrades: .hangUp,
                calls: { $0 > 2 && $0 % 3 == 0 ? .answer(pages[$0 / 3 % pages.count]) : .pass }
            ) { _, address in
                let devices = TwoDevices(offerer: address, visitor: address, limits: hasty)
                let transports = try await devices.pair()
                #expect(transports == .init("long-polling", visitor: "long-polling"))
            }
        }
    }

    @Test("Polls that bring nothing, and connections that the relay forgets, end no pairing")
    func forgetful() async throws {
        // After each empty poll the device pauses (`callPause`) for longer than the relay remembers its connection.
        try await LiveRelay.run(configure: { $0.connectionLimits.pollAbsence = .milliseconds(500) }) { relay in
            try await Middlebox.run(before: relay.address.port, upgrades: .hangUp) { box, address in
                var limits = ClientLimits.unhurried
                limits.pollWait = .milliseconds(20)
                limits.callPause = .milliseconds(1_200)
                // On a busy machine, the relay may several times forget the connection before its first poll.
                limits.answerTries = 1_000
                let devices = TwoDevices(offerer: address, visitor: address, limits: limits)
                let transports = try await relay.clock.running { try await devices.pair { await box.sees(calls: 20) } }
                #expect(transports == .init("long-polling", visitor: "long-polling"))
                #expect(transports.connections > 2)
            }
        }
    }

    enum Downtime: Sendable, CaseIterable { case none, some }

    @Test(
        "A relay that starts again with its key finishes a pairing by long polling",
        arguments: [true, false],
        Downtime.allCases
    )
    func restart(bothByCalls: Bool, downtime: Downtime) async throws {
        let folder = ScratchFolder()
        let configure: @Sendable (inout RelayConfiguration) -> Void = {
            $0.keyFile = PathBytes(folder.path + "/relay.key")
        }
        try await LiveRelay.run(configure: configure) { first in
            try await LiveRelay.run(configure: configure) { second in
                try await Middlebox.run(before: first.address.port, upgrades: .hangUp) { calls, address in
                    try await Middlebox.run(before: first.address.port) { sockets, other in
                        let devices = TwoDevices(offerer: address, visitor: bothByCalls ? address : other)
                        let transports = try await devices.pair {
                            if downtime == .some {
                                // Nothing listens at port 1, so neither device reaches a relay.
                                for box in [calls, sockets] { box.move(to: 1) }
                                await calls.sees(calls: 8)
                            }
                            for box in [calls, sockets] { box.move(to: second.address.port) }
                        }
                        // While both transports are blocked for a while, a device may come back by the one that opens
                        // first.
                        #expect(transports.offerer == ["long-polling"])
                        if bothByCalls { #expect(transports.visitor == ["long-polling"]) }
                        if downtime == .none, !bothByCalls { #expect(transports.visitor == ["websocket"]) }
                    }
                }
            }
        }
    }
}
