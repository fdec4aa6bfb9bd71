import EasySetupHandshake
import EasySetupSeed
import TestSupport
import Testing

@testable import EasySetup

/// The answers of both devices' users and of their stores, between the real client and the real relay on real sockets.
@Suite("Answers of users and stores", .inTurn, .timeLimit(.minutes(60))) struct EndToEndAnswerTests {
    @Test("The other device is told of a no, and nothing is stored") func declined() async throws {
        try await LiveRelay.run { relay in
            let store = MemorySeedStore()
            let offerer = Watch(
                relay.client("one", .random()).offer(at: relay.address, approve: { _ in .decline })
            )
            let visitor = Watch(
                relay.client("other", store: store).join(
                    try await offerer.offer().code,
                    at: relay.address,
                    approve: { _ in .decline }
                )
            )
            #expect(try await visitor.failure() == .declined(by: .holder))
            #expect(try await offerer.failure() == .declinedHere(.holder))
            let stored = await store.load()
            #expect(stored == nil)
        }
    }

    @Test("A holder's user who types wrong words three times gives nothing") func wrongWord() async throws {
        try await LiveRelay.run { relay in
            let store = MemorySeedStore()
            let offerer = Watch(
                relay.client("TV", store: store).offer(at: relay.address, approve: { _ in .decline })
            )
            let asked = Attempts()
            let visitor = Watch(
                relay.client("phone", .random()).join(
                    try await offerer.offer().code,
                    at: relay.address,
                    approve: { request in
                        #expect(request.needsWord)
                        let attempt = await asked.next()
                        #expect(attempt == request.attempt)
                        return request.attempt == 2 ? .approve : .word("abandon")
                    }
                )
            )
            #expect(try await visitor.failure() == .wrongWord(isOther: false))
            #expect(try await offerer.failure() == .declined(by: .holder))
            #expect(await asked.count == 3)
            let stored = await store.load()
            #expect(stored == nil)
        }
    }

    @Test("A device that only receives, but holds a seed, sends nothing and spends no try")
    func onlyReceives() async throws {
        try await LiveRelay.run { relay in
            let holder = relay.client("one", .random())
            let shown = Watch(holder.offer(at: relay.address, accept: { _ in .accept }))
            #expect(try await shown.failure() == .nobodyToAsk(.holder))
            #expect(await shown.first { $0.name == "connecting" } == nil)
            let code = try PairingCode(slot: "K7Q", random: SecretBytes(zeros: 5))
            for _ in 0..<4 {
                let joined = Watch(holder.join(code, at: relay.address))
                #expect(try await joined.failure() == .nobodyToAsk(.holder))
                #expect(await joined.first { $0.name == "connecting" } == nil)
            }
        }
    }

    /// An app's own store, such as one in a keychain, that can't save at the moment.
    private struct LockedStore: SeedStore {
        static let locked = StoreError.app(
            "app-keychain-locked",
            "The keychain {name} is locked.",
            advice: "Unlock this device, then try again.",
            parameters: ["name": "login"],
            retryHelps: true
        )

        func load() async throws(StoreError) -> SyncSeed? { nil }
        func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome { throw Self.locked }
    }

    @Test("An error of an app's own store reaches the app, and the other device reads that the seed was not stored")
    func ownStore() async throws {
        try await LiveRelay.run { relay in
            let offerer = Watch(relay.client("one", .random()).offer(at: relay.address, approve: { _ in .approve }))
            let receiver = PairingClient(
                name: DeviceName(cleaning: "two")!,
                store: LockedStore(),
                proxies: .none,
                limits: .unhurried
            )
            let visitor = Watch(receiver.join(try await offerer.offer().code, at: relay.address))
            let error = try #require(try await visitor.failure())
            #expect(error.code == PairingError.Code(rawValue: "app-keychain-locked"))
            #expect(error.storeError == LockedStore.locked && error.retryHelps)
            #expect(error.description == "The keychain login is locked.")
            #expect(error.explanation[parameter: "name"] == "login")
            #expect(try await offerer.failure() == .peerNotStored)
        }
    }

    @Test("A device that only receives joins without anything to approve") func joinsToReceive() async throws {
        try await LiveRelay.run { relay in
            let seed = SyncSeed.random()
            let store = MemorySeedStore()
            let offerer = Watch(relay.client("one", seed).offer(at: relay.address, approve: { _ in .approve }))
            let visitor = Watch(
                relay.client("two", store: store).join(try await offerer.offer().code, at: relay.address)
            )
            #expect(try await visitor.failure() == nil)
            #expect(try await offerer.failure() == nil)
            let stored = await store.load()
            #expect(stored?.userID == seed.userID)
        }
    }

    @Test(
        "A receiver that offers asks before it keeps the seed",
        arguments: [Acceptance.accept, .decline, .nobodyToAsk]
    )
    func asksFirst(answer: Acceptance) async throws {
        try await LiveRelay.run { relay in
            let store = MemorySeedStore()
            let seed = SyncSeed.random()
            let offerer = Watch(
                relay.client("TV", store: store).offer(
                    at: relay.address,
                    accept: { request in
                        #expect(request.userID == seed.userID)
                        #expect(request.peer.device.name.description == "phone")
                        #expect(await store.load() == nil)
                        return answer
                    }
                )
            )
            let visitor = Watch(
                relay.client("phone", seed).join(
                    try await offerer.offer().code,
                    at: relay.address,
                    approve: { .word("\($0.peer.words)") }
                )
            )
            let (here, there) = (try await offerer.failure(), try await visitor.failure())
            switch answer {
            case .accept: #expect(here == nil && there == nil)
            case .decline: #expect(here == .declinedHere(.receiver) && there == .declined(by: .receiver))
            default: #expect(here == .nobodyToAsk(.receiver) && there == .nobodyAsked(by: .receiver))
            }
            let stored = await store.load()
            #expect(stored?.userID == (answer == .accept ? seed.userID : nil))
            guard case .given(let peer, _)? = await visitor.first(where: { $0.name == "given" }) else { return }
            #expect(peer.device.asksFirst)
        }
    }
}
