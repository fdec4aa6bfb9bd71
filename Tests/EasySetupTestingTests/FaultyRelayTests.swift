import EasySetup
import EasySetupTesting
import Testing

@Suite("An app under test whose network or relay fails") struct FaultyRelayTests {
    @Test("The app has no network, and tries again until it gives up") func offline() async throws {
        let app = TestedApp(.random())
        await app.network.goOffline()
        let screen = await app.offer()
        #expect(screen.codes == [.connecting, .retrying])
        await app.clock.advance(by: .seconds(10))
        #expect(screen.error?.code == .relayUnreachable)
        #expect(screen.error?.causeCode == .noNetwork)
    }

    @Test("Each error of an attempt to connect reaches the screen") func errors() async throws {
        for error in PairingError.examples where error.code == .relayUntrusted || error.code == .notARelay {
            let app = TestedApp(.random())
            await app.network.goOffline(error)
            let screen = await app.offer()
            await app.clock.advance(by: .seconds(10))
            #expect(screen.error == error)
        }
    }

    @Test("The app loses its connection while the code is shown, and keeps the code") func drops() async throws {
        let app = TestedApp(.random())
        let screen = await app.offer()
        let code = try #require(screen.offer).code
        await app.network.dropConnections()
        #expect(screen.state?.code == .reconnecting)
        await app.clock.advance(by: .seconds(1))
        #expect(screen.codes == [.connecting, .offered, .reconnecting, .offered])
        let phone = ScriptedPeer(at: app.relay)
        await phone.types(code)
        #expect(screen.paired != nil && phone.paired != nil)
    }

    @Test("The app loses its network in the middle of a pairing, and comes back") func middle() async throws {
        let app = TestedApp()
        let laptop = ScriptedPeer(seed: .random(), at: app.relay)
        laptop.answers(.none)
        let screen = await app.join(try await laptop.showsCode().code)
        #expect(screen.state?.code == .waiting)
        await app.network.goOffline()
        #expect(laptop.shows?.code == .peerAway)
        await app.clock.advance(by: .seconds(30))
        #expect(screen.state?.code == .reconnecting || screen.state?.code == .retrying)
        await app.network.goOnline()
        await app.clock.advance(by: .seconds(15))
        #expect(screen.state?.code == .waiting)
        #expect(laptop.shows?.code == .deciding)
    }

    @Test("The relay is killed and starts again, with its key or without", arguments: [true, false])
    func killed(losingKey: Bool) async throws {
        let app = TestedApp(.random())
        let screen = await app.offer()
        let code = try #require(screen.offer).code
        await app.relay.kill(losingKey: losingKey)
        await app.clock.advance(by: .seconds(20))
        #expect([.reconnecting, .retrying].contains(screen.state?.code))
        await app.relay.start()
        await app.clock.advance(by: .seconds(15))
        #expect(screen.state?.code == .offered)
        #expect((screen.offer?.code.revealed() == code.revealed()) == !losingKey)
    }

    @Test("The relay does not run at all") func absent() async throws {
        let app = TestedApp(.random())
        await app.relay.kill()
        let screen = await app.offer()
        await app.clock.advance(by: .seconds(10))
        #expect(screen.error?.causeCode == .refused)
        let peer = ScriptedPeer(at: app.relay)
        let error = await #expect(throws: ScriptedPeer.NoCode.self) { try await peer.showsCode() }
        #expect(error?.shown?.code == .retrying)
    }

    @Test("The relay is full") func full() async throws {
        var capacity = TestRelay.Capacity()
        capacity.codes = 0
        let app = TestedApp(.random(), at: TestRelay(capacity: capacity))
        let screen = await app.offer()
        #expect(screen.error?.code == .relayFull)
        #expect(screen.error.map { $0.retryAfter > .zero } == true)
    }

    @Test("The line of the code is full") func lineFull() async throws {
        var capacity = TestRelay.Capacity()
        capacity.meetingsPerCode = 1
        capacity.waitingPerCode = 0
        let app = TestedApp(at: TestRelay(capacity: capacity))
        let code = try await ScriptedPeer(seed: .random(), at: app.relay).showsCode().code
        await app.relay.crowd(1, at: code)
        #expect(await app.join(code).error?.code == .lineFull)
    }

    @Test("The relay drains: a new pairing is refused, and one in progress ends well") func draining() async throws {
        let app = TestedApp(.random())
        let screen = await app.offer(approve: app.unanswered)
        let phone = ScriptedPeer(at: app.relay)
        await phone.types(try #require(screen.offer).code)
        await app.relay.drain()
        #expect(screen.state?.code == .deciding)
        #expect(await TestedApp(.random(), at: app.relay).offer().error?.code == .draining)
    }
}
