import EasySetup
import EasySetupTesting
import Testing

// The examples of the article "Testing your screens" and of comments, between BEGIN and END.

// BEGIN
@MainActor
final class CodeScreen {
    private(set) var code: PairingCode?
    private(set) var text = ""
    private(set) var question: (text: String, answer: (Bool) -> Void)?

    func show(with client: PairingClient, at relay: RelayAddress) async {
        for await state in client.offer(at: relay, approve: { await self.ask($0) ? .approve : .decline }) {
            if case .offered(let offer) = state { code = offer.code }
            let explanation = state.explanation
            text = explanation.filled(explanation.sentence)
        }
    }

    private func ask(_ request: ApprovalRequest) async -> Bool {
        let (answers, answer) = AsyncStream<Bool>.makeStream()
        question = ("Is it \(request.peer.device.name)?", { answer.yield($0) })
        defer { question = nil }
        for await answer in answers { return answer }
        // The pairing has withdrawn the question by cancelling this task, which ends the stream.
        return false
    }
}
// END

// BEGIN
@MainActor
struct CodeScreenTests {
    let relay = TestRelay()
    let screen = CodeScreen()
    let seed = SyncSeed.random()

    func showCode() async throws -> PairingCode {
        let store = MemorySeedStore(seed)
        let client = PairingClient(name: DeviceName(cleaning: "old laptop")!, store: store, relay: relay)
        Task { await screen.show(with: client, at: relay.address) }
        await relay.clock.settle()
        return try #require(screen.code)
    }

    @Test func pairs() async throws {
        let phone = ScriptedPeer("new phone", at: relay)
        await phone.types(try await showCode())
        #expect(screen.question?.text == "Is it new phone?")
        screen.question?.answer(true)
        await relay.clock.settle()
        #expect(screen.text.hasPrefix("Paired."))
        #expect(phone.paired != nil)
    }

    @Test func otherDeviceStops() async throws {
        let phone = ScriptedPeer("new phone", at: relay)
        await phone.types(try await showCode())
        await phone.cancels()
        #expect(screen.question?.text == nil)
        #expect(screen.text == "The other device stopped.")
    }

    @Test func wrongCode() async throws {
        let stranger = ScriptedPeer("stranger", at: relay)
        await stranger.typesWrongCode(for: try await showCode())
        #expect(screen.text == "Somebody typed a wrong code (1 of 3).")
    }

    @Test func alreadyPaired() async throws {
        let tablet = ScriptedPeer("my tablet", seed: seed, at: relay)
        await tablet.types(try await showCode())
        #expect(screen.text.hasPrefix("These two devices are paired already"))
    }

    @Test func freshCode() async throws {
        let code = try await showCode()
        await relay.clock.advance(by: .seconds(600))
        #expect(screen.text == "The last code is no longer good. Here is a fresh one.")
        #expect(screen.code?.revealed() != code.revealed())
    }

    @Test func relayIsKilled() async throws {
        _ = try await showCode()
        await relay.kill()
        #expect(screen.text == "The connection was lost; trying again.")
        await relay.start()
        await relay.clock.advance(by: .seconds(15))
        #expect(screen.text == "This is the code.")
    }
}
// END

struct OtherTestingExamples {
    let client: PairingClient
    let relay: TestRelay

    func faults() async {
        // BEGIN
        let network = TestNetwork(to: relay)
        let client = PairingClient(name: DeviceName(cleaning: "new phone")!, store: MemorySeedStore(), network: network)
        await network.goOffline(PairingError.examples.first { $0.code == .relayUntrusted }!)
        // END
        _ = client
    }

    func typing() async throws -> PairingError? {
        // BEGIN
        let laptop = ScriptedPeer("old laptop", seed: .random(), at: relay)
        let wrong = ScriptedPeer.wrongCode(for: try await laptop.showsCode().code)
        let phone = PairingRecorder(client.join(wrong, at: relay.address), clock: relay.clock)
        await relay.clock.settle()
        #expect(phone.error?.code == .wrongCode)
        // END
        return phone.error
    }

    func line() async throws {
        // BEGIN
        let laptop = ScriptedPeer("old laptop", seed: .random(), at: relay)
        let code = try await laptop.showsCode().code
        await relay.crowd(16, at: code)
        let phone = PairingRecorder(client.join(code, at: relay.address), clock: relay.clock)
        await relay.clock.settle()
        #expect(phone.codes == [.connecting, .inLine])
        // END
    }

    func full() {
        // BEGIN
        var capacity = TestRelay.Capacity()
        capacity.codes = 0
        let relay = TestRelay(capacity: capacity)
        // END
        _ = relay
    }
}

@Suite("The examples of the article about tests") struct TestingExampleTests {
    @Test("The line") func line() async throws {
        let relay = TestRelay()
        let client = PairingClient(name: DeviceName(cleaning: "new phone")!, store: MemorySeedStore(), relay: relay)
        let example = OtherTestingExamples(client: client, relay: relay)
        try await example.line()
        #expect(try await example.typing() != nil)
        await example.faults()
        example.full()
    }
}
