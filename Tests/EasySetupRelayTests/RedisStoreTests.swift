import EasySetupFleetStore
import Foundation
import TestSupport
import Testing

@testable import EasySetupRelay

@Suite(
    "A relay's store in a real Redis",
    .inTurn,
    .enabled(if: RedisServer.program != nil, RedisServer.hint)
) struct RedisStoreTests {
    private static let name = RoomName(slot: Array("slot of a test".utf8), offer: Array("offer of a test".utf8))

    private static func entry(_ run: UInt64, _ attempt: UInt32) -> Registration {
        Registration(offer: [UInt8](repeating: 1, count: 16), run: RunID(number: run), attempt: attempt)
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// All five operations between two relays.
    private static func meet(_ one: StoreRig, _ two: StoreRig) async throws {
        #expect(await one.claim(name, entry(1, 1)) == .success(true))
        #expect(await two.claim(name, entry(2, 1)) == .success(false))
        #expect(await two.find(name) == .success(FoundRooms(atSlot: entry(1, 1))))
        let taken = await two.take(TakeRequest(name, entry(2, 2), isAttach: true))
        #expect(taken == .success(TakeOutcome(.mine(before: entry(1, 1)), hasSlot: true)))
        let late = await one.take(TakeRequest(name, entry(1, 1), isAttach: true))
        #expect(late == .success(TakeOutcome(.newer(entry(2, 2)), hasSlot: true)))
        #expect(await one.publish([0, 13, 10, 255], to: .run(RunID(number: 2))) == .success(1))
        try await two.hears(.message(.run(RunID(number: 2)), [0, 13, 10, 255]))
        #expect(await two.publish([], to: .all) == .success(2))
        try await one.hears(.message(.all, []))
        #expect(await one.publish([1], to: .run(RunID(number: 9))) == .success(0))
    }

    @Test("Two relays register, find, take and talk") func operations() async throws {
        try await RedisServer.run { server in
            let (one, two) = (try await StoreRig(server), try await StoreRig(server))
            #expect(await one.find(Self.name) == .failure(.cutOff))
            await one.join(as: 1)
            await two.join(as: 2)
            try await one.hears(.joined(hasKept: false))
            try await two.hears(.joined(hasKept: false))
            try await Self.meet(one, two)
            try await RedisTalk.with(server.port) { talk in
                guard case .text(let list) = try await talk.send("CLIENT", "LIST") else { throw NoList() }
                #expect(Self.text(list).split(separator: "\n").count { $0.contains("name=easysetup-relay") } == 4)
            }
            await one.leave()
            await two.leave()
            #expect(await one.find(Self.name) == .failure(.cutOff))
            try await RedisTalk.with(server.port) { talk in
                try await until { try await talk.send("PUBSUB", "CHANNELS") == .list([]) }
            }
        }
    }

    private struct NoList: Error {}

    @Test("Messages arrive in their order and whole, thousands at once") func order() async throws {
        try await RedisServer.run { server in
            let (one, two) = (try await StoreRig(server), try await StoreRig(server))
            await one.join(as: 1)
            await two.join(as: 2)
            try await one.hears(.joined(hasKept: false))
            try await two.hears(.joined(hasKept: false))
            let messages = (0..<4_000).map { number in
                Array("\(number) ".utf8) + [UInt8](repeating: UInt8(number & 255), count: number % 700)
            }
            let long = [[UInt8](repeating: 7, count: RedisLimits().messageBytes)]
            let answers = await one.publish(messages + long, to: .run(RunID(number: 2)))
            #expect(answers.allSatisfy { $0 == .success(1) })
            try await until { two.events.count == messages.count + 1 }
            #expect(two.events == (messages + long).map { .message(.run(RunID(number: 2)), $0) })
        }
    }

    @Test("A server that dies is left, and joined again when it is back, without its data") func death() async throws {
        try await RedisServer.run { server in
            let rig = try await StoreRig(server)
            await rig.join(as: 1)
            try await rig.hears(.joined(hasKept: false))
            #expect(await rig.claim(Self.name, Self.entry(1, 1)) == .success(true))
            await server.kill()
            try await rig.hears(.cutOff(.closed))
            #expect(await rig.find(Self.name) == .failure(.cutOff))
            try await rig.hears(.cutOff(.unreachable))
            try await server.start()
            try await rig.hears(.joined(hasKept: false))
            #expect(await rig.find(Self.name) == .success(FoundRooms()))
            await rig.leave()
        }
    }

    @Test("Lost data are told before the answer that misses them") func flush() async throws {
        try await RedisServer.run { server in
            var limits = StoreRig.patient
            limits.look = .seconds(3_600)
            let rig = try await StoreRig(server, limits: limits)
            await rig.join(as: 1)
            try await rig.hears(.joined(hasKept: false))
            #expect(await rig.claim(Self.name, Self.entry(1, 1)) == .success(true))
            try await RedisTalk.with(server.port) { _ = try await $0.send("FLUSHALL") }
            #expect(await rig.find(Self.name) == .success(FoundRooms()))
            #expect(rig.events == [.lostData])
            #expect(await rig.find(Self.name) == .success(FoundRooms()))
            #expect(rig.events == [.lostData])
            await rig.leave()
        }
    }

    @Test("Data that are lost are noticed without a question, too") func look() async throws {
        try await RedisServer.run { server in
            let rig = try await StoreRig(server)
            await rig.join(as: 1)
            try await rig.hears(.joined(hasKept: false))
            try await RedisTalk.with(server.port) { _ = try await $0.send("FLUSHALL") }
            try await rig.hears(.lostData)
            await rig.leave()
        }
    }

    @Test("A server that stops is left after its time, and joined again when it goes on") func stopped() async throws {
        try await RedisServer.run { server in
            var limits = StoreRig.patient
            limits.answer = .seconds(3)
            let rig = try await StoreRig(server, limits: limits)
            await rig.join(as: 1)
            try await rig.hears(.joined(hasKept: false))
            server.signal(SIGSTOP)
            #expect(await rig.find(Self.name) == .failure(.cutOff))
            try await rig.hears(.cutOff(.silent))
            server.signal(SIGCONT)
            try await rig.hears(.joined(hasKept: true))
            await rig.leave()
        }
    }

    @Test("What a stopped server does not take in is bounded") func unsent() async throws {
        try await RedisServer.run { server in
            var limits = StoreRig.patient
            limits.look = .seconds(3_600)
            let rig = try await StoreRig(server, limits: limits)
            await rig.join(as: 1)
            try await rig.hears(.joined(hasKept: false))
            server.signal(SIGSTOP)
            let message = [UInt8](repeating: 1, count: 60_000)
            let answers = await rig.publish([[UInt8]](repeating: message, count: 500), to: .all)
            #expect(answers.allSatisfy { $0 == .failure(.cutOff) })
            try await rig.hears(.cutOff(.unsent))
            server.signal(SIGCONT)
            try await rig.hears(.joined(hasKept: true))
            await rig.leave()
        }
    }

    @Test("A connection that the server closes takes the other with it, and both come back") func thrownOut()
        async throws
    {
        try await RedisServer.run { server in
            let rig = try await StoreRig(server)
            await rig.join(as: 1)
            try await rig.hears(.joined(hasKept: false))
            for kind in ["pubsub", "normal"] {
                try await RedisTalk.with(server.port) { talk in
                    guard case .number(let count) = try await talk.send("CLIENT", "KILL", "TYPE", kind) else { return }
                    #expect(count >= 1)
                }
                try await rig.hears(.cutOff(.closed))
                try await rig.hears(.joined(hasKept: true))
            }
            await rig.leave()
        }
    }

    @Test("As another run it hears nothing of the one before") func otherRun() async throws {
        try await RedisServer.run { server in
            let rig = try await StoreRig(server)
            await rig.join(as: 1)
            try await rig.hears(.joined(hasKept: false))
            await rig.join(as: 2)
            try await rig.hears(.joined(hasKept: true))
            try await RedisTalk.with(server.port) { talk in
                try await until { try await talk.send("PUBLISH", "es1:to:0000000000000001", "old") == .number(0) }
                #expect(try await talk.send("PUBLISH", "es1:to:0000000000000002", "new") == .number(1))
            }
            try await rig.hears(.message(.run(RunID(number: 2)), Array("new".utf8)))
            await rig.leave()
        }
    }

    @Test("A user with no more rights than a relay needs, and a database of its own, do") func account() async throws {
        let rules = "+set +get +mget +eval +publish +subscribe +ping +role +select ~es1:* &es1:*"
        let users = "--user default off --user relay on >top%secret \(rules) --user bare on >word"
        try await RedisServer.run(users.split(separator: " ").map(String.init)) { server in
            func rig(_ account: String) async throws -> StoreRig {
                try await StoreRig(try RedisAddress(url: "redis://\(account)127.0.0.1:\(server.port)/3"))
            }
            let (one, two) = (try await rig("relay:top%25secret@"), try await rig("relay:top%25secret@"))
            await one.join(as: 1)
            await two.join(as: 2)
            try await one.hears(.joined(hasKept: false))
            try await two.hears(.joined(hasKept: false))
            try await Self.meet(one, two)
            for (account, problem) in [
                ("", StoreProblem.wrongPassword), ("relay:other@", .wrongPassword), ("nobody:word@", .wrongPassword),
                (":word@", .wrongPassword), ("bare:word@", .notPermitted),
            ] {
                let rig = try await rig(account)
                await rig.join(as: 3)
                try await rig.hears(.cutOff(problem))
                await rig.leave()
            }
            let far = try await StoreRig(
                try RedisAddress(url: "redis://relay:top%25secret@127.0.0.1:\(server.port)/999")
            )
            await far.join(as: 3)
            try await far.hears(.cutOff(.noSuchDatabase))
            for rig in [one, two, far] { await rig.leave() }
        }
    }

    @Test("TLS is trusted by the authorities that are given, and by no others") func tls() async throws {
        let made = try MadeCertificate.loopback.get()
        let client = CertificateFiles(certificate: made.certificate, key: made.key)
        let asking = ["--tls-ca-cert-file", made.certificate, "--tls-auth-clients", "yes"]
        try await RedisServer.run(asking, tls: made) { server in
            let url = "127.0.0.1:\(server.port)"
            let address = try RedisAddress(url: "rediss://\(url)")
            let loaded = try RedisSettings(
                address,
                authorities: PathBytes(made.certificate),
                certificate: client
            ).load()
            let one = try await StoreRig(loaded.addresses[0], tls: loaded.tls)
            let two = try await StoreRig(loaded.addresses[0], tls: loaded.tls)
            await one.join(as: 1)
            await two.join(as: 2)
            try await one.hears(.joined(hasKept: false))
            try await two.hears(.joined(hasKept: false))
            try await Self.meet(one, two)
            // The system's authorities do not know it, and a server with TLS says nothing to one without.
            let strange = try RedisSettings(address, certificate: client).load()
            let plain = try RedisSettings(RedisAddress(url: "redis://\(url)")).load()
            for (loaded, problem) in [(strange, StoreProblem.untrusted), (plain, .closed)] {
                let rig = try await StoreRig(loaded.addresses[0], tls: loaded.tls)
                await rig.join(as: 3)
                try await rig.hears(.cutOff(problem))
                await rig.leave()
            }
            await one.leave()
            await two.leave()
        }
        try await RedisServer.run { server in
            let address = try RedisAddress(url: "rediss://127.0.0.1:\(server.port)")
            let loaded = try RedisSettings(address, authorities: PathBytes(made.certificate)).load()
            // A server without TLS waits for the end of a line.
            var limits = StoreRig.patient
            limits.opening = .seconds(1)
            let rig = try await StoreRig(loaded.addresses[0], tls: loaded.tls, limits: limits)
            await rig.join(as: 1)
            try await rig.hears(.cutOff(.silent))
            await rig.leave()
        }
    }

    @Test(
        "Where nothing listens, and where a name leads nowhere, it says so and tries again",
        arguments: [
            "127.0.0.1", "nowhere.invalid",
        ]
    )
    func nobody(host: String) async throws {
        let address = try RedisAddress(url: "redis://\(host):\(try FreePort.below30000())")
        let rig = try await StoreRig(address)
        await rig.join(as: 1)
        for _ in 0..<3 {
            try await rig.hears(.connecting)
            try await rig.hears(.cutOff(.unreachable))
        }
        await rig.leave()
    }
}
