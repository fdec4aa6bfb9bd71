import EasySetupFleetStore
import Foundation
import TestSupport
import Testing

@testable import EasySetupRelay

@Suite(
    "A relay's store behind sentinels",
    .inTurn,
    .enabled(if: RedisServer.program != nil, RedisServer.hint)
) struct SentinelTests {
    private static func rig(_ group: SentinelGroup, _ master: String = "main") async throws -> StoreRig {
        try await StoreRig(try RedisAddress(url: group.url(master)))
    }

    private static func talk(_ one: StoreRig, _ two: StoreRig) async throws {
        #expect(await one.publish([1], to: .run(RunID(number: 2))) == .success(1))
        try await two.hears(.message(.run(RunID(number: 2)), [1]))
    }

    /// The relays that are connected to a server.
    private static func relays(at server: RedisServer) async throws -> Int {
        try await RedisTalk.with(server.port) { talk in
            guard case .text(let list) = try await talk.send("CLIENT", "LIST") else { return -1 }
            return String(decoding: list, as: UTF8.self).split(separator: "\n").count {
                $0.contains("name=easysetup-relay")
            }
        }
    }

    @Test("Relays follow the master when it dies, and do not go back when it returns") func failover() async throws {
        try await SentinelGroup.run { group in
            // The first sentinel is not needed.
            await group.sentinels[0].kill()
            let (one, two) = (try await Self.rig(group), try await Self.rig(group))
            await one.join(as: 1)
            await two.join(as: 2)
            try await one.hears(.joined(hasKept: false))
            try await two.hears(.joined(hasKept: false))
            try await Self.talk(one, two)
            #expect(try await Self.relays(at: group.master) == 4)
            await group.master.kill()
            try await one.hears(.cutOff(.closed))
            try await one.hears(.joined(hasKept: true))
            try await two.hears(.joined(hasKept: true))
            #expect(try await Self.relays(at: group.replica) == 4)
            try await Self.talk(one, two)
            try await group.master.start()
            // A sentinel closes the connections of a server that it makes a replica.
            try await until {
                let role = try? await RedisTalk.with(group.master.port) { try await $0.send("ROLE") }
                guard case .list(let words)? = role else { return false }
                return words.first == .text("slave")
            }
            try await Self.talk(one, two)
            #expect(try await Self.relays(at: group.replica) == 4)
            #expect(try await Self.relays(at: group.master) == 0)
            await one.leave()
            await two.leave()
        }
    }

    @Test("A master that stops is left, and nobody is connected to it when it wakes") func woken() async throws {
        try await SentinelGroup.run { group in
            let rig = try await Self.rig(group)
            await rig.join(as: 1)
            try await rig.hears(.joined(hasKept: false))
            group.master.signal(SIGSTOP)
            try await rig.hears(.cutOff(.masterMoved))
            try await rig.hears(.joined(hasKept: true))
            group.master.signal(SIGCONT)
            try await until { try await Self.relays(at: group.master) == 0 }
            #expect(try await Self.relays(at: group.replica) == 2)
            #expect(!rig.events.contains(.connecting))
            await rig.leave()
        }
    }

    @Test("A replica is left, though a sentinel should name it") func replica() async throws {
        try await RedisServer.run { master in
            let replica = try RedisServer(["--replicaof", "127.0.0.1", "\(master.port)"])
            let sentinel = try RedisServer(sentinelOf: replica.port)
            do {
                try await replica.start()
                try await RedisTalk.with(replica.port) { talk in
                    try await until {
                        guard case .list(let role) = try await talk.send("ROLE") else { return false }
                        return role.first == .text("slave")
                    }
                }
                try await sentinel.start()
                let address = try RedisAddress(url: "redis+sentinel://127.0.0.1:\(sentinel.port)/main")
                let rig = try await StoreRig(address)
                await rig.join(as: 1)
                try await rig.hears(.cutOff(.notMaster))
                await rig.leave()
            } catch {
                await replica.kill()
                await sentinel.kill()
                throw error
            }
            await replica.kill()
            await sentinel.kill()
        }
    }

    @Test("A group that no sentinel knows, and sentinels that are not there, are told") func nobody() async throws {
        try await SentinelGroup.run { group in
            let rig = try await Self.rig(group, "other")
            await rig.join(as: 1)
            try await rig.hears(.cutOff(.noSentinel))
            await rig.leave()
        }
        let address = try RedisAddress(url: "redis+sentinel://127.0.0.1:\(try FreePort.below30000())/main")
        let rig = try await StoreRig(address)
        await rig.join(as: 1)
        try await rig.hears(.cutOff(.noSentinel))
        await rig.leave()
    }
}
