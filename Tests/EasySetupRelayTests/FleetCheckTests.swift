import EasySetupFleet
import EasySetupFleetStore
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
            let keys = try FleetKeys(current: [UInt8](repeating: 0xAA, count: 32))
            let talker = Task {
                try await RedisTalk.with(server.port) { talk in
                    var sealers = (1...2).map { EnvelopeSealer(run: RunID(number: $0), keys: keys) }
                    while !Task.isCancelled {
                        for index in sealers.indices {
                            let beat = FleetContent(loose: [.beat(Beat(load: 0, isDraining: false))])
                            let words = [
                                Array("PUBLISH".utf8), Array("es1:all".utf8), sealers[index].seal(beat, for: .all),
                            ]
                            _ = try await talk.send([RESPCommand(words: words)])
                        }
                        try await Task.sleep(for: .milliseconds(100))
                    }
                }
            }
            let same = try await findings(address(server), listening: .seconds(2))
            #expect(Self.names(same) == ["notice fleet-relays"] && same[0].message.contains("2 relays"))
            let other = try await findings(address(server), key: "b", listening: .seconds(2))
            #expect(Self.names(other) == ["warning fleet-keys"] && other[0].message.contains("2 relays"))
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
