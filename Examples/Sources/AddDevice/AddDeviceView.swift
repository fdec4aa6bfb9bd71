// BEGIN
import EasySetup
import SwiftUI

/// The screen that adds a device. All its colours are the system's, so it follows light and dark by itself.
struct AddDeviceView: View {
    @State private var model: AddDeviceModel

    init(client: PairingClient, relay: RelayAddress) {
        _model = State(initialValue: AddDeviceModel(client: client, relay: relay))
    }

    init(model: AddDeviceModel) {
        _model = State(initialValue: model)
    }

    var body: some View {
        VStack(spacing: 20) {
            Text(model.sentence).font(.headline).multilineTextAlignment(.center)
            if !model.advice.isEmpty {
                Text(model.advice).foregroundStyle(.secondary).multilineTextAlignment(.center)
            }
            step
            // Below the rest, small, and as plain text: the relay is not trusted.
            if let message = model.relayMessage {
                Text(message).font(.footnote).foregroundStyle(.secondary)
            }
            if model.isRunning {
                Button("Stop", role: .cancel) { model.stop() }
            }
        }
        .padding()
        .onDisappear { model.stop() }
    }

    @ViewBuilder private var step: some View {
        switch model.step {
        case .start: StartView(model: model)
        case .progress: ProgressView()
        case .code(let offer): CodeView(offer: offer)
        case .approve(let request): ApproveView(request: request, model: model)
        case .words(let words): WordsView(words: words)
        case .keep(let request): KeepView(request: request, model: model)
        case .paired, .alreadyPaired:
            Image(systemName: "checkmark.circle").font(.largeTitle).foregroundStyle(.green)
            Button("Done") { model.stop() }
        case .failed(let error):
            Image(systemName: "exclamationmark.triangle").font(.largeTitle).foregroundStyle(.orange)
            Button(error.retryHelps ? "Try again" : "Close") { model.stop() }
        }
    }
}

/// The two ways to begin.
private struct StartView: View {
    @Bindable var model: AddDeviceModel

    var body: some View {
        Button("Show a code") { model.showCode() }.buttonStyle(.borderedProminent)
        Text("or type the code of the other device:").foregroundStyle(.secondary)
        TextField("K7Q-29M-XAQ", text: $model.typed)
            .font(.system(.title2, design: .monospaced))
            .autocorrectionDisabled()
            .onSubmit { model.join() }
        if !model.mistake.isEmpty {
            Text(model.mistake).foregroundStyle(.red)
        }
        Button("Join") { model.join() }
    }
}

/// The code in large symbols, and its QR code. Screen readers spell the symbols.
private struct CodeView: View {
    let offer: Offer

    var body: some View {
        Text(offer.code.revealed())
            .font(.system(.largeTitle, design: .monospaced))
            .speechSpellsOutCharacters()
            .privacySensitive()
        if let link = offer.link {
            QRCode(text: link.revealed()).privacySensitive()
        }
    }
}

/// The question before the seed is given. A device on which the user typed the code must not show the two words, because
/// the user reads one of them on the other screen.
private struct ApproveView: View {
    let request: ApprovalRequest
    let model: AddDeviceModel
    @State private var word = ""

    var body: some View {
        // Nobody says yes to what he has not read.
        if request.scope != .everything {
            Text("The other device gets: \(request.scope.text). Not the seed.")
        }
        if request.needsWord {
            Text("Type one of the two words on the other screen.")
            TextField("word", text: $word)
                .autocorrectionDisabled()
                .onSubmit { model.answer(Approval.word(word)) }
            if let hint { Text(hint).foregroundStyle(.red) }
            Button("Continue") { model.answer(Approval.word(word)) }
        } else {
            Text("Does the other device show these two words?")
            WordsView(words: request.peer.words)
            Button("Yes, add it") { model.answer(Approval.approve) }
        }
        Button("No", role: .cancel) { model.answer(Approval.decline) }.buttonStyle(.borderedProminent)
    }

    /// A hint about the mistake in the last word. An empty answer needs no words, and counts as no try.
    private var hint: String? {
        switch request.mistake {
        case .slip: "That is not one of the two words. Look again; try \(request.attempt) of 3."
        case .other: "The other device does not show that word. Is it the right device? Try \(request.attempt) of 3."
        default: nil
        }
    }
}

/// The question before a received seed is kept, or the keys of some collections, which the model's advice names.
private struct KeepView: View {
    let request: AcceptanceRequest
    let model: AddDeviceModel

    var body: some View {
        Text("Is it your device, and does it show these two words?")
        WordsView(words: request.peer.words)
        Button(request.scope == .everything ? "Yes, keep the seed" : "Yes, keep these keys") {
            model.answer(Acceptance.accept)
        }
        Button("No", role: .cancel) { model.answer(Acceptance.decline) }.buttonStyle(.borderedProminent)
    }
}

private struct WordsView: View {
    let words: ConfirmationWords

    var body: some View {
        Text(words.description).font(.title)
    }
}

/// Every state of the screen, in light and in dark.
@MainActor
struct AddDevicePreviews: PreviewProvider {
    static var previews: some View {
        ForEach(models.indices, id: \.self) { index in
            AddDeviceView(model: models[index]).preferredColorScheme(.light)
            AddDeviceView(model: models[index]).preferredColorScheme(.dark)
        }
    }

    static let models: [AddDeviceModel] = {
        let screens =
            PairingState.examples.map { (state: $0, question: ApprovalRequest?.none) }
            + ApprovalRequest.examples.map { (.deciding($0.peer, deadline: $0.deadline), $0) }
        return [model]
            + screens.map { screen in
                let model = model
                model.preview(screen.state, approval: screen.question)
                return model
            }
    }()

    /// A model at the start. Nothing answers at its relay.
    private static var model: AddDeviceModel {
        let client = PairingClient(name: DeviceName(cleaning: "this device")!, store: MemorySeedStore())
        return AddDeviceModel(client: client, relay: RelayAddress(host: "relay.example", port: 443, isPlain: false)!)
    }
}
// END
