import EasySetupPairingSession
import EasySetupRelayCore
import Simulator
import TestSupport
import Testing

/// Strangers who crowd to every code they can find. They are few, because each visit takes a hundred times as long here as in
/// `scripts/worlds crowding`, which has more pairs and a thousand networks; the step `worlds` of `scripts/test` has 200.
@Suite("Crowds at every code", .busy) struct CrowdingTests {
    @Test(
        "A crowd keeps no honest pair out, whatever the strangers do with their places",
        arguments: Crowding.Manner.allCases
    )
    func oneNetwork(manner: Crowding.Manner) {
        let outcome = Crowding(manner, strangers: 60, prefixes: 1, pairs: 4).run(seed: 1)
        #expect(outcome.inTime == 4)
        #expect(outcome.withOneFreshCode == 4)
        check(outcome)
    }

    @Test("A crowd from as many networks as fill the line keeps nobody out", arguments: Crowding.Manner.allCases)
    func manyNetworks(manner: Crowding.Manner) {
        // As with a thousand, but with a shorter line, which fewer fill.
        var crowding = Crowding(manner, strangers: 60, prefixes: 60, pairs: 4)
        crowding.relay.waitingPerRoom = 12
        let outcome = crowding.run(seed: 2)
        #expect(outcome.inTime == 4)
        #expect(outcome.withOneFreshCode == 4)
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
