import EasySetupHandshake
import EasySetupSeed
import Foundation
import NIOCore
import NIOEmbedded
import NIOPosix
import NIOSSL
import TestSupport
import Testing

@testable import EasySetup

/// The reasons why a relay can't be reached or is not trusted, with real sockets and real certificates.
@Suite("Causes of failures", .inTurn, .timeLimit(.minutes(60))) struct CauseTests {
    let folder = ScratchFolder()

    /// Short limits, so that the client notices silence soon. It tries only once.
    var hasty: ClientLimits {
        var limits = ClientLimits()
        limits.connectTimeout = .seconds(1)
        limits.upgradeTimeout = .milliseconds(500)
        limits.callTimeout = .seconds(1)
        limits.reachTimeout = .zero
        return limits
    }

    /// Long limits, so that the client does not take a slow machine for a silent relay. It tries only once.
    var patient: ClientLimits {
        var limits = ClientLimits.unhurried
        (limits.connectTimeout, limits.upgradeTimeout, limits.callTimeout) = (.seconds(60), .seconds(30), .seconds(60))
        limits.reachTimeout = .zero
        return limits
    }

    func failure(
        at url: String,
        roots: TrustedRoots = .system,
        limits: ClientLimits? = nil
    ) async throws -> PairingError? {
        try await offerFailure(at: RelayAddress(url: url), roots: roots, limits: limits ?? patient)
    }

    func fails(
        at url: String,
        roots: TrustedRoots = .system,
        _ error: PairingError,
        limits: ClientLimits? = nil,
        location: SourceLocation = #_sourceLocation
    ) async throws {
        let failure = try await self.failure(at: url, roots: roots, limits: limits)
        #expect(failure == error, sourceLocation: location)
    }

    func fails(
        at url: String,
        roots: TrustedRoots,
        cause: String,
        location: SourceLocation = #_sourceLocation
    ) async throws {
        let failure = try await self.failure(at: url, roots: roots)
        #expect(failure?.cause == cause, sourceLocation: location)
    }

    @Test("A port where nothing listens refuses, and an unknown name is reported as such") func nobody() async throws {
        try await fails(at: "ws://127.0.0.1:1", .relayUnreachable(.refused))
        let unknown = try await failure(at: "wss://relay.invalid", roots: try own())
        // On a machine without a name server, the client can't know whether the name exists.
        #expect(
            [.relayUnreachable(.nameUnknown("relay.invalid")), .relayUnreachable(.nameLookup("relay.invalid"))]
                .contains(unknown)
        )
        let zone = try await failure(at: "wss://[fe80::1%25no-such]:1", roots: try own())
        #expect(zone == .relayUnreachable(.zoneUnknown("no-such")))
        let number = try await failure(at: "wss://[fe80::1%254000000]:1", roots: try own())
        #expect(number == .relayUnreachable(.zoneUnknown("4000000")))
        let none = try await failure(at: "wss://[fe80::1]:1", roots: try own())
        #expect(none == .relayUnreachable(.zoneMissing))
        #expect(none?.retryHelps == false)
    }

    /// Each family is a question of its own, so that one without an answer does not hold up the other.
    @Test("IPv4 and IPv6 addresses are looked up apart", arguments: ["127.0.0.1", "::1"])
    func families(host: String) async throws {
        let resolver = HostResolver(loop: MultiThreadedEventLoopGroup.singleton.any(), patience: .seconds(6))
        let lookups = [resolver.initiateAQuery(host: host, port: 80), resolver.initiateAAAAQuery(host: host, port: 80)]
        let (known, other) = host == "::1" ? (lookups[1], lookups[0]) : (lookups[0], lookups[1])
        #expect(try await known.get().map(\.ipAddress) == [host])
        await #expect(throws: HostResolver.LookupError.self) { try await other.get() }
    }

    /// SwiftNIO tells that the first addresses refused the connection only when it knows that there are no others.
    @Test(
        "A device waits a bounded time for addresses that a name server never tells of",
        arguments: [AF_INET, AF_INET6]
    )
    func silentFamily(answered: CInt) async throws {
        let loop = NIOAsyncTestingEventLoop()
        let address = try SocketAddress(ipAddress: answered == AF_INET ? "127.0.0.1" : "::1", port: 9)
        let isOver = DispatchSemaphore(value: 0)
        let resolver = HostResolver(loop: loop, patience: .seconds(6)) { _, _, family in
            if family != answered { isOver.wait() }
            return [address]
        }
        let lookups = [
            AF_INET: resolver.initiateAQuery(host: "x", port: 9),
            AF_INET6: resolver.initiateAAAAQuery(host: "x", port: 9),
        ]
        let silent = try #require(lookups[answered == AF_INET ? AF_INET6 : AF_INET])
        #expect(try await lookups[answered]?.get() == [address])
        await loop.advanceTime(by: .seconds(6))
        await #expect(throws: HostResolver.LookupError(number: EAI_AGAIN)) { try await silent.get() }
        // The late answer changes nothing.
        isOver.signal()
    }

    @Test("A name that is not looked up in time, or that no name server can answer, is no silent relay")
    func lookups() throws {
        let relay = try RelayAddress(url: "wss://relay.example")
        let proxies = ProxySettings.proxy(try ProxyAddress(url: "http://proxy.example"))
        for (host, error) in [
            (
                try RelayHost(relay, trusting: own(), by: .none),
                PairingError.relayUnreachable(.nameLookup("relay.example"))
            ),
            (
                try RelayHost(relay, trusting: own(), by: proxies),
                .proxyFailed(.unreachable(.nameLookup("proxy.example")))
            ),
        ] {
            #expect(Attempt(on: host.route).failure(ChannelError.connectTimeout(.seconds(20))) == error)
            let late = Attempt(on: host.route)
            late.giveUp(nil)
            #expect(late.failure(ChannelError.eof) == error)
        }
        let address = try RelayHost(RelayAddress(url: "wss://192.0.2.1"), trusting: own(), by: .none)
        let silent = Attempt(on: address.route).failure(ChannelError.connectTimeout(.seconds(20)))
        #expect(silent == .relayUnreachable(.noAnswer))
        for code in [EAI_AGAIN, EAI_FAIL, EAI_SYSTEM, EAI_MEMORY] {
            #expect(Unreachable(lookup: code, of: "h") == .nameLookup("h"))
        }
        #expect(Unreachable(lookup: EAI_NONAME, of: "h") == .nameUnknown("h"))
        // The value of `EAI_NODATA` on Linux.
        #expect(Unreachable(lookup: -5, of: "h") == .nameWithoutAddress("h"))
    }

    @Test("An address that does not belong to one host on one network is reported as such") func unfitAddresses()
        async throws
    {
        let invalid = IOError(errnoCode: EINVAL, reason: "connect")
        for (address, fault) in [
            ("224.0.0.1", Unreachable.manyHosts), ("239.1.2.3", .manyHosts), ("255.255.255.255", .manyHosts),
            ("ff02::1", .manyHosts), ("fe80::1", .zoneMissing),
        ] {
            let host = address.contains(":") ? "[\(address)]" : address
            try await fails(at: "wss://\(host):1", roots: try own(), .relayUnreachable(fault))
            // A name server may give the same address.
            #expect(Unreachable(addressOf: try SocketAddress(ipAddress: address, port: 1), error: invalid) == fault)
        }
        for address in ["127.0.0.1", "223.255.255.255", "240.0.0.1", "::1", "fec0::1"] {
            #expect(Unreachable(addressOf: address) == nil)
            #expect(Unreachable(addressOf: try SocketAddress(ipAddress: address, port: 1), error: invalid) == nil)
        }
        // A link-local address with a zone may fail in other ways.
        let refusal = IOError(errnoCode: ECONNREFUSED, reason: "connect")
        #expect(Unreachable(addressOf: try SocketAddress(ipAddress: "fe80::1", port: 1), error: refusal) == nil)
    }

    func own() throws -> TrustedRoots { TrustedRoots(pemFile: try MadeCertificate.loopback.get().certificate) }

    @Test("A server that accepts the connection and says nothing, or closes it, is reported as unreachable") func mute()
        async throws
    {
        let roots = try own()
        try await Impostor.silent.run { port in
            try await fails(at: "ws://127.0.0.1:\(port)", .relayUnreachable(.noAnswer), limits: hasty)
            // The lookup of `localhost` succeeds, so the error must not be about the lookup.
            try await fails(at: "ws://localhost:\(port)", .relayUnreachable(.noAnswer), limits: hasty)
            try await fails(at: "wss://127.0.0.1:\(port)", roots: roots, .relayUnreachable(.noAnswer), limits: hasty)
        }
        try await Impostor.hangUp.run { port in
            try await fails(at: "ws://127.0.0.1:\(port)", .relayUnreachable(.cut))
            try await fails(at: "wss://127.0.0.1:\(port)", roots: roots, .relayUnreachable(.tlsCut))
        }
    }

    @Test("A missing TLS and an unexpected TLS are reported") func mixedUp() async throws {
        let roots = try own()
        try await LiveRelay.run { relay in
            let failure = try await self.failure(at: "wss://127.0.0.1:\(relay.address.port)", roots: roots)
            #expect(failure == .relayUnreachable(.noTLS))
        }
        try await Impostor.answer("SSH-2.0-OpenSSH_9.2\r\n").run { port in
            try await fails(at: "wss://127.0.0.1:\(port)", roots: roots, .relayUnreachable(.noTLS))
            try await fails(at: "ws://127.0.0.1:\(port)", .notARelay(.notHTTP))
        }
        try await Impostor.answer("\u{15}\u{03}\u{01}\u{00}\u{02}\u{02}\u{46}").run { port in
            try await fails(at: "ws://127.0.0.1:\(port)", .notARelay(.tls))
        }
        let page = "The plain HTTP request was sent to HTTPS port"
        try await Impostor.answer("HTTP/1.1 400 Bad Request\r\nContent-Length: \(page.utf8.count)\r\n\r\n\(page)").run {
            try await fails(at: "ws://127.0.0.1:\($0)", .notARelay(.tls))
        }
        // The beginning of a MySQL server's greeting, which is neither TLS nor text.
        try await Impostor.answer("J\u{0}\u{0}\u{0}\u{A}5.7.44\u{0}").run { port in
            try await fails(at: "wss://127.0.0.1:\(port)", roots: roots, .relayUnreachable(.noTLS))
        }
    }

    @Test("Alerts of TLS are reported as what they mean") func alerts() async throws {
        for (number, error) in [
            (40, PairingError.relayUnreachable(.tlsMismatch)), (70, .relayUnreachable(.tlsMismatch)),
            (80, .relayUnreachable(.tlsFailed)), (112, .notARelay(.misdirected)),
            (116, .relayUnreachable(.clientCertificate)),
        ] {
            let alert = "\u{15}\u{03}\u{03}\u{00}\u{02}\u{02}\(Character(Unicode.Scalar(UInt8(number))))"
            try await Impostor.answer(alert).run { port in
                try await fails(at: "wss://127.0.0.1:\(port)", roots: try own(), error)
            }
        }
    }

    @Test("A relay with TLS that gets a plain request says so, or ends the connection") func plainToTLS() async throws {
        try await LiveRelay.run(tls: true) { relay in
            let failure = try await self.failure(at: "ws://127.0.0.1:\(relay.address.port)")
            #expect([.notARelay(.tls), .relayUnreachable(.cut)].contains(failure))
            #expect(failure?.advice.contains("wss://") == true)
        }
    }

    @Test("Answers that close the connection count, without TLS too") func closing() async throws {
        let page = "The plain HTTP request was sent to HTTPS port"
        for (head, body, cause) in [
            ("400 Bad Request", page, "tls-there"), ("404 Not Found", "", "web-server"),
            ("403 Forbidden", "", "forbidden"),
            ("302 Found\r\nLocation: http://in.example/", "", "sign-in"), ("200 OK", "<html>", "sign-in"),
            ("502 Bad Gateway", "", "behind-is-away"), ("301 Moved\r\nLocation: /x", "", "sign-in"),
        ] {
            let answer =
                "HTTP/1.1 \(head)\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            try await Impostor.answer(answer).run { port in
                let failure = try await self.failure(at: "ws://127.0.0.1:\(port)")
                #expect(failure?.cause == cause, "\(head)")
            }
        }
    }

    @Test("An answer whose body does not end is judged by its head and the body's beginning") func stalling()
        async throws
    {
        // Only the wait for the body may end: the other limits are longer than the test may take.
        var limits = patient
        limits.bodyTimeout = .milliseconds(100)
        for (head, body, cause) in [
            ("1.1 302 Found\r\nLocation: http://in.example/\r\nContent-Length: 100", "<html>", "sign-in"),
            ("1.1 200 OK\r\nContent-Length: 100", "<html>", "sign-in"),
            ("1.1 200 OK\r\nTransfer-Encoding: chunked", "6\r\n<html>\r\n", "sign-in"),
            ("1.0 200 OK", "<html>", "sign-in"), ("1.1 200 OK\r\nContent-Length: 100", "", "web-server"),
            ("1.1 403 Forbidden\r\nContent-Length: 100", "<html>", "forbidden"),
            ("1.1 404 Not Found\r\nContent-Length: 100", "", "web-server"),
            ("1.1 503 Service Unavailable\r\nRetry-After: 30\r\nContent-Length: 9", "", "behind-is-away"),
        ] {
            try await Impostor.stall("HTTP/\(head)\r\n\r\n\(body)").run { [limits] port in
                let failure = try await self.failure(at: "ws://127.0.0.1:\(port)", limits: limits)
                #expect(failure?.cause == cause, "\(head)")
            }
        }
    }

    @Test("A network that wants a sign-in, and cuts every other request, is reported as such") func cutAfterSignIn()
        async throws
    {
        let answer = "HTTP/1.1 302 Found\r\nLocation: http://in.example/\r\nContent-Length: 0\r\n\r\n"
        try await Middlebox.run(before: 1, upgrades: .answer(answer), calls: { _ in .loseCall }) { _, address in
            try await fails(at: "ws://\(address.authority)", .notARelay(.signIn))
        }
    }

    @Test("Pages from servers in front of a relay are recognised through both transports") func pages() async throws {
        for (head, cause) in [
            ("HTTP/1.1 502 Bad Gateway\r\n", "behind-is-away"), ("HTTP/1.1 504 Gateway Timeout\r\n", "behind-is-away"),
            ("HTTP/1.1 302 Found\r\nLocation: http://signin.example/\r\n", "sign-in"),
            ("HTTP/1.1 511 Network Authentication Required\r\n", "sign-in"),
            ("HTTP/1.1 403 Forbidden\r\n", "forbidden"), ("HTTP/1.1 404 Not Found\r\n", "web-server"),
            ("HTTP/1.1 304 Not Modified\r\n", "web-server"), ("HTTP/1.1 307 Moved\r\nLocation: /in\r\n", "sign-in"),
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n", "web-server"),
        ] {
            try await Impostor.answer(head + "Content-Length: 0\r\n\r\n").run { port in
                let failure = try await self.failure(at: "ws://127.0.0.1:\(port)")
                #expect(failure?.cause == cause, "\(head)")
            }
        }
        // Two sign-in pages: one is longer than any answer of a relay, the other begins with a byte order mark.
        for page in ["<html>" + String(repeating: "x", count: 40_000), "\u{FEFF} <!doctype html>"] {
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: \(page.utf8.count)\r\n\r\n\(page)"
            try await Impostor.answer(answer).run { port in
                try await fails(at: "ws://127.0.0.1:\(port)", .notARelay(.signIn))
            }
        }
        for wait in ["120", "Fri, 31 Dec 2100 23:59:59 GMT"] {
            let answer = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: \(wait)\r\nContent-Length: 0\r\n\r\n"
            try await Impostor.answer(answer).run { port in
                let failure = try await self.failure(at: "ws://127.0.0.1:\(port)", limits: ClientLimits())
                #expect(failure?.retryAfter == .seconds(wait == "120" ? 120 : 3_600))
                #expect(failure?.retryHelps == true)
            }
        }
    }

    @Test("A relay that was away behind its proxy for a moment is reached in the same try") func comesBack()
        async throws
    {
        let answers = Attempts()
        try await LiveRelay.run { relay in
            try await Middlebox.run(
                before: relay.address.port,
                upgrades: .answer("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
                calls: { $0 < 3 ? .answer("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") : .pass }
            ) { _, address in
                _ = await answers.next()
                let devices = TwoDevices(offerer: address, visitor: relay.address)
                let transports = try await devices.pair()
                #expect(transports == .init("long-polling", visitor: "websocket"))
            }
        }
    }

    @Test("A state says why an attempt failed, before the next attempt") func retrying() async throws {
        let client = PairingClient(name: DeviceName(cleaning: "one")!, store: MemorySeedStore(.random()))
        let watch = Watch(client.offer(at: try RelayAddress(url: "ws://127.0.0.1:1")) { _ in .decline })
        _ = try await watch.failure()
        let states = await watch.states
        guard case .connecting? = states.first, case .failed(.relayUnreachable(.refused))? = states.last else {
            Issue.record("\(states)")
            return
        }
        #expect(states.count > 2)
        for state in states.dropFirst().dropLast() {
            guard case .retrying(.relayUnreachable(.refused)) = state else {
                Issue.record("\(state)")
                continue
            }
        }
    }
}
