import EasySetup
import EasySetupTesting
import Testing

@Suite("An app under test that types the code") struct JoiningTests {
    @Test("The app receives a seed") func receives() async throws {
        let app = TestedApp()
        let laptop = ScriptedPeer("old laptop", seed: .random(), at: app.relay)
        laptop.answers(.none)
        let screen = await app.join(try await laptop.showsCode().code)
        #expect(screen.codes == [.connecting, .greeting, .waiting])
        laptop.approves()
        let again = await app.join(try await laptop.showsCode().code)
        #expect(screen.error?.code == .cancelled)
        #expect(again.codes == [.connecting, .greeting, .waiting, .paired])
        #expect(try await app.store.load() != nil)
    }

    @Test("The app scans a link") func link() async throws {
        let app = TestedApp()
        let laptop = ScriptedPeer(seed: .random(), at: app.relay)
        let link = try #require(try await laptop.showsCode().link)
        let screen = await app.recorded(app.client.join(link))
        #expect(screen.paired != nil && laptop.paired != nil)
    }

    @Test("The app has the seed, and its user types a word from the other screen") func word() async throws {
        let app = TestedApp(.random())
        let code = try await ScriptedPeer("new phone", at: app.relay).showsCode().code
        let screen = await app.join(code) { request in
            request.attempt < 3 ? .word("otters") : .word(request.peer.words.first)
        }
        #expect(screen.codes.suffix(3) == [.deciding, .given, .paired])
        let other = try await ScriptedPeer("new tablet", at: app.relay).showsCode().code
        let wrong = await app.join(other) { _ in .word("no such word") }
        #expect(wrong.error?.code == .wrongWord)
    }

    @Test("The other person's word is wrong") func wrongWord() async throws {
        let app = TestedApp()
        let laptop = ScriptedPeer(seed: .random(), at: app.relay)
        laptop.answers(.wrongWord)
        let screen = await app.offer()
        await laptop.types(try #require(screen.offer).code)
        #expect(laptop.error?.code == .wrongWord)
        #expect(screen.error?.code == .declined)
    }

    @Test("A wrong code is told until no try is left") func wrongCode() async throws {
        let app = TestedApp()
        let code = try await ScriptedPeer(seed: .random(), at: app.relay).showsCode().code
        let wrong = try PairingCode(typed: "K7Q-29M-XAQ")
        #expect(await app.join(wrong).error?.code == .noSuchCode)
        let peer = ScriptedPeer(at: app.relay)
        for _ in 1...3 { await peer.typesWrongCode(for: code) }
        #expect(peer.error?.code == .wrongCode)
        await peer.types(code)
        #expect(peer.error?.code == .triesSpent)
        #expect(await app.join(code).error?.code == .codeBurnt)
    }

    @Test("An expired code is told") func expired() async throws {
        let app = TestedApp()
        let laptop = ScriptedPeer(seed: .random(), at: app.relay)
        let code = try await laptop.showsCode().code
        await app.clock.advance(by: .seconds(601))
        #expect(await app.join(code).error?.code == .expired)
    }

    @Test("The app is declined, or nobody answers", arguments: [ScriptedPeer.Answer.no, .none])
    func declined(answer: ScriptedPeer.Answer) async throws {
        let app = TestedApp()
        let laptop = ScriptedPeer(seed: .random(), at: app.relay)
        laptop.answers(answer)
        let screen = await app.join(try await laptop.showsCode().code)
        await app.clock.advance(by: .seconds(300))
        #expect(screen.error?.code == (answer == .no ? .declined : .timedOut))
    }

    @Test("Strangers are before the app in line, and go") func inLine() async throws {
        let app = TestedApp()
        let laptop = ScriptedPeer(seed: .random(), at: app.relay)
        let code = try await laptop.showsCode().code
        await app.relay.crowd(16, at: code)
        let screen = await app.join(code)
        #expect(screen.codes.contains(.inLine))
        if case .inLine(let position) = screen.state { #expect(position == 1) }
        await app.clock.advance(by: .seconds(2))
        #expect(screen.codes.last == .paired)
    }

    @Test("Someone else's device has the seat") func seated() async throws {
        let app = TestedApp()
        let laptop = ScriptedPeer(seed: .random(), at: app.relay)
        laptop.answers(.none)
        let code = try await laptop.showsCode().code
        await ScriptedPeer("first", at: app.relay).types(code)
        #expect(await app.join(code).error?.code == .seated)
    }

    @Test("The other device breaks the protocol with the right code") func codeKnown() async throws {
        let app = TestedApp()
        let stranger = ScriptedPeer("stranger", seed: .random(), at: app.relay)
        let code = try await stranger.showsCodeToAbuse().code
        #expect(await app.join(code).error?.code == .codeKnown)
    }

    @Test("The store of the app fails before it connects, or when it has the seed") func store() async throws {
        let relay = TestRelay()
        let laptop = ScriptedPeer(seed: .random(), at: relay)
        for store in [
            FailingSeedStore(load: .forbidden), FailingSeedStore(check: .full), FailingSeedStore(save: .full),
        ] {
            let screen = await TestedApp(store: store, at: relay).join(try await laptop.showsCode().code)
            #expect(screen.error?.storeError != nil)
        }
        #expect(laptop.error?.code == .peerNotStored)
    }
}
