import EasySetup
import EasySetupTesting
import Testing

@Suite("The states that a test can reach") struct EveryStateTests {
    @Test("A few scripts reach every state") func states() async throws {
        var reached: Set<PairingState.Code> = []
        let relay = TestRelay()

        // Shows a code, and gives the seed after everything that can happen before.
        await relay.say(.example)
        let holder = TestedApp(.random(), at: relay)
        await holder.network.goOffline()
        let showing = await holder.offer()
        await holder.network.goOnline()
        await relay.clock.advance(by: .seconds(1))
        await ScriptedPeer("stranger", at: relay).typesWrongCode(for: try #require(showing.offer).code)
        await ScriptedPeer("stranger", at: relay).abuses(try #require(showing.offer).code)
        await holder.network.dropConnections()
        await relay.clock.advance(by: .seconds(1))
        await ScriptedPeer("new phone", at: relay).types(try #require(showing.offer).code)
        reached.formUnion(showing.codes)

        await relay.say(nil)
        // Types a code behind strangers, while the other device comes and goes.
        let receiver = TestedApp(at: relay)
        let laptop = ScriptedPeer("old laptop", seed: .random(), at: relay)
        laptop.answers(.none)
        let code = try await laptop.showsCode().code
        await relay.crowd(16, at: code)
        let joining = await receiver.join(code)
        await relay.clock.advance(by: .seconds(2))
        await laptop.disappears()
        await laptop.comesBack()
        await relay.clock.advance(by: .seconds(5))
        reached.formUnion(joining.codes)
        #expect(joining.state?.code == .waiting)

        // Shows a code, and does not keep the seed that comes.
        let careful = TestedApp(at: relay)
        let asking = await careful.offer(accept: { _ in .decline })
        await ScriptedPeer("old laptop", seed: .random(), at: relay).types(try #require(asking.offer).code)
        reached.formUnion(asking.codes)

        #expect(reached == Set(PairingState.examples.map(\.code)))
    }
}
