import EasySetup
import EasySetupChain
import EasySetupS3
import EasySetupSeed
import TestSupport
import Testing

/// Chains in the tests' process, over the service as a process and a real store. The service is killed between any two
/// steps, and each step is a new run of a device, which asks the service anew.
@Suite("Devices over the service and a real store", .enabled(if: StoreTools.weed != nil, StoreTools.hint))
struct DeviceTests {
    private let scratch = ScratchFolder()
    private let seed = SyncSeed.random()

    private func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func code(_ body: () async throws -> Void) async -> ChainError.Code? {
        do {
            try await body()
            return nil
        } catch let error as ChainError {
            return error.code
        } catch {
            return nil
        }
    }

    @Test("Devices with the seed write, read, merge and delete, and the service may be killed between any two steps")
    func members() async throws {
        let service = try await LocalService(.shared(), scratch)
        try await service.chain(seed, device: 1).put("1", in: "notes", ["title": text("Bread"), "text": text("flour")])
        try await service.crash()
        #expect(try await service.chain(seed, device: 2).get("1", in: "notes")?["title"] == text("Bread"))
        try await service.crash()

        // Both change the note without having read the other's change.
        let (laptop, phone) = (try service.chain(seed, device: 1), try service.chain(seed, device: 2))
        for device in [laptop, phone] { #expect(try await device.list("notes").count == 1) }
        try await laptop.update("1", in: "notes", ["title": text("Rye bread")])
        try await service.crash()
        try await phone.update("1", in: "notes", ["text": text("flour, salt")])
        try await service.crash()
        for device in [1, 2, 3] as [UInt64] {
            let note = try await service.chain(seed, device: device).get("1", in: "notes")
            #expect(note == ["title": text("Rye bread"), "text": text("flour, salt")])
        }
        try await service.crash()
        try await service.chain(seed, device: 3).delete("1", in: "notes")
        try await service.crash()
        #expect(try await service.chain(seed, device: 1).get("1", in: "notes") == nil)
        await service.end()
    }

    @Test("A device without the seed reads and writes where it may, at the store too, and nothing once it is removed")
    func member() async throws {
        let service = try await LocalService(.shared(), scratch)
        let membership = try Membership(
            device: DeviceID(value: 7),
            deviceKeys: .random(),
            collections: [CollectionName("notes"): true, CollectionName("bookmarks"): false],
            seed: seed
        )
        #expect(await code { _ = try await service.chain(membership).get("1", in: "notes") } == .chainUnknown)
        let laptop = try service.chain(seed, device: 1)
        for collection in ["notes", "bookmarks", "diary"] {
            try await laptop.note(collection)
            try await laptop.put("1", in: collection, ["title": text(collection)])
        }
        try await service.crash()
        let tablet = try service.chain(membership)
        try await tablet.join(name: "Tablet", platform: "Linux")
        #expect(try await tablet.get("1", in: "notes")?["title"] == text("notes"))
        #expect(try await tablet.get("1", in: "bookmarks")?["title"] == text("bookmarks"))
        try await tablet.put("2", in: "notes", ["title": text("of the tablet")])
        #expect(try await laptop.get("2", in: "notes")?["title"] == text("of the tablet"))
        #expect(await code { try await tablet.put("2", in: "bookmarks", ["title": [1]]) } == .notHeld)
        #expect(await code { _ = try await tablet.get("1", in: "diary") } == .notHeld)

        // The store holds it to that, whatever the device's program does.
        let store = S3Store(service: try service.client(membership), proxies: .none)
        let all = "1/\(Base64URL.text(seed.userID.bytes))/"
        func prefix(_ name: String) throws -> String {
            all + Base64URL.text(CollectionID(of: try CollectionName(name), seed: seed).bytes) + "/"
        }
        let notes = try await store.list(prefix: prefix("notes"), after: nil, limit: 10).entries
        #expect(notes.count == 2)
        #expect(try await store.list(prefix: prefix("bookmarks"), after: nil, limit: 10).entries.count == 1)
        for hidden in [try prefix("diary"), all, try String(prefix("notes").dropLast())] {
            let error = await #expect(throws: ObjectStoreError.self) {
                _ = try await store.list(prefix: hidden, after: nil, limit: 10)
            }
            #expect(error?.code == .denied, "\(hidden)")
        }
        let name = try #require(notes.first?.name)
        let deletion = await #expect(throws: ObjectStoreError.self) { _ = try await store.delete([name]) }
        #expect(deletion?.code == .denied)
        for hidden in ["bookmarks", "diary"] {
            let error = await #expect(throws: ObjectStoreError.self) {
                _ = try await store.put(prefix(hidden) + String(name.dropFirst(try prefix("notes").count)))
            }
            #expect(error?.code == .denied)
        }

        // A removal is two steps, and the service may die between them.
        try await service.crash()
        try await service.chain(seed, device: 2).remove(membership.device)
        try await service.crash()
        try await service.client(seed).revoke(membership.device)
        try await service.crash()
        #expect(await code { _ = try await service.chain(membership).get("1", in: "notes") } == .deviceRemoved)
        try await service.client(seed).revoke(membership.device)
        try await service.chain(seed, device: 3).put("3", in: "notes", ["title": text("after the removal")])
        // Its session ends by itself; the new key is none of its own.
        #expect(try await tablet.list("notes").map(\.object).sorted() == ["1", "2"])
        #expect(try await laptop.list("notes").map(\.object).sorted() == ["1", "2", "3"])
        await service.end()
    }

    @Test("A chain needs an invitation once, and a deleted account gives no device anything more")
    func account() async throws {
        let service = try await LocalService(.shared(), scratch, registration: "invitation")
        let invitation = try await service.invitation()
        #expect(await code { _ = try await service.chain(seed, device: 1).list("notes") } == .invitationNeeded)
        let device = DeviceID(value: 7)
        #expect(await code { try await service.client(seed).revoke(device) } == .chainUnknown)
        let credentials = try await service.client(seed, invitation: invitation).credentials()
        #expect(!credentials.isFull && credentials.address?.bucket == "easysetup-tests")
        try await service.crash()
        #expect(try await service.chain(seed, device: 1).list("notes").isEmpty)
        let second = try service.client(.random(), invitation: invitation)
        let used = await #expect(throws: ObjectStoreError.self) { _ = try await second.credentials() }
        #expect(used?.code == .service && used?.detail == "invitation-needed")

        let member = try Membership(device: device, deviceKeys: .random(), collections: [:], seed: seed)
        #expect(try await service.chain(member).devices().isEmpty)
        try await service.client(seed).deleteAccount()
        try await service.crash()
        #expect(await code { _ = try await service.chain(seed, device: 1).list("notes") } == .accountDeleted)
        #expect(await code { _ = try await service.chain(member).devices() } == .accountDeleted)
        try await service.client(seed).deleteAccount()
        await service.end()
    }

    @Test("A chain stays at its node when the service is killed, also when it was killed while chains registered")
    func nodes() async throws {
        let store = try await LiveStore.shared()
        let other = store.endpoint.replacing("127.0.0.1", with: "localhost")
        let second = "name=n2 endpoint=\(other) bucket=\(store.bucket) region=\(store.region)"
        let service = try await LocalService(store, scratch, nodes: [second])
        let seeds = (0..<6).map { _ in SyncSeed.random() }
        func places() async throws -> [String?] {
            var places: [String?] = []
            for seed in seeds { places.append(try await service.client(seed).credentials().address?.endpoint) }
            return places
        }
        let first = try await places()
        #expect(Set(first) == [store.endpoint, other])
        try await service.crash()
        #expect(try await places() == first)

        // The answer may be lost, and a chain is registered whole or not at all.
        let late = (0..<4).map { _ in SyncSeed.random() }
        await withTaskGroup(of: Void.self) { group in
            for seed in late {
                group.addTask { _ = try? await service.client(seed).credentials() }
            }
            group.addTask { try? await service.crash() }
        }
        var told: [String?] = []
        for seed in late { told.append(try await service.client(seed).credentials().address?.endpoint) }
        try await service.crash()
        for (seed, place) in zip(late, told) {
            #expect(try await service.client(seed).credentials().address?.endpoint == place)
        }
        #expect(try await places() == first)
        await service.end()
    }

    @Test("A chain goes on where its node has moved, and what a device keeps of an earlier run counts still")
    func moved() async throws {
        let store = try await LiveStore.shared()
        let service = try await LocalService(store, scratch)
        let client = try service.client(seed)
        let chain = Chain(seed: seed, device: DeviceID(value: 1), store: S3Store(service: client, proxies: .none))
        try await chain.put("1", in: "notes", ["title": text("before")])
        let kept = try #require(client.session).encoded()
        let other = store.endpoint.replacing("127.0.0.1", with: "localhost")
        try await service.move(from: store.endpoint, to: other)
        #expect(try await service.client(seed).credentials().address?.endpoint == other)
        let phone = try service.chain(seed, device: 2)
        #expect(try await phone.get("1", in: "notes")?["title"] == text("before"))
        try await phone.update("1", in: "notes", ["title": text("after")])

        // The session of the run before is good for the old address, without a call of the service.
        await service.end()
        let session = CredentialsSession(kept)
        let again = try CredentialsClient(service.url, for: .seed(seed), session: session, proxies: .none)
        let next = Chain(seed: seed, device: DeviceID(value: 1), store: S3Store(service: again, proxies: .none))
        #expect(try await next.get("1", in: "notes")?["title"] == text("after"))
        #expect(again.session === session)
    }
}
