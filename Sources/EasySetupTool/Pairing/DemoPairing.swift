import EasySetup
import EasySetupHandshake
import EasySetupSeed

/// A whole pairing of two devices in this process, with seeds in memory alone.
struct DemoPairing {
    let relay: RelayAddress
    let seed: SyncSeed
    /// Makes the client of a device with this name and store.
    var client: @Sendable (DeviceName, MemorySeedStore) -> PairingClient = { PairingClient(name: $0, store: $1) }
    /// The store of the new phone, which is empty at first.
    let phone = MemorySeedStore()
    /// The output; nil for the pairings that are only measured.
    let output: Output?

    /// Runs the pairing. Returns the user ID of both devices, and the time from the typing of the code to the success
    /// on both devices.
    func run() async throws -> (UserID, Duration) {
        let (codes, code) = AsyncStream<PairingCode>.makeStream()
        async let offered = offer(code)
        guard let shown = await codes.first(where: { _ in true }) else { throw await failure(offered) }
        output?.event(
            "offered",
            [("code", .string(shown.revealed()))],
            people: "The old laptop shows the code \(shown.revealed())."
        )

        // This step stands for a person who reads the code from one screen and types it on the other.
        let typed = try PairingCode(typed: shown.revealed())
        let start = ContinuousClock.now
        let joined = try await join(typed)
        guard try await offered.get() == joined else { throw CommandError.internal }
        return (joined, start.duration(to: .now))
    }

    private func offer(_ code: AsyncStream<PairingCode>.Continuation) async -> Result<UserID, PairingError> {
        let client = client(DeviceName(cleaning: "old laptop")!, MemorySeedStore(seed))
        defer { code.finish() }
        let pairing = client.offer(at: relay) { request in
            output?.event(
                "peer",
                [
                    ("name", .string(request.peer.device.name.description)),
                    ("words", .string("\(request.peer.words.first) \(request.peer.words.second)")),
                ],
                people: """
                    The old laptop asks: is this the device in your hands?
                        "\(request.peer.device.name)"  words: \(request.peer.words)
                    The demonstration answers yes.
                    """
            )
            return .approve
        }
        for await state in pairing {
            switch state {
            case .offered(let offer): code.yield(offer.code)
            case .paired(let paired): return .success(paired.userID)
            case .failed(let error): return .failure(error)
            default: break
            }
        }
        return .failure(.fault)
    }

    private func join(_ code: PairingCode) async throws -> UserID {
        let client = client(DeviceName(cleaning: "new phone")!, phone)
        for await state in client.join(code, at: relay) {
            switch state {
            case .paired(let paired): return paired.userID
            case .failed(let error): throw error
            default: break
            }
        }
        throw CommandError.internal
    }

    private func failure(_ offered: Result<UserID, PairingError>) -> any Error {
        if case .failure(let error) = offered { error } else { CommandError.internal }
    }
}
