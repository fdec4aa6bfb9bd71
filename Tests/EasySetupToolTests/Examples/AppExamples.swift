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

    func failed(_ error: PairingError) {
        // BEGIN
        switch error.code {
        case .wrongCode: askAgain(error.description)
        case .relayFull, .tooMany, .draining: retry(after: error.retryAfter)
        case .sentNotConfirmed: showUserID(error.advice)
        default: explain(error.description, error.advice)
        }
        // END
    }

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

    private struct Question {
        let name: String
        let words: String
    }

    private func status(_ text: String, lookHere: Bool) {}
    private func askForWord(of name: DeviceName, mistake: ConfirmationWords.Match?) async -> String? { nil }
    private func ask(_ question: Question, until: ContinuousClock.Instant) async -> Bool { false }
}

/// The part of a keychain that the article "Storing seeds" needs.
protocol Keychain: Sendable {
    func read() throws(StoreError) -> [UInt8]?
    func write(_ bytes: RawSpan) throws(StoreError)
}

// BEGIN
struct KeychainStore: SeedStore {
    let keychain: any Keychain

    func load() async throws(StoreError) -> SyncSeed? {
        guard var bytes = try keychain.read() else { return nil }
        do throws(SeedError) {
            return try SeedFile.read(SecretBytes(wiping: &bytes))
        } catch {
            throw .seed(error)
        }
    }

    func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        let old = try await load()
        if let old, old.isSame(as: seed) { return .alreadyStored }
        if let old, !replacing { throw .otherSeedStored(stored: old.userID, new: seed.userID) }
        let file = SeedFile.write(seed)
        try keychain.write(file.bytes)
        return old == nil ? .stored : .replaced(copy: nil)
    }

    func check() async throws(StoreError) {
        _ = try keychain.read()
    }
}
// END

/// The other examples of the article "Storing seeds".
struct KeychainExamples {
    enum Status {
        static let locked: Int32 = -25308
        static let full: Int32 = -34
    }

    // BEGIN
    func failure(_ status: Int32) -> StoreError {
        switch status {
        case Status.locked:
            .app(
                "app-keychain-locked",
                "The keychain is locked.",
                advice: "Unlock this device, then try again.",
                retryHelps: true
            )
        case Status.full: .full
        default: .failed(errno: status)
        }
    }
    // END
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
