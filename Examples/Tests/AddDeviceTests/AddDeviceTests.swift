import EasySetup
import EasySetupTesting
import SwiftUI
import Testing

@testable import AddDevice

@MainActor
@Suite("The screen that adds a device") struct AddDeviceTests {
    let relay = TestRelay()

    /// The app on this device: its model, and the screen that shows it.
    private func app(_ seed: SyncSeed? = nil) -> AddDeviceModel {
        let name = DeviceName(cleaning: "my phone")!
        let client = PairingClient(name: name, store: MemorySeedStore(seed), relay: relay)
        return AddDeviceModel(client: client, relay: relay.address)
    }

    private func screen(_ model: AddDeviceModel) -> [String] { texts(of: AddDeviceView(model: model)) }

    private func code(_ model: AddDeviceModel) throws -> PairingCode {
        guard case .code(let offer) = model.step else {
            throw NoCode(texts: screen(model))
        }
        return offer.code
    }

    private struct NoCode: Error { let texts: [String] }

    @Test("The screen gives its seed after a yes") func gives() async throws {
        let model = app(.random())
        #expect(screen(model).first == "Add a device")
        model.showCode()
        await relay.clock.settle()
        let code = try code(model)
        #expect(
            screen(model) == [
                "This is the code.", "Type it on the other device.", code.revealed(), "(QR code)", "[Stop]",
            ]
        )
        let tablet = ScriptedPeer("new tablet", at: relay)
        await tablet.types(code)
        guard case .approve(let request) = model.step else { throw NoCode(texts: screen(model)) }
        #expect(screen(model).contains("\(request.peer.words)"))
        #expect(tablet.shows?.code == .waiting)
        model.answer(.approve)
        await relay.clock.settle()
        #expect(screen(model).first?.hasPrefix("Paired.") == true)
        #expect(tablet.paired != nil)
        #expect(!model.isRunning)
    }

    @Test("The screen shows a code, receives a seed, and keeps it or not", arguments: [true, false])
    func receives(keeps: Bool) async throws {
        let model = app()
        model.showCode()
        await relay.clock.settle()
        let laptop = ScriptedPeer("old laptop", seed: .random(), at: relay)
        await laptop.types(try code(model))
        guard case .keep = model.step else { throw NoCode(texts: screen(model)) }
        #expect(screen(model).contains("[Yes, keep the seed]"))
        model.answer(keeps ? Acceptance.accept : .decline)
        await relay.clock.settle()
        #expect((laptop.paired != nil) == keeps)
        #expect(screen(model).contains(keeps ? "[Done]" : "[Try again]"))
    }

    @Test("The screen types a code, after a slip, and receives a seed") func joins() async throws {
        let model = app()
        let laptop = ScriptedPeer("old laptop", seed: .random(), at: relay)
        let code = try await laptop.showsCode().code
        model.typed = "K7Q-29M-XA1"
        model.join()
        #expect(!model.mistake.isEmpty && screen(model).contains(model.mistake))
        model.typed = code.revealed()
        model.join()
        await relay.clock.settle()
        #expect(laptop.paired != nil)
        #expect(model.mistake.isEmpty && screen(model).contains("[Done]"))
    }

    @Test("The screen scans a link") func link() async throws {
        let model = app()
        let laptop = ScriptedPeer(seed: .random(), at: relay)
        model.join(try #require(try await laptop.showsCode().link))
        await relay.clock.settle()
        #expect(screen(model).contains("[Done]"))
    }

    @Test("The screen has the seed and typed the code, so it asks for a word, and says which one was wrong")
    func word() async throws {
        let model = app(.random())
        let tablet = ScriptedPeer("new tablet", at: relay)
        model.typed = try await tablet.showsCode().code.revealed()
        model.join()
        await relay.clock.settle()
        guard case .approve(let request) = model.step else { throw NoCode(texts: screen(model)) }
        #expect(!screen(model).contains("\(request.peer.words)"))
        model.answer(.word("otters"))
        await relay.clock.settle()
        #expect(screen(model).contains("That is not one of the two words. Look again; try 2 of 3."))
        model.answer(.word(request.peer.words.second))
        await relay.clock.settle()
        #expect(screen(model).contains("[Done]") && tablet.paired != nil)
    }

    @Test("A wrong code leaves the code on the screen, and the third brings a fresh one") func wrongCode() async throws
    {
        let model = app(.random())
        model.showCode()
        await relay.clock.settle()
        let first = try code(model)
        for count in 1...2 {
            await ScriptedPeer("stranger", at: relay).typesWrongCode(for: first)
            #expect(model.sentence == "Somebody typed a wrong code (\(count) of 3).")
            #expect(try code(model) === first)
        }
        await ScriptedPeer("stranger", at: relay).typesWrongCode(for: first)
        #expect(try code(model).revealed() != first.revealed())
        await relay.clock.advance(by: .seconds(600))
        #expect(model.sentence.hasPrefix("The last code is no longer good."))
    }

    @Test("The network goes during the question, and the question is there again") func network() async throws {
        let model = app(.random())
        model.showCode()
        await relay.clock.settle()
        let tablet = ScriptedPeer("new tablet", at: relay)
        await tablet.types(try code(model))
        await tablet.disappears()
        #expect(model.sentence == "The other device is away; waiting for it.")
        await tablet.comesBack()
        await relay.clock.advance(by: .seconds(15))
        guard case .approve = model.step else { throw NoCode(texts: screen(model)) }
        await relay.clock.advance(by: .seconds(300))
        #expect(screen(model).contains("[Try again]") || screen(model).contains("[Close]"))
    }

    @Test("Two devices that were paired before are told so, without a warning") func alreadyPaired() async throws {
        let seed = SyncSeed.random()
        let model = app(seed)
        model.showCode()
        await relay.clock.settle()
        await ScriptedPeer("my tablet", seed: seed, at: relay).types(try code(model))
        guard case .alreadyPaired = model.step else { throw NoCode(texts: screen(model)) }
        #expect(model.sentence.hasPrefix("These two devices are paired already"))
        #expect(screen(model).contains("[Done]"))
    }

    @Test("The screen stops, and both devices are told") func stops() async throws {
        let model = app(.random())
        model.showCode()
        await relay.clock.settle()
        let tablet = ScriptedPeer("new tablet", at: relay)
        await tablet.types(try code(model))
        model.stop()
        await relay.clock.settle()
        #expect(screen(model).first == "Add a device")
        #expect(tablet.error?.code == .cancelled)
    }

    @Test("The screen tells the place in line") func line() async throws {
        let model = app()
        let laptop = ScriptedPeer(seed: .random(), at: relay)
        let code = try await laptop.showsCode().code
        await relay.crowd(16, at: code)
        model.typed = code.revealed()
        model.join()
        await relay.clock.settle()
        #expect(screen(model) == ["Others are before this device: it is number 1 in line.", "…", "[Stop]"])
        await relay.clock.advance(by: .seconds(2))
        #expect(screen(model).contains("[Done]"))
    }

    @Test("Every state, question and error has a screen, and the previews show all of them") func states() {
        var steps: Set<String> = []
        for state in PairingState.examples + PairingError.examples.map(PairingState.failed) {
            let model = app()
            model.preview(state)
            let shown = screen(model)
            if case .relayMessage(let message) = state {
                #expect(shown[0] == "Add a device" && shown.contains("The relay says: \"\(message.isolated)\""))
                continue
            }
            #expect(shown[0] == state.explanation.filled(state.explanation.sentence))
            #expect(shown.count > 1)
            if case .failed(let error) = state { #expect(shown.contains(error.advice) || error.advice.isEmpty) }
        }
        for model in AddDevicePreviews.models {
            // The name of a case without its payload.
            steps.insert("\(model.step)".prefix { $0 != "(" }.description)
        }
        #expect(steps == ["start", "progress", "code", "approve", "words", "keep", "paired", "failed"])
        let previews = texts(of: AddDevicePreviews.previews)
        for request in ApprovalRequest.examples where !request.needsWord {
            #expect(previews.contains("\(request.peer.words)"))
        }
        #expect(previews.contains("That is not one of the two words. Look again; try 2 of 3."))
        // The collections that are given in place of the seed are in the question.
        let given = ApprovalRequest.examples.filter { $0.scope != .everything }.map(\.scope.text)
        #expect(!given.isEmpty && given.allSatisfy { text in previews.contains { $0.contains(text) } })
        #expect(previews.contains("[Yes, keep these keys]"))
    }
}
