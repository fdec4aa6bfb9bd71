import EasySetup
import EasySetupTesting
import Testing

@Suite("An app under test that shows the code") struct OfferingTests {
    @Test("The app gives its seed") func gives() async throws {
        let seed = SyncSeed.random()
        let app = TestedApp(seed)
        let screen = await app.offer()
        #expect(screen.codes == [.connecting, .offered])
        let phone = ScriptedPeer("new phone", platform: .android, at: app.relay)
        await phone.types(try #require(screen.offer).code)
        #expect(screen.codes == [.connecting, .offered, .deciding, .given, .paired])
        #expect(screen.paired?.peer.device.name == phone.name)
        #expect(phone.paired?.userID == seed.userID)
        #expect(try await phone.store.load()?.isSame(as: seed) == true)
    }

    @Test("The app receives a seed, and asks first", arguments: [true, false]) func receives(accepts: Bool) async throws
    {
        let app = TestedApp()
        let screen = await app.offer(accept: { _ in accepts ? .accept : .decline })
        let laptop = ScriptedPeer("old laptop", seed: .random(), at: app.relay)
        await laptop.types(try #require(screen.offer).code)
        #expect(screen.codes == [.connecting, .offered, .waiting, .accepting, accepts ? .paired : .failed])
        #expect(screen.error?.code == (accepts ? nil : .declinedHere))
        #expect(laptop.error?.code == (accepts ? nil : .declined))
        #expect(try await (app.store.load() == nil) == !accepts)
    }

    @Test("The link of the app is scanned") func link() async throws {
        let app = TestedApp(.random())
        let screen = await app.offer()
        let phone = ScriptedPeer(at: app.relay)
        await phone.scans(try #require(screen.offer?.link))
        #expect(screen.paired != nil && phone.paired != nil)
    }

    @Test("Wrong codes are counted, and the third brings a fresh code") func wrongCodes() async throws {
        let app = TestedApp(.random())
        let screen = await app.offer()
        let code = try #require(screen.offer).code
        for count in 1...3 {
            let stranger = ScriptedPeer("stranger \(count)", at: app.relay)
            await stranger.typesWrongCode(for: code)
            #expect(stranger.error?.code == .wrongCode)
            #expect(screen.states.contains { if case .wrongProof(count) = $0 { true } else { false } })
        }
        #expect(screen.offer?.ordinal == 2)
        #expect(screen.offer?.code.revealed() != code.revealed())
        let late = ScriptedPeer(at: app.relay)
        await late.types(code)
        #expect(late.error?.code == .codeBurnt)
    }

    @Test("A stranger knows the code") func codeKnown() async throws {
        let app = TestedApp(.random())
        let screen = await app.offer()
        await ScriptedPeer("stranger", at: app.relay).abuses(try #require(screen.offer).code)
        #expect(screen.codes == [.connecting, .offered, .codeKnown, .offered])
    }

    @Test("The relay's operator has a sentence for people, and changes it") func relayMessage() async throws {
        let app = TestedApp(.random())
        let away = try RelayMessage("Away at 8:00 UTC.")
        await app.relay.say(away)
        let screen = await app.offer()
        #expect(screen.codes == [.connecting, .relayMessage, .offered])
        guard case .relayMessage(away) = screen.states[1] else {
            Issue.record("\(screen.states[1])")
            return
        }
        let explanation = screen.states[1].explanation
        #expect(explanation.filled(explanation.sentence) == "The relay says: \"Away at 8:00 UTC.\"")
        // A device that waits hears of a change when it connects again.
        await app.relay.say(try RelayMessage("Back at 9:00 UTC."))
        #expect(screen.codes.count == 3)
        await app.network.dropConnections()
        await app.clock.advance(by: .seconds(1))
        #expect(screen.codes == [.connecting, .relayMessage, .offered, .reconnecting, .relayMessage, .offered])
        let phone = ScriptedPeer("new phone", at: app.relay)
        await phone.types(try #require(screen.offer).code)
        #expect(screen.paired != nil && phone.paired != nil)
    }

    @Test("A stranger's device is declined") func declines() async throws {
        let app = TestedApp(.random())
        let screen = await app.offer(approve: { request in
            "\(request.peer.device.name)" == "stranger" ? .decline : .approve
        })
        let stranger = ScriptedPeer("stranger", at: app.relay)
        await stranger.types(try #require(screen.offer).code)
        #expect(screen.error?.code == .declinedHere)
        #expect(stranger.error?.code == .declined)
    }

    @Test("Codes expire: two fresh ones follow, then the pairing ends") func expired() async throws {
        let app = TestedApp(.random())
        let screen = await app.offer()
        for ordinal in 1...3 {
            #expect(screen.offer?.ordinal == ordinal)
            #expect(screen.offer?.deadline == app.clock.now + .seconds(600))
            await app.clock.advance(by: .seconds(600))
        }
        #expect(screen.error?.code == .codesSpent)
    }

    @Test("One long step of the clock is the same as many short ones") func longStep() async throws {
        let app = TestedApp(.random())
        let screen = await app.offer()
        let start = app.clock.now
        await app.clock.advance(by: .seconds(3_600))
        #expect(screen.codes == [.connecting, .offered, .offered, .offered, .failed])
        #expect(screen.offer?.deadline == start + .seconds(1_800))
        #expect(app.clock.now == start + .seconds(3_600))
    }

    @Test("Both devices have a seed, or none") func sameRoles() async throws {
        for (seeds, error) in [
            ([SyncSeed.random(), .random()], PairingError.Code.bothHold), ([nil, nil], .bothReceive),
        ] {
            let app = TestedApp(seeds[0])
            let screen = await app.offer()
            let peer = ScriptedPeer(seed: seeds[1], at: app.relay)
            await peer.types(try #require(screen.offer).code)
            #expect(screen.error?.code == error)
            #expect(peer.error?.code == error)
        }
    }

    @Test("Both devices have the same seed: both are told, nobody is asked, and neither store changes")
    func alreadyPaired() async throws {
        for appShows in [true, false] {
            let seed = SyncSeed.random()
            let app = TestedApp(seed)
            let peer = ScriptedPeer("my tablet", seed: seed, at: app.relay)
            let screen: PairingRecorder
            if appShows {
                screen = await app.offer(approve: app.unanswered)
                await peer.types(try #require(screen.offer).code)
            } else {
                screen = await app.join(try await peer.showsCode().code, approve: app.unanswered)
            }
            #expect(screen.error?.code == .alreadyPaired)
            #expect(peer.error?.code == .alreadyPaired)
            #expect(!screen.codes.contains(.deciding) && !screen.codes.contains(.given))
            for store in [app.store, peer.store] { #expect(try await store.load()?.isSame(as: seed) == true) }
        }
    }

    @Test("The user does not answer") func noAnswer() async throws {
        let app = TestedApp(.random())
        let screen = await app.offer(approve: app.unanswered)
        let phone = ScriptedPeer(at: app.relay)
        await phone.types(try #require(screen.offer).code)
        #expect(screen.state?.code == .deciding)
        #expect(phone.shows?.code == .waiting)
        await app.clock.advance(by: .seconds(300))
        #expect(screen.error?.code == .timedOut)
        #expect(phone.error?.code == .timedOut)
    }

    @Test("The other device goes away during the question, and comes back or does not", arguments: [true, false])
    func peerAway(returns: Bool) async throws {
        let app = TestedApp(.random())
        let screen = await app.offer(approve: app.unanswered)
        let phone = ScriptedPeer(at: app.relay)
        await phone.types(try #require(screen.offer).code)
        await phone.disappears()
        #expect(screen.state?.code == .peerAway)
        #expect(phone.states.contains { $0.code == .reconnecting })
        if returns { await phone.comesBack() }
        await app.clock.advance(by: .seconds(15))
        #expect(screen.state?.code == (returns ? .deciding : .peerAway))
        await app.clock.advance(by: .seconds(300))
        #expect(screen.error?.code == .timedOut)
    }

    @Test("The receiver can't store the seed") func notStored() async throws {
        let app = TestedApp(.random())
        let screen = await app.offer()
        let phone = ScriptedPeer(store: FailingSeedStore(save: .full), at: app.relay)
        await phone.types(try #require(screen.offer).code)
        #expect(screen.error?.code == .peerNotStored)
        #expect(phone.error?.storeError?.code == .full)
    }

    @Test("The receiver disappears with the seed") func notConfirmed() async throws {
        let app = TestedApp(.random())
        let phone = ScriptedPeer(asksFirst: true, at: app.relay)
        phone.answers(.none)
        let offer = try await phone.showsCode()
        let screen = await app.join(offer.code)
        #expect(screen.state?.code == .given)
        await phone.disappears()
        await app.clock.advance(by: .seconds(600))
        #expect(screen.error?.code == .sentNotConfirmed)
    }

    @Test("Either person stops", arguments: [true, false]) func stops(here: Bool) async throws {
        let app = TestedApp(.random())
        let screen = await app.offer(approve: app.unanswered)
        let phone = ScriptedPeer(at: app.relay)
        await phone.types(try #require(screen.offer).code)
        if here { screen.cancel() } else { await phone.cancels() }
        await app.clock.settle()
        #expect(screen.error?.code == (here ? .cancelledHere : .cancelled))
        #expect(phone.error?.code == (here ? .cancelled : .cancelledHere))
    }
}
