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
}
