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

    @Test("Enough memory leaves every limit as it is") func enoughMemoryLeaves() {
        var configuration = RelayConfiguration()
        let before = configuration
        configuration.fit(memory: configuration.memoryCeiling)
        #expect(configuration.limits == before.limits)
        #expect(configuration.connectionLimits == before.connectionLimits)
    }
}
