import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import Foundation
import TestSupport
import Testing

@testable import EasySetupRelay

@Suite(
    "What the check of a relay says of its fleet",
    .inTurn,
    .enabled(if: RedisServer.program != nil, RedisServer.hint)
) struct FleetCheckTests {
    private static let advised = "+set +get +mget +eval +publish +subscribe +ping +role +select ~es1:* &es1:*"

    private let scratch = ScratchFolder()

    /// A key file with this digit, 64 times.
    private func keyFile(_ digit: Character) throws -> PathBytes {
        let path = try scratch.file("key-\(digit)", String(repeating: digit, count: 64) + "\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        return PathBytes(path)
    }

    private func findings(
        _ url: String,
        key: Character = "a",
        listening: Duration = .zero,
        _ change: (inout RedisSettings) -> Void = { _ in }
    ) async throws -> [RelayFinding] {
        var configuration = RelayConfiguration()
        configuration.keyFile = try keyFile(key)
        var settings = RedisSettings(try RedisAddress(url: url))
        change(&settings)
        configuration.fleet = settings
        return await configuration.fleetFindings(listening: listening)
    }

    private func address(_ server: RedisServer, _ account: String = "") -> String {
        "redis://\(account)127.0.0.1:\(server.port)"
    }

    private static func names(_ findings: [RelayFinding]) -> [String] {
        findings.map { "\($0.severity.rawValue) \($0.code.rawValue)" }
    }

    @Test("Nothing is found about a Redis that is as it should be, and nothing stays there") func good() async throws {
        try await RedisServer.run { server in
            #expect(try await findings(address(server)) == [])
            try await RedisTalk.with(server.port) { talk in
                try await until { try await talk.send("DBSIZE") == .number(0) }
                #expect(try await talk.send("PUBSUB", "CHANNELS") == .list([]))
            }
        }
    }

    @Test("The rights that the advice names are enough, and each that is missing is told") func rights() async throws {
        try await RedisServer.run { server in
            try await RedisTalk.with(server.port) { talk in
                let make = { (user: String, rights: String) in
                    let words =
                        ["ACL", "SETUSER", user, "on", ">word", "-@all"] + rights.split(separator: " ").map(String.init)
                    let answer = try await talk.send([RESPCommand(words: words.map { Array($0.utf8) })])
                    #expect(answer == [.line("OK")])
                }
                try await make("relay", Self.advised)
                #expect(try await findings(address(server, "relay:word@")) == [])
                #expect(try await findings(address(server, "relay:word@") + "/3") == [])
                #expect(StoreProblem.notPermitted.advice.contains(Self.advised))
                for (right, command) in [
                    ("+set", "SET"), ("+get", "GET"), ("+mget", "MGET"), ("+eval", "EVAL"), ("+publish", "PUBLISH"),
                    ("+subscribe", "SUBSCRIBE"), ("+ping", "PING"),
                ] {
                    try await make("few", Self.advised.replacing(right, with: ""))
                    let found = try await findings(address(server, "few:word@"))
                    #expect(Self.names(found) == ["warning fleet-rights"], "\(right)")
                    #expect(
                        found.first?.message.contains(command) == true && found.first?.advice.contains(right) == true
                    )
                }
                try await make("elsewhere", "+@all ~other:* &other:*")
                let found = try await findings(address(server, "elsewhere:word@"))
                #expect(found.first?.message.contains("SET, GET, MGET, EVAL, PUBLISH, SUBSCRIBE") == true, "\(found)")
            }
        }
    }

    @Test("A Redis that can't be used is told with its reason, and without the password") func away() async throws {
        try await RedisServer.run(["--requirepass", "right"]) { server in
            for (account, words) in [
                ("", "another user or password"), (":topsecret@", "another user or password"),
                ("nobody:topsecret@", "another user or password"),
            ] {
                let found = try await findings(address(server, account))
                #expect(Self.names(found) == ["warning fleet-away"])
                #expect(found.first?.message.contains(words) == true, "\(found)")
                #expect(!"\(found)".contains("topsecret") && !"\(found)".contains("nobody"))
            }
            #expect(try await findings(address(server, ":right@")) == [])
            #expect(try await findings(address(server, ":right@") + "/99")[0].message.contains("no database"))
            let withTLS = try await findings("rediss://127.0.0.1:\(server.port)")
            #expect(Self.names(withTLS) == ["warning fleet-away"], "\(withTLS)")
        }
        let nobody = try await findings("redis://127.0.0.1:\(try FreePort.below30000())")
        #expect(nobody.first?.message.contains("nothing answers at its address") == true, "\(nobody)")
    }

    /// The findings about several servers.
    private func findings(_ urls: [String], listening: Duration = .zero) async throws -> [RelayFinding] {
        let others = try urls.dropFirst().map { try RedisAddress(url: $0) }
        return try await findings(urls[0], listening: listening) { $0.others = others }
    }

    @Test("Of several servers each finding names the one that it is about, without user and password")
    func severalServers()
        async throws
    {
        try await RedisServer.run { good in
            try await RedisServer.run(["--maxmemory", "1", "--maxmemory-policy", "noeviction"]) { full in
                try await RedisServer.run(["--maxmemory-policy", "allkeys-lru", "--maxmemory", "100mb"]) { dropping in
                    let nobody = try FreePort.below30000()
                    try await RedisTalk.with(good.port) { talk in
                        let words = ["ACL", "SETUSER", "few", "on", ">topsecret", "+@all", "-eval", "~es1:*", "&es1:*"]
                        let answer = try await talk.send([RESPCommand(words: words.map { Array($0.utf8) })])
                        #expect(answer == [.line(Array("OK".utf8))])
                    }
                    let expected = [
                        ("fleet-rights", good.port), ("fleet-memory", full.port), ("fleet-memory", dropping.port),
                        ("fleet-away", nobody),
                    ]
                    let found = try await findings(
                        [address(good, "few:topsecret@")] + [full, dropping].map { address($0) }
                            + ["redis://few:topsecret@127.0.0.1:\(nobody)"]
                    )
                    #expect(found.map(\.code.rawValue) == expected.map(\.0), "\(found)")
                    for (finding, (_, port)) in zip(found, expected) {
                        #expect(finding.message.contains("127.0.0.1:\(port)"), "\(finding)")
                    }
                    #expect(!"\(found)".contains("topsecret") && !"\(found)".contains("few"))
                }
            }
        }
    }

    @Test("A relay that is heard at one server and not at another is a warning that names the other")
    func otherServers()
        async throws
    {
        try await RedisServer.run { one in
            try await RedisServer.run { two in
                let talkers = [(1, [one, two]), (2, [one])].map { number, servers in
                    servers.map { self.talker(at: $0, as: [UInt64(number)]) }
                }
                let found = try await findings([address(one), address(two)], listening: .seconds(2))
                #expect(Self.names(found) == ["warning fleet-servers", "notice fleet-relays"], "\(found)")
                #expect(found.first?.message.contains("A relay is heard") == true)
                #expect(found.first?.message.contains("not at \(address(two))") == true, "\(found)")
                for talker in talkers.joined() {
                    talker.cancel()
                    _ = try? await talker.value
                }
            }
        }
    }

    @Test("Relays with other limits are a warning that tells the values of both") func limits() async throws {
        try await RedisServer.run { server in
            var limits = Limits()
            let same = self.talker(at: server, as: [1], CommonLimits(limits))
            (limits.codeLifetime, limits.visitsPerPrefix) = (.seconds(3600), 100)
            let other = self.talker(at: server, as: [2, 3], CommonLimits(limits))
            let found = try await findings(address(server), listening: .seconds(2))
            #expect(Self.names(found) == ["notice fleet-relays", "warning fleet-limits"], "\(found)")
            #expect(
                found.last?.message
                    == "2 relays have other limits: codeLifetime is 3600 there and 600 here; visitsPerPrefix is 100 there and 60 here."
            )
            for talker in [same, other] {
                talker.cancel()
                _ = try? await talker.value
            }
        }
    }

    /// Says again and again at a server that these runs are there.
    private func talker(
        at server: RedisServer,
        as runs: [UInt64],
        _ limits: CommonLimits = CommonLimits()
    ) -> Task<Void, any Error> {
        Task {
            let keys = try FleetKeys(current: [UInt8](repeating: 0xAA, count: 32))
            try await RedisTalk.with(server.port) { talk in
                var sealers = runs.map { EnvelopeSealer(run: RunID(number: $0), keys: keys) }
                while !Task.isCancelled {
                    for index in sealers.indices {
                        let beat = FleetContent(loose: [.beat(Beat(limits: limits))])
                        let words = [
                            Array("PUBLISH".utf8), Array("es1:all".utf8), sealers[index].seal(beat, for: .all),
                        ]
                        _ = try await talk.send([RESPCommand(words: words)])
                    }
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
        }
    }

    @Test(
        "A clock that is five minutes off is a warning, and one that is right is none",
        arguments: [-300, 0, 300] as [Int64]
    )
    func clock(off: Int64) async throws {
        try await RedisServer.run { server in
            var configuration = RelayConfiguration()
            configuration.keyFile = try keyFile("a")
            configuration.fleet = RedisSettings(try RedisAddress(url: address(server)))
            let clock = RelayClock.system()
            configuration.clock = RelayClock {
                Moment(monotonic: clock.now.monotonic, utcSeconds: clock.now.utcSeconds + off)
            }
            let found = await configuration.fleetFindings(listening: .zero)
            #expect(Self.names(found) == (off == 0 ? [] : ["warning fleet-clock"]), "\(found)")
            #expect(found.allSatisfy { $0.message.contains(off > 0 ? "ahead of" : "behind") })
        }
    }

    @Test("Where no relay is heard, the check says so") func nobodyHeard() async throws {
        try await RedisServer.run { server in
            let found = try await findings(address(server), listening: .milliseconds(100))
            #expect(Self.names(found) == ["notice fleet-relays"] && found[0].message.contains("No relay is heard"))
        }
    }

    @Test("A replica is no place for rooms") func replica() async throws {
        try await RedisServer.run { master in
            try await RedisServer.run(["--replicaof", "127.0.0.1", "\(master.port)"]) { replica in
                let found = try await findings(address(replica))
                #expect(found.first?.message.contains("it is a replica") == true, "\(found)")
            }
        }
    }

    @Test("A Redis that throws keys away, or is full, is a warning") func memory() async throws {
        try await RedisServer.run(["--maxmemory-policy", "allkeys-lru"]) { server in
            #expect(Self.names(try await findings(address(server))) == ["notice fleet-memory"])
            try await RedisTalk.with(server.port) { talk in
                _ = try await talk.send("CONFIG", "SET", "maxmemory", "100mb")
                let drops = try await findings(address(server))
                #expect(Self.names(drops) == ["warning fleet-memory"] && drops[0].message.contains("allkeys-lru"))
                _ = try await talk.send("CONFIG", "SET", "maxmemory-policy", "noeviction")
                #expect(try await findings(address(server)) == [])
                _ = try await talk.send("CONFIG", "SET", "maxmemory", "1")
                let full = try await findings(address(server))
                #expect(Self.names(full) == ["warning fleet-memory"] && full[0].message.contains("is full"))
            }
        }
    }

    @Test("TLS is spoken with the authorities that are trusted, and with no others") func tls() async throws {
        let made = try MadeCertificate.loopback.get()
        try await RedisServer.run(tls: made) { server in
            let url = "rediss://127.0.0.1:\(server.port)"
            #expect(try await findings(url) { $0.authorities = PathBytes(made.certificate) } == [])
            let untrusted = try await findings(url)
            #expect(untrusted.first?.message.contains("not trusted") == true, "\(untrusted)")
            let plain = try await findings(address(server))
            #expect(plain.first?.advice.contains("rediss://") == true, "\(plain)")
        }
    }

    @Test("Relays are heard, and those with other keys are a warning") func others() async throws {
        try await RedisServer.run { server in
            let talker = self.talker(at: server, as: [1, 2])
            let same = try await findings(address(server), listening: .seconds(2))
            #expect(Self.names(same) == ["notice fleet-relays"] && same[0].message.contains("2 relays"))
            let other = try await findings(address(server), key: "b", listening: .seconds(2))
            #expect(Self.names(other) == ["warning fleet-keys"] && other[0].message.contains("2 relays"))
            #expect(other[0].message.contains(address(server)))
            talker.cancel()
            _ = try? await talker.value
        }
    }

    @Test("Sentinels that do not answer are named, and without any the master is not known") func sentinels()
        async throws
    {
        let nobody = try FreePort.below30000()
        try await RedisServer.run { master in
            let sentinel = try RedisServer(sentinelOf: master.port)
            try await sentinel.start()
            let one = "redis+sentinel://127.0.0.1:\(sentinel.port)"
            #expect(try await findings(one + "/main") == [])
            let some = try await findings(one + ",127.0.0.1:\(nobody)/main")
            #expect(Self.names(some) == ["warning fleet-sentinels"])
            #expect(some.first?.message.contains("1 of 2 sentinels") == true, "\(some)")
            let unknown = try await findings(one + "/other")
            #expect(Self.names(unknown) == ["warning fleet-away"])
            await sentinel.kill()
        }
        let none = try await findings("redis+sentinel://127.0.0.1:\(nobody)/main")
        #expect(none.first?.message.contains("no sentinel") == true, "\(none)")
    }
}
