import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import EasySetupRelay

/// The relay's listen addresses, over real sockets.
@Suite("The addresses at which a relay listens", .inTurn, .timeLimit(.minutes(60))) struct ListeningTests {
    @Test(
        "An address of loopback, and one that is link-local, is none that another machine may reach",
        arguments: [
            ("192.0.2.7", true), ("10.0.0.5", true), ("2001:db8::7", true), ("fd00::2", true), ("127.0.0.1", false),
            ("127.1.2.3", false), ("169.254.1.1", false), ("0.0.0.0", false), ("::1", false), ("::", false),
            ("fe80::1", false), ("FEBF::1", false), ("fec0::1", true), ("2001:db8::7%eth0", false),
        ]
    )
    func reachable(address: String, isReachable: Bool) {
        #expect(MachineAddresses.isReachable(address) == isReachable)
        #expect(!MachineAddresses.current().contains { !MachineAddresses.isReachable($0) })
    }

    @Test(
        "A host and a port are read",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:0", "::1", 0), ("relay.example:443", "relay.example", 443),
            ("*:8080", nil, 8080), (":8080", nil, 8080), ("0.0.0.0:80", "0.0.0.0", 80), ("[::]:80", "::", 80),
            ("[fe80::1%lo]:8080", "fe80::1%lo", 8080), ("localhost:65535", "localhost", 65535),
        ] as [(String, String?, Int)]
    )
    func hostPortRead(_ text: String, _ host: String?, _ port: Int) {
        #expect(ListenAddress(text) == ListenAddress(host: host, port: port))
    }

    @Test(
        "Other texts are refused",
        arguments: [
            "", "8080", "localhost", "localhost:", "localhost:65536", "localhost:+80", "localhost:-1", "localhost: 80",
            "::1:80",
            "::", "[::1]", "[]:80", "[*]:80", "[localhost]:80", "[127.0.0.1]:80", "**:80", "*.example:80", "a b:80",
            " :80",
            "[::1:80", "::1]:80", "localhost:８０",
        ]
    )
    func textsRefused(_ text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test("A relay listens at an address, and tells its free port", arguments: ["127.0.0.1", "::1"], [1, 2])
    func relayListensAddress(_ host: String, _ cores: Int) async throws {
        try await withRelay([ListenAddress(host: host, port: 0)], cores: cores) { addresses in
            #expect(addresses.map(\.host) == [host])
            try await expectWell(addresses[0])
        }
    }

    @Test("Every address means IPv4 and IPv6, at one port", arguments: [1, 2])
    func addressMeansIpv4(_ cores: Int) async throws {
        try await withRelay([ListenAddress(host: nil, port: 0)], cores: cores) { addresses in
            #expect(addresses.map(\.host) == ["0.0.0.0", "::"])
            #expect(Set(addresses.map(\.port)).count == 1)
            for loopback in ["127.0.0.1", "::1"] {
                try await expectWell(BoundAddress(host: loopback, port: addresses[0].port))
            }
        }
    }

    @Test("A name means all its addresses, at one port", arguments: [1, 2])
    func nameMeansAddresses(_ cores: Int) async throws {
        // The addresses of `localhost` depend on the machine.
        let name = ListenAddress(host: "localhost", port: 0)
        let found = try Resolver.places([name])[0].addresses.compactMap(\.bound?.host)
        try await withRelay([name], cores: cores) { addresses in
            #expect(addresses.map(\.host) == found)
            #expect(Set(addresses.map(\.port)).count == 1)
            for address in addresses { try await expectWell(address) }
        }
    }

    @Test(
        "All IPv4 addresses and all IPv6 addresses are two places, and a relay may listen at both",
        arguments: [1, 2]
    )
    func ipv4AddressesIpv6(_ cores: Int) async throws {
        try await withRelay(
            atFreePort: { port in ["0.0.0.0", "::"].map { ListenAddress(host: $0, port: port) } },
            cores
        ) { addresses in
            #expect(addresses.map(\.host) == ["0.0.0.0", "::"])
            try await expectWell(BoundAddress(host: "127.0.0.1", port: addresses[0].port))
            try await expectWell(BoundAddress(host: "::1", port: addresses[0].port))
        }
    }

    @Test("A relay listens at each of several addresses, with ports of their own", arguments: [1, 2])
    func relayListensSeveral(_ cores: Int) async throws {
        let wanted = ["127.0.0.1", "::1", "127.0.0.1", "127.0.0.2"].map { ListenAddress(host: $0, port: 0) }
        try await withRelay(wanted, cores: cores) { addresses in
            #expect(addresses.map(\.host) == wanted.map(\.host))
            #expect(Set(addresses).count == 4)
            for address in addresses { try await expectWell(address) }
        }
    }

    @Test("An address that is named twice, or served by one for all, is bound once", arguments: [1, 2])
    func addressNamedTwice(_ cores: Int) async throws {
        let wanted: @Sendable (Int) -> [ListenAddress] = { port in
            ["127.0.0.1", nil, "localhost", "127.0.0.1"].map { ListenAddress(host: $0, port: port) }
        }
        try await withRelay(atFreePort: wanted, cores) { addresses in
            #expect(addresses.map(\.host) == ["0.0.0.0", "::"])
            try await expectWell(BoundAddress(host: "127.0.0.1", port: addresses[0].port))
        }
    }

    @Test("When one address can't be had, none is bound, and the error names it", arguments: [1, 2])
    func addressCaNone(_ cores: Int) async throws {
        try await withRelay([ListenAddress(host: "127.0.0.1", port: 0)], cores: 1) { taken in
            // Systems assign ports from a higher range, so no other process has this port.
            let port = Int.random(in: 20_000..<30_000)
            var configuration = RelayConfiguration(listen: [
                ListenAddress(host: "127.0.0.77", port: port), ListenAddress(host: "127.0.0.1", port: taken[0].port),
            ])
            configuration.cores = cores
            let server = RelayServer(configuration: configuration, logger: quietLogger)
            let expected = RelayError.cannotListen(host: "127.0.0.1", port: taken[0].port, .addressInUse)
            await #expect(throws: expected) { try await server.run() }
            await #expect(throws: expected) { try await server.addresses }
            #expect(!server.hasListened)
            await #expect(throws: (any Error).self) { try await isWell(BoundAddress(host: "127.0.0.77", port: port)) }
        }
    }

    @Test(
        "Another machine's address and an unknown host are clear errors",
        arguments: [
            ("192.0.2.99", RelayError.ListenProblem.addressNotAvailable), ("fe80::99", .needsZone),
            ("224.0.0.1", .addressNotAvailable), ("255.255.255.255", .addressNotAvailable),
            ("ff02::1", .addressNotAvailable),
            ("no-such-host.invalid", .unknownHost),
            ("fe80::1%no-such-interface", .unknownZone), ("fe80::1%", .unknownZone),
            ("fe80::1%4000000000", .unknownZone),
            ("::1%lo", .needlessZone), ("::1%1", .needlessZone), ("2001:db8::1%no-such-interface", .needlessZone),
            ("::ffff:127.0.0.1", .mappedAddress), ("::FFFF:7f00:1", .mappedAddress),
            ("::ffff:127.0.0.1%lo", .mappedAddress),
            ("010.0.0.1", .oldForm), ("127.0.0.01", .oldForm), ("0x7f.0.0.1", .oldForm), ("127.1", .oldForm),
            ("2130706433", .oldForm), ("ff02::1%lo", .addressNotAvailable), ("::1%%lo", .needlessZone),
        ]
    )
    func machineAddressUnknown(
        _ host: String,
        _ cause: RelayError.ListenProblem
    ) async throws {
        let listen = [ListenAddress(host: "127.0.0.1", port: 0), ListenAddress(host: host, port: 0)]
        let server = RelayServer(configuration: RelayConfiguration(listen: listen), logger: quietLogger)
        let error = try await #require(throws: RelayError.self) { try await server.run() }
        // On a machine without a network, every lookup of a name fails with this error.
        let mayBeAway = RelayError.cannotListen(host: host, port: 0, .lookUpFailed)
        #expect(error == .cannotListen(host: host, port: 0, cause) || (cause == .unknownHost && error == mayBeAway))
    }

    @Test("An address is told with its zone") func toldWithZone() throws {
        let places = try Resolver.places([ListenAddress(host: "fe80::1%lo", port: 80)])
        let bound = try #require(places.first?.addresses.first?.bound)
        #expect(bound.description == "[fe80::1%lo]:80")
        #expect(bound.authority == "[fe80::1%25lo]:80")
    }

    @Test("A machine that had no more sockets accepts connections again at each address") func socketsFreeAgain()
        async throws
    {
        var configuration = RelayConfiguration(listen: ["127.0.0.1", "::1"].map { ListenAddress(host: $0, port: 0) })
        configuration.connectionLimits.connections = 1
        let server = RelayServer(configuration: configuration, logger: quietLogger)
        let running = Task { try await server.run() }
        let addresses = try await server.addresses
        // The relay has one place for connections. A connection waits at either address, and must get the place when it
        // is free.
        for round in 0..<6 {
            async let first = isWell(addresses[round % 2])
            async let second = isWell(addresses[(round + 1) % 2])
            #expect(try await first)
            #expect(try await second)
        }
        running.cancel()
        try await running.value
    }
}

/// Runs a relay while `body` runs, and passes it the relay's addresses.
private func withRelay(
    _ listen: [ListenAddress],
    cores: Int,
    _ body: ([BoundAddress]) async throws -> Void
) async throws {
    var configuration = RelayConfiguration(listen: listen)
    configuration.cores = cores
    try await withRelay(configuration) { server, _ in try await body(try await server.addresses) }
}

/// Runs a relay at a port that was free. If another process has taken the port since, tries another port.
private func withRelay(
    atFreePort listen: (Int) -> [ListenAddress],
    _ cores: Int,
    _ body: ([BoundAddress]) async throws -> Void
) async throws {
    for attempt in 0... {
        let free = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "0.0.0.0", port: 0).get()
        let port = try #require(free.localAddress?.port)
        try await free.close()
        do {
            return try await withRelay(listen(port), cores: cores, body)
        } catch let error as RelayError where error.isInUse && attempt < 10 {
            continue
        }
    }
}

private func expectWell(_ address: BoundAddress, at place: SourceLocation = #_sourceLocation) async throws {
    let isWell = try await isWell(address)
    #expect(isWell, "\(address)", sourceLocation: place)
}

/// Whether a relay answers a health check at this address with status 200.
private func isWell(_ address: BoundAddress) async throws -> Bool {
    let answer = try await exchange(
        "GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n",
        host: address.host,
        port: address.port
    )
    return answer.hasPrefix("HTTP/1.1 200 OK\r\n")
}
