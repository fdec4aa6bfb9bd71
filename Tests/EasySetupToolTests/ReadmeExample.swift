import EasySetup

/// The app in the README. ``ProjectPagesTests`` runs it, and checks that the README has the imports above and the lines
/// between the marks `README`.
struct ReadmeExample {
    enum Event: Sendable {
        case shown(code: String)
        case asked(Peer)
        case finished
        case failed(String)
    }

    let folder: String
    let address: String
    let events: AsyncStream<Event>.Continuation

    func offer() async throws {
        let (folder, address) = (folder, address)
        // README
        let store = FileSeedStore(folder: folder)
        let client = PairingClient(name: DeviceName(cleaning: "old laptop")!, store: store)
        let relay = try RelayAddress(url: address)

        // One device shows the code. It asks its user before it gives its seed, or keeps the other device's.
        let offering = client.offer(
            at: relay,
            approve: { await ask($0.peer) ? .approve : .decline },
            accept: { await ask($0.peer) ? .accept : .decline }
        )
        for await state in offering {
            switch state {
            case .offered(let offer): show(code: offer.code.revealed(), until: offer.deadline)
            case .paired: finish()
            case .failed(let error): explain(error.description, error.advice)
            default: break
            }
        }
        // README
    }

    func join(_ text: String) async throws {
        let store = FileSeedStore(folder: folder)
        let client = PairingClient(name: DeviceName(cleaning: "new phone")!, store: store)
        let relay = try RelayAddress(url: address)
        // README
        // The other one joins with the code its user typed. It only receives; the loop is the same.
        let pairing = client.join(try PairingCode(typed: text), at: relay)
        // README
        for await state in pairing {
            switch state {
            case .paired: finish()
            case .failed(let error): explain(error.description, error.advice)
            default: break
            }
        }
    }

    private func ask(_ peer: Peer) async -> Bool {
        events.yield(.asked(peer))
        return true
    }

    private func show(code: String, until: ContinuousClock.Instant) { events.yield(.shown(code: code)) }
    private func finish() { events.yield(.finished) }
    private func explain(_ description: String, _ advice: String) { events.yield(.failed(description)) }
}
