import EasySetup
import EasySetupTesting

/// An app at a relay in memory: the client that it would have, and the states that its screen would show.
struct TestedApp {
    let relay: TestRelay
    let network: TestNetwork
    let store: any SeedStore
    let client: PairingClient

    init(_ seed: SyncSeed? = nil, at relay: TestRelay = TestRelay()) {
        self.init(store: MemorySeedStore(seed), at: relay)
    }

    init(store: any SeedStore, at relay: TestRelay = TestRelay()) {
        self.relay = relay
        self.store = store
        network = TestNetwork(to: relay)
        client = PairingClient(name: DeviceName(cleaning: "my phone")!, platform: .ios, store: store, network: network)
    }

    var clock: TestClock { relay.clock }

    /// Shows a code, and returns when all devices wait.
    func offer(
        approve: @escaping PairingClient.Approve = { _ in .approve },
        accept: PairingClient.Accept? = nil
    ) async -> PairingRecorder {
        await recorded(client.offer(at: relay.address, approve: approve, accept: accept))
    }

    /// Types a code, and returns when all devices wait.
    func join(
        _ code: PairingCode,
        approve: @escaping PairingClient.Approve = { .word($0.peer.words.second) }
    ) async -> PairingRecorder {
        await recorded(client.join(code, at: relay.address, approve: approve))
    }

    func recorded(_ pairing: Pairing) async -> PairingRecorder {
        let recorder = PairingRecorder(pairing, clock: clock)
        await clock.settle()
        return recorder
    }

    /// A question to the app's user that waits until the pairing withdraws it.
    @Sendable func unanswered(_ request: ApprovalRequest) async -> Approval {
        try? await clock.sleep(until: clock.now + .seconds(1_000_000))
        return .unclear
    }
}
