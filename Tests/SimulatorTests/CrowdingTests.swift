import EasySetupPairingSession
import EasySetupRelayCore
import Simulator
import TestSupport
import Testing

/// Strangers who crowd to every code they can find. `scripts/worlds crowding` has more pairs and all of a thousand networks.
@Suite("Crowds at every code", .busy) struct CrowdingTests {
    @Test(
        "A crowd keeps no honest pair out, whatever the strangers do with their places",
        arguments: Crowding.Manner.allCases
    )
    func oneNetwork(manner: Crowding.Manner) {
        let outcome = Crowding(manner, strangers: 200, prefixes: 1, pairs: 12).run(seed: 1)
        #expect(outcome.inTime == 12)
        #expect(outcome.withOneFreshCode == 12)
        check(outcome)
    }

    @Test("A crowd from as many networks as fill the line keeps nobody out", arguments: Crowding.Manner.allCases)
    func manyNetworks(manner: Crowding.Manner) {
        // As with a thousand, but with a shorter line, which fewer fill.
        var crowding = Crowding(manner, strangers: 150, prefixes: 150, pairs: 10)
        crowding.relay.waitingPerRoom = 12
        let outcome = crowding.run(seed: 2)
        #expect(outcome.inTime == 10)
        #expect(outcome.withOneFreshCode == 10)
        check(outcome)
    }

    @Test("A crowd would keep pairs out if a crowded code were not replaced") func withoutFreshCodes() {
        // Pairs that are kept out wait to the end, so there are fewer strangers, and less time.
        var crowding = Crowding(.silent, strangers: 60, prefixes: 60, pairs: 4)
        crowding.relay.waitingPerRoom = 12
        crowding.client.codeLifetime = .seconds(120)
        #expect(crowding.run(seed: 2).inTime == 4)
        crowding.client.crowd = .max
        #expect(crowding.run(seed: 2).inTime < 4)
    }

    private func check(_ outcome: Crowding.Outcome) {
        #expect(outcome.breaches.isEmpty)
        #expect(outcome.mostPerCode <= 3)
        #expect(outcome.mostPerAct <= 9)
        #expect(outcome.told == outcome.wrongProofs)
        // The strangers were there, and were asked for work.
        #expect(outcome.places > 16)
    }
}
