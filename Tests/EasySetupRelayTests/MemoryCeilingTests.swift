import EasySetupFleetStore
import EasySetupRelayCore
import Testing

@testable import EasySetupRelay

/// A relay lowers its limits so that it fits into a given amount of memory.
@Suite("The memory ceiling") struct MemoryCeilingTests {
    @Test(
        "A relay fits into the memory it is given, and no address may have most of it",
        arguments: [128, 160, 256, 512, 1_024, 4_096]
    )
    func relayFitsMemory(mebibytes: Int) {
        var configuration = RelayConfiguration()
        configuration.fit(memory: mebibytes << 20)
        #expect(configuration.memoryCeiling <= mebibytes << 20)
        let (limits, connections) = (configuration.limits, configuration.connectionLimits)
        #expect(limits.roomlessPerPrefix * 8 <= limits.roomless)
        #expect(connections.openingPerPrefix * 8 <= connections.connections)
        #expect(limits.prefixes >= 4_096)
        #expect(limits.usedChallenges >= 4_096)
        #expect(limits.rooms > 0 && limits.meetingsInAll > 0)
    }

    @Test(
        "Limits that the operator has set stay as they are, and the others make room for them",
        arguments: [("connections", 5_000), ("connections", 2_000), ("rooms", 40_000), ("openingPerPrefix", 700)]
    )
    func keepsWhatWasSet(name: String, value: Int) throws {
        var configuration = RelayConfiguration()
        let limit = try #require(NamedLimit(named: name))
        _ = limit.set(value, in: &configuration)
        let before = configuration
        let fits = configuration.fit(memory: 512 << 20, keeping: [name])
        #expect(fits)
        #expect(configuration.memoryCeiling <= 512 << 20)
        var expected = configuration
        _ = limit.set(value, in: &expected)
        #expect(configuration.limits == expected.limits)
        #expect(configuration.connectionLimits == expected.connectionLimits)
        #expect(configuration.limits.deadlines < before.limits.deadlines)
    }

    @Test("Limits that take more than the memory are told, and stay as they are") func setTooHigh() {
        var configuration = RelayConfiguration()
        configuration.connectionLimits.connections = 100_000
        let fits = configuration.fit(memory: 512 << 20, keeping: ["connections"])
        #expect(!fits)
        #expect(configuration.connectionLimits.connections == 100_000)
        #expect(configuration.memoryCeiling > 512 << 20)
    }

    @Test("A lower limit of connections leaves the others more, and is never lowered with them") func lowerLimit() {
        var usual = RelayConfiguration()
        usual.fit(memory: 512 << 20)
        var lower = RelayConfiguration()
        lower.connectionLimits.connections = 1_000
        lower.fit(memory: 512 << 20, keeping: ["connections"])
        #expect(lower.connectionLimits.connections == 1_000)
        #expect(lower.limits.rooms > usual.limits.rooms)
    }

    @Test("Enough memory leaves every limit as it is") func enoughMemoryLeaves() {
        var configuration = RelayConfiguration()
        let before = configuration
        configuration.fit(memory: configuration.memoryCeiling)
        #expect(configuration.limits == before.limits)
        #expect(configuration.connectionLimits == before.connectionLimits)
    }

    private static func amongOthers() throws -> RelayConfiguration {
        var configuration = RelayConfiguration()
        configuration.fleet = RedisSettings(try RedisAddress(url: "redis://127.0.0.1"))
        return configuration
    }

    @Test(
        "A relay among others needs memory for devices at other relays, for its own ones there, and for what it shares",
        arguments: ["farDevices", "connections", "untoldPrefixes", "claims"]
    )
    func amongOthers(name: String) throws {
        let (alone, configuration) = (RelayConfiguration(), try Self.amongOthers())
        let shared = configuration.memoryCeiling - alone.memoryCeiling
        // 50,000 far devices, as many connections, 4 MiB that are unsent, and some.
        #expect(shared > (100 << 20) && shared < (200 << 20))
        let limit = try #require(NamedLimit(named: name))
        func ceiling(_ configuration: RelayConfiguration) -> Int {
            var raised = configuration
            #expect(limit.set(1_024, in: &raised))
            return raised.memoryCeiling
        }
        if name == "connections" {
            #expect(alone.memoryCeiling - ceiling(alone) < configuration.memoryCeiling - ceiling(configuration))
        } else {
            #expect(ceiling(alone) == alone.memoryCeiling)
            #expect(ceiling(configuration) != configuration.memoryCeiling)
        }
    }

    @Test("A relay among others fits into the memory it is given, too", arguments: [128, 160, 256, 512, 1_024])
    func fitsAmongOthers(mebibytes: Int) throws {
        var (alone, configuration) = (RelayConfiguration(), try Self.amongOthers())
        let (fitsAlone, fits) = (alone.fit(memory: mebibytes << 20), configuration.fit(memory: mebibytes << 20))
        #expect(fitsAlone && fits)
        #expect(configuration.memoryCeiling <= mebibytes << 20)
        #expect(configuration.sharing.farDevices > 0 && configuration.sharing.untoldPrefixes >= 1_024)
        #expect(configuration.limits.rooms <= alone.limits.rooms)
        #expect(alone.sharing == SharingLimits())
    }
}
