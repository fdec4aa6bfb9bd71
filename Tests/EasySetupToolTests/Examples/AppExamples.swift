import EasySetup

// The examples of the documentation, between BEGIN and END, as an app would have them. ``ExampleTests`` checks that the
// pages have the same text.

/// The examples of the article "Add a device in your app".
struct AddingExamples {
    let folder: String
    let address: String

    func offer() async throws {
        // BEGIN
        let store = FileSeedStore(folder: folder)
        let client = PairingClient(name: DeviceName(cleaning: "old laptop")!, store: store)
        let relay = try RelayAddress(url: address)

        let offering = client.offer(
            at: relay,
            approve: { await ask($0.peer) ? .approve : .decline },
            accept: { await ask($0.peer) ? .accept : .decline }
        )
        for await state in offering {
            switch state {
            case .offered(let offer):
                show(code: offer.code.revealed(), link: offer.link?.revealed(), until: offer.deadline)
            case .paired: finish()
            case .failed(let error): explain(error.description, error.advice)
            default: break
            }
        }
        // END
    }

    func join(_ text: String, at relay: RelayAddress, with client: PairingClient) -> Pairing? {
        // BEGIN
        do {
            let code = try PairingCode(typed: text)
            return client.join(code, at: relay)
        } catch {
            explain(error.description, error.advice)
            return nil
        }
        // END
    }

    func join(_ scanned: String, with client: PairingClient) throws -> Pairing {
        // BEGIN
        let pairing = client.join(try PairingLink(parsing: scanned))
        // END
        return pairing
    }

    @MainActor
    func opened(_ text: String, with client: PairingClient) async -> Pairing? {
        // BEGIN
        guard PairingLink.isMeant(by: text) else { return nil }
        do {
            let link = try PairingLink(parsing: text)
            guard await confirm("Get the keys of another device, by the relay \(link.relay.host)?") else { return nil }
            return client.join(link)
        } catch {
            explain(error.description, error.advice)
            return nil
        }
        // END
    }

    func failed(_ error: PairingError) {
        // BEGIN
        switch error.code {
        case .alreadyPaired: finish()
        case .wrongCode: askAgain(error.description)
        case .relayFull, .tooMany, .draining: retry(after: error.retryAfter)
        case .sentNotConfirmed: showUserID(error.advice)
        default: explain(error.description, error.advice)
        }
        // END
    }

    private func confirm(_ question: String) async -> Bool { false }
    private func ask(_ peer: Peer) async -> Bool { false }
    private func show(code: String, link: String?, until: ContinuousClock.Instant) {}
    private func finish() {}
    private func explain(_ description: String, _ advice: String) {}
    private func askAgain(_ description: String) {}
    private func retry(after: Duration) {}
    private func showUserID(_ advice: String) {}
}

/// The examples of the article "The states of a screen".
struct ScreenExamples {
    let table: [String: String]

    func follow(_ pairing: Pairing) async {
        // BEGIN
        for await state in pairing {
            let explanation = state.explanation
            let sentence = table[explanation.key] ?? explanation.sentence
            status(explanation.filled(sentence), lookHere: state.lookAt == .thisDevice)
        }
        // END
    }

    func question() -> PairingClient.Approve {
        // BEGIN
        let approve: PairingClient.Approve = { request in
            if request.needsWord {
                guard let word = await askForWord(of: request.peer.device.name, mistake: request.mistake) else {
                    return .decline
                }
                return .word(word)
            }
            let question = Question(name: "\(request.peer.device.name)", words: "\(request.peer.words)")
            return await ask(question, until: request.deadline) ? .approve : .decline
        }
        // END
        return approve
    }

    func words(_ request: ApprovalRequest) -> String {
        // BEGIN
        switch request.mistake {
        case nil, .nothing: "Type one of the two words on the other screen."
        case .slip: "That is not one of the two words. Look again; try \(request.attempt) of 3."
        case .other: "The other device does not show that word. Is it the right device? Try \(request.attempt) of 3."
        default: "Look again at the other screen, and type one of its two words."
        }
        // END
    }

    private struct Question {
        let name: String
        let words: String
    }

    private func status(_ text: String, lookHere: Bool) {}
    private func askForWord(of name: DeviceName, mistake: ConfirmationWords.Match?) async -> String? { nil }
    private func ask(_ question: Question, until: ContinuousClock.Instant) async -> Bool { false }
}

// The example of the article "The states of a screen" for a question.
// BEGIN
@MainActor
final class QuestionScreen {
    private(set) var question: (request: ApprovalRequest, answer: (Approval) -> Void)?

    func ask(_ request: ApprovalRequest) async -> Approval {
        let (answers, answer) = AsyncStream<Approval>.makeStream()
        question = (request, { answer.yield($0) })
        defer { question = nil }
        for await answer in answers { return answer }
        return .unclear
    }
}
// END

/// The examples of the article "The seed".
struct SeedExamples {
    let store: any SeedStore

    func first(at now: UInt64) async throws {
        // BEGIN
        if try await store.load() == nil {
            try await store.save(.random(createdAt: now), replacing: false)
        }
        // END
    }

    func keys(answering challenge: [UInt8]) async throws {
        // BEGIN
        guard let seed = try await store.load() else { return }
        let key = try seed.derivedKey(info: "easysetup/example-notes/attachments/1", count: 32)
        attachments = key.bytes.withUnsafeBytes { SymmetricKey(data: $0) }
        let signed = Array("example-notes sign-in 1\n".utf8) + challenge
        signIn(as: seed.userID.base64, signature: try seed.signature(for: signed))
        // END
    }

    private struct SymmetricKey {
        init(data: UnsafeRawBufferPointer) {}
    }

    private var attachments: SymmetricKey {
        get { SymmetricKey(data: UnsafeRawBufferPointer(start: nil, count: 0)) }
        nonmutating set {}
    }

    private func signIn(as user: String, signature: [UInt8]) {}
}

/// The example of the page `docs/texts.md`.
struct TextExamples {
    // BEGIN
    func text(of error: PairingError, in table: [String: String]) -> String {
        let explanation = error.explanation
        guard let sentence = table[explanation.key], let advice = table[explanation.key + ".advice"] else {
            return "\(error.description) \(error.advice)"
        }
        return "\(explanation.filled(sentence)) \(explanation.filled(advice))"
    }
    // END
}
