import EasySetupChain
import EasySetupSeed
import EasySetupTesting
import SeededRandom
import Synchronization
import Testing

/// A clock that goes only when somebody waits for it, together with the store's.
final class StoreTimeClock: ChainClock {
    let store: MemoryObjectStore
    /// By how much the device's date differs from the store's time, in milliseconds.
    let dateError: Int64
    private let start: UInt64

    init(_ store: MemoryObjectStore, dateError: Int64 = 0) {
        self.store = store
        self.dateError = dateError
        start = store.milliseconds
    }

    var elapsed: Duration { .milliseconds(Int64(store.milliseconds - start)) }
    var date: UInt64 { UInt64(max(Int64(store.milliseconds) + dateError, 0)) }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        store.advance(by: duration)
        await Task.yield()
    }
}

private let day: Duration = .seconds(86_400)

@Suite("Chains")
struct ChainTests {
    private let store = MemoryObjectStore(
        manners: {
            var manners = MemoryObjectStore.Manners()
            manners.roundsToSeconds = true
            return manners
        }()
    )
    private let fixture = Fixture()

    private func chain(_ number: UInt64, dateError: Int64 = 0) -> Chain {
        Chain(
            seed: fixture.seed,
            device: DeviceID(value: number),
            store: store,
            clock: StoreTimeClock(store, dateError: dateError),
            entropy: .counted(number)
        )
    }

    private func member(_ number: UInt64, mayWrite: Bool = true) throws -> Chain {
        Chain(
            membership: try fixture.member(number, mayWrite: mayWrite),
            store: store,
            clock: StoreTimeClock(store),
            entropy: .counted(number)
        )
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("What one device writes, changes and deletes, another one reads")
    func plain() async throws {
        let (one, other) = (chain(1), chain(2))
        try await one.put("1", in: "notes", ["title": bytes("a"), "text": bytes("b")])
        #expect(try await other.get("1", in: "notes") == ["title": bytes("a"), "text": bytes("b")])
        try await other.update("1", in: "notes", ["text": bytes("c")])
        #expect(try await one.get("1", in: "notes") == ["title": bytes("a"), "text": bytes("c")])
        try await one.put("1", in: "notes", ["text": bytes("d")])
        #expect(try await other.get("1", in: "notes") == ["text": bytes("d")])
        try await other.delete("1", in: "notes")
        #expect(try await one.get("1", in: "notes") == nil)
        #expect(try await one.list("notes").isEmpty)
        try await one.put("1", in: "notes", ["text": bytes("again")])
        #expect(try await other.list("notes").map(\.object) == ["1"])
        // Nothing of what was written is in the names.
        #expect(store.names.allSatisfy { !$0.contains("notes") && !$0.contains("title") })
    }

    @Test("Two devices that change different members of a value both have both changes")
    func codable() async throws {
        struct Note: Codable, Equatable {
            var title: String
            var size: UInt64
            var tags: [String]?
        }
        let (one, other) = (chain(1), chain(2))
        let note = Note(title: "a/b", size: .max, tags: ["x"])
        try await one.put("1", in: "notes", encoding: note)
        #expect(try await other.get("1", in: "notes", as: Note.self) == note)
        try await one.update("1", in: "notes", ["title": bytes("\"c\"")])
        try await other.update("1", in: "notes", ["size": bytes("7"), "tags": nil])
        for device in [one, other] {
            #expect(try await device.get("1", in: "notes", as: Note.self) == Note(title: "c", size: 7, tags: nil))
        }
        await #expect(throws: ChainError.content) { try await one.put("2", in: "notes", encoding: 5) }
        // A literal of numbers is bytes without the label, and JSON with it.
        try await one.put("3", in: "notes", ["a": [1, 2]])
        try await one.put("4", in: "notes", encoding: ["a": [1, 2]])
        #expect(try await other.get("3", in: "notes") == ["a": [1, 2]])
        #expect(try await other.get("4", in: "notes") == ["a": bytes("[1,2]")])
        try await one.update("1", in: "notes", ["size": bytes("{")])
        await #expect(throws: ChainError.content) { _ = try await other.get("1", in: "notes", as: Note.self) }
    }

    @Test("An update of an object that is not there is refused, and a deletion of it does nothing")
    func absent() async throws {
        let one = chain(1)
        await #expect(throws: ChainError.objectMissing) { try await one.update("1", in: "notes", ["a": [1]]) }
        try await one.delete("1", in: "notes")
        #expect(store.names.isEmpty)
        await #expect(throws: ChainError.collectionName) { try await one.delete("1", in: "easysetup/devices") }
    }

    @Test("A device whose date is wrong by years loses nothing and wins no more than others")
    func dates() async throws {
        let year: Int64 = 365 * 86_400_000
        let (early, late) = (chain(1, dateError: -20 * year), chain(2, dateError: 20 * year))
        for round in 0..<3 {
            try await early.put("1", in: "notes", ["a": bytes("early \(round)")])
            #expect(try await late.get("1", in: "notes") == ["a": bytes("early \(round)")])
            try await late.put("1", in: "notes", ["a": bytes("late \(round)")])
            #expect(try await early.get("1", in: "notes") == ["a": bytes("late \(round)")])
        }
    }

    @Test("Calls that fail are made again with the same name; one that never works says what happened")
    func faults() async throws {
        let one = chain(1)
        store.change {
            $0.fault = { _, number in
                switch number % 4 {
                case 1: .answerLost(ObjectStoreError(.unreachable))
                case 2: .refused(ObjectStoreError(.busy, retryAfter: 3))
                default: nil
                }
            }
        }
        for index in 0..<5 { try await one.put("\(index)", in: "notes", ["a": [1]]) }
        // The sixth object notes the collection.
        #expect(store.names.count == 6)
        store.change { $0.fault = { _, _ in .refused(ObjectStoreError(.unreachable)) } }
        let calls = store.calls
        let error = await #expect(throws: ChainError.self) { try await one.put("9", in: "notes", ["a": [1]]) }
        #expect(error?.code == .storeUnreachable)
        #expect(error?.retryHelps == true)
        #expect(store.calls == calls + 5)
        store.change { $0.fault = { _, _ in .refused(ObjectStoreError(.denied)) } }
        let denied = await #expect(throws: ChainError.self) { try await one.put("9", in: "notes", ["a": [1]]) }
        #expect(denied?.code == .storeDenied)
        #expect(denied?.retryHelps == false)
        #expect(store.calls == calls + 6)
    }

    @Test("A write costs one request, and so does a look that finds nothing new")
    func requests() async throws {
        let one = chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        let calls = store.calls
        try await one.put("2", in: "notes", ["a": [1]])
        #expect(store.calls == calls + 1)
        _ = try await one.get("2", in: "notes")
        #expect(store.calls == calls + 2)
    }

    @Test("Many objects are written in few records, and one that is too large before anything is sent")
    func batches() async throws {
        let (one, other) = (chain(1), chain(2))
        let objects = (0..<500).map { (object: "object \($0)", attributes: ["a": bytes("value \($0)")]) }
        try await one.put(objects, in: "notes")
        let records = Set(store.names.map { $0.split(separator: "/")[3] })
        #expect(records.count < 5)
        let pages = Mutex<[Int]>([])
        #expect(try await other.list("notes", progress: { count in pages.withLock { $0.append(count) } }).count == 500)
        // The other object notes the collection.
        #expect(pages.withLock(\.last) == store.names.count - 1)
        let before = store.names
        let error = await #expect(throws: ChainError.self) {
            try await one.put(
                [("small", ["a": [1]]), ("large", ["a": [UInt8](repeating: 1, count: 60_000)])],
                in: "notes"
            )
        }
        #expect(error?.code == .recordTooLarge)
        #expect(store.names == before)
        // The same object twice in one call: the later one counts.
        try await one.put([("x", ["a": [1]]), ("x", ["a": [2]])], in: "notes")
        #expect(try await other.get("x", in: "notes") == ["a": [2]])
    }

    @Test("The largest value that can be written fits into a snapshot")
    func largest() async throws {
        let (one, other) = (chain(1), chain(2))
        var low = 30_000
        var high = 50_000
        while high - low > 1 {
            let middle = (low + high) / 2
            do {
                try await one.put("x", in: "notes", ["a": [UInt8](repeating: 1, count: middle)])
                low = middle
            } catch { high = middle }
        }
        #expect(low > 40_000)
        #expect(try await one.compact("notes", minimum: 1).pieces > 0)
        #expect(try await other.get("x", in: "notes")?["a"]?.count == low)
    }

    @Test("A compaction deletes what a settled snapshot holds, and a newcomer reads the same in few requests")
    func compaction() async throws {
        let one = chain(1)
        for index in 0..<60 { try await one.put("\(index % 20)", in: "notes", ["a": bytes("\(index)")]) }
        for index in 0..<5 { try await one.delete("\(index)", in: "notes") }
        let old = try await one.list("notes").map(\.object)
        let first = try await one.compact("notes", minimum: 10)
        #expect(first.deleted == 0)
        #expect(first.pieces == 1)
        #expect(try await one.compact("notes", minimum: 10).pieces == 0)
        store.advance(by: .seconds(700))
        #expect(try await one.compact("notes", minimum: 10).deleted == 65)
        #expect(store.names.count < 5)
        let calls = store.calls
        #expect(try await chain(2).list("notes").map(\.object) == old)
        #expect(store.calls == calls + 1)
        #expect(try await one.list("notes").map(\.object) == old)
        await #expect(throws: ChainError.notHeld) { try await member(9).compact("notes") }
    }

    @Test("A newcomer to 10,000 objects reads them in at most 20 requests, from records and from a snapshot")
    func manyObjects() async throws {
        let one = chain(1)
        let value = bytes(String(repeating: "a", count: 100))
        try await one.put((0..<10_000).map { ("object \($0)", ["a": value]) }, in: "notes")
        var calls = store.calls
        #expect(try await chain(2).list("notes").count == 10_000)
        #expect((2...20).contains(store.calls - calls))
        _ = try await one.compact("notes")
        store.advance(by: .seconds(700))
        #expect(try await one.compact("notes").deleted > 1_000)
        calls = store.calls
        #expect(try await chain(3).list("notes").allSatisfy { $0.attributes == ["a": value] })
        #expect((2...20).contains(store.calls - calls))
    }

    @Test("A snapshot that the store does not show is told, and nothing is deleted for it")
    func notReadBack() async throws {
        let one = chain(1)
        for index in 0..<5 { try await one.put("\(index)", in: "notes", ["a": [1]]) }
        let before = Set(store.names)
        store.change { $0.withholds = { !before.contains($0) } }
        await #expect(throws: ChainError.notReadBack) { try await one.compact("notes", minimum: 1) }
        store.advance(by: .seconds(700))
        _ = try? await one.compact("notes", minimum: 1)
        #expect(before.isSubset(of: store.names))
    }

    @Test("Changes come as they happen, from this device and from others, after what is there")
    func changes() async throws {
        let (one, other) = (chain(1), chain(2))
        try await one.put("1", in: "notes", ["a": [1]])
        var events = await other.changes(in: "notes", every: .seconds(5)).makeAsyncIterator()
        #expect(try await events.next() == ObjectEvent(object: "1", attributes: ["a": [1]], before: nil))
        try await one.put("1", in: "notes", ["a": [2]])
        #expect(try await events.next() == ObjectEvent(object: "1", attributes: ["a": [2]], before: ["a": [1]]))
        try await other.delete("1", in: "notes")
        #expect(try await events.next()?.isDeletion == true)
    }

    @Test("A collection's name that is none ends the changes with its error")
    func changesFail() async throws {
        var events = await chain(1).changes(in: "no/name").makeAsyncIterator()
        await #expect(throws: ChainError.collectionName) { _ = try await events.next() }
    }

    @Test("A cancelled call ends with its error")
    func cancelled() async throws {
        let one = chain(1)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await one.put("1", in: "notes", ["a": [1]])
        }
        await #expect(throws: ChainError.cancelled) { try await task.value }
        #expect(store.names.isEmpty)
    }

    // MARK: Devices

    @Test("A device that joins twice is one device, and one that leaves is none (complaints 1, 18)")
    func joining() async throws {
        let (one, other) = (chain(1), chain(2))
        try await one.join(name: "Laptop", platform: "Linux")
        try await one.join(name: "Laptop of Ada", platform: "Linux")
        try await other.join(name: "Phone", platform: "Android")
        #expect(try await other.devices().map(\.name) == ["Laptop of Ada", "Phone"])
        #expect(try await other.devices().allSatisfy(\.hasSeed))
        try await one.leave()
        #expect(try await other.devices().map(\.name) == ["Phone"])
        let calls = store.calls
        try await other.touch()
        // The devices, and once a day everything of the requests, of which it has read nothing.
        #expect(store.calls == calls + 2)
        try await other.touch()
        #expect(store.calls == calls + 3)
        store.advance(by: day)
        try await other.touch()
        #expect(try await one.devices().map(\.lastSeen) == [Int(store.milliseconds / 86_400_000)])
    }

    @Test("A device without the seed writes where it may, and nowhere else")
    func rights() async throws {
        let writer = try member(9)
        try await writer.put("1", in: "notes", ["a": [1]])
        try await writer.join(name: "TV", platform: "Linux")
        #expect(try await chain(1).get("1", in: "notes") == ["a": [1]])
        #expect(try await chain(1).devices().map(\.hasSeed) == [false])
        let before = store.names
        await #expect(throws: ChainError.notHeld) { try await writer.put("1", in: "other", ["a": [1]]) }
        await #expect(throws: ChainError.notHeld) { _ = try await writer.get("1", in: "other") }
        await #expect(throws: ChainError.notHeld) { _ = try await writer.collections() }
        await #expect(throws: ChainError.notHeld) { try await writer.remove(DeviceID(value: 9)) }
        let reader = try member(8, mayWrite: false)
        #expect(try await reader.get("1", in: "notes") == ["a": [1]])
        await #expect(throws: ChainError.notHeld) { try await reader.put("1", in: "notes", ["a": [2]]) }
        #expect(store.names == before)
    }

    @Test("A removed device reads nothing that is written after its removal, and the others go on")
    func removal() async throws {
        let one = chain(1)
        let (removed, stays) = (try member(9), try member(8))
        try await one.note("notes")
        for (device, name) in [(one, "One"), (removed, "Removed"), (stays, "Stays")] {
            try await device.join(name: name, platform: "Linux")
        }
        try await one.put("1", in: "notes", ["a": [1]])
        #expect(try await removed.get("1", in: "notes") == ["a": [1]])
        try await one.remove(DeviceID(value: 9))
        #expect(try await one.devices().map(\.name) == ["One", "Stays"])
        try await one.put("1", in: "notes", ["a": [2]])
        #expect(try await stays.get("1", in: "notes") == ["a": [2]])
        try await stays.put("2", in: "notes", ["a": [3]])
        #expect(try await one.get("2", in: "notes") == ["a": [3]])
        #expect(try await removed.list("notes").map(\.attributes) == [["a": [1]]])
        await #expect(throws: ChainError.notHeld) { try await removed.put("3", in: "notes", ["a": [4]]) }
        // It writes its record again, as it may as long as the service has not heard: it is no device all the same.
        #expect(try await chain(3).devices().map(\.name) == ["One", "Stays"])
        try await one.remove(DeviceID(value: 9))
        await #expect(throws: ChainError.objectMissing) { try await one.remove(DeviceID(value: 77)) }
        await #expect(throws: ChainError.notHeld) { try await one.remove(DeviceID(value: 1)) }
    }

    @Test("Two removals at once leave neither device a key of the newest generation")
    func removals() async throws {
        let (one, other) = (chain(1), chain(2))
        let (first, second) = (try member(9), try member(8))
        try await one.note("notes")
        for device in [first, second] { try await device.join(name: "TV", platform: "Linux") }
        _ = try await other.devices()
        _ = try await other.collections()
        async let a = one.remove(DeviceID(value: 9))
        async let b = other.remove(DeviceID(value: 8))
        _ = try await (a, b)
        for device in [one, other] { _ = try await device.get("1", in: "notes") }
        try await one.put("1", in: "notes", ["a": [1]])
        try await other.put("2", in: "notes", ["a": [1]])
        for device in [first, second] { #expect(try await device.list("notes").isEmpty) }
        #expect(try await chain(3).list("notes").count == 2)
    }

    // MARK: Keys

    /// Notes the collection, lets devices without the seed join, and removes all but the last one.
    private func remove(_ numbers: ClosedRange<UInt64>, by one: Chain) async throws {
        try await one.note("notes")
        for number in numbers { try await member(number).join(name: "\(number)", platform: "Linux") }
        for number in numbers.dropLast() {
            try await one.put("before \(number)", in: "notes", ["a": [1]])
            try await one.remove(DeviceID(value: number))
        }
        try await one.put("last", in: "notes", ["a": [1]])
    }

    /// The chain of a device whose membership has the newest key of each collection and no others.
    private func newcomer(_ number: UInt64, by one: Chain) async throws -> Chain {
        let generations = try await one.newestGenerations(of: [fixture.name: true])
        #expect(generations.values.allSatisfy { $0.count == 1 })
        let membership = try fixture.member(number, generations: generations)
        return Chain(
            membership: try Membership(membership.encoded()),
            store: store,
            clock: StoreTimeClock(store),
            entropy: .counted(number)
        )
    }

    @Test("A device that is given the newest key alone reads everything after three removals, also after a compaction")
    func newestKey() async throws {
        let one = chain(1)
        try await remove(5...8, by: one)
        let all = try await one.list("notes").map(\.object)
        #expect(all.count == 4)
        let calls = store.calls
        let device = try await newcomer(9, by: one)
        #expect(store.calls == calls + 4)
        #expect(try await device.list("notes").map(\.object) == all)
        #expect(await device.reader(fixture.name)?.remaining.isEmpty == true)
        try await device.put("9", in: "notes", ["a": [1]])
        #expect(try await member(8).list("notes").count == 5)
        for _ in 0..<3 {
            try await one.compact("notes", minimum: 1)
            store.advance(by: .seconds(700))
        }
        let kept = store.names.filter { $0.hasPrefix(fixture.place.prefix) }.count
        // Three changes of the key, one record of earlier keys and one snapshot.
        #expect(kept == 5)
        #expect(try await newcomer(10, by: one).list("notes").count == 5)
        #expect(try await newcomer(10, by: chain(2)).list("notes").count == 5)
    }

    @Test("A device that died between a key change and the earlier keys leaves them to the next one that writes")
    func diedBetween() async throws {
        let one = chain(1)
        try await member(6).join(name: "6", platform: "Linux")
        try await remove(7...8, by: one)
        let puts = Mutex(0)
        let place = fixture.place.prefix
        store.change {
            $0.fault = { call, _ in
                guard case .put(let name) = call, name.hasPrefix(place) else { return nil }
                // The first is the key change, the second the earlier keys.
                return puts.withLock {
                    $0 += 1; return $0
                } == 1 ? nil : .refused(ObjectStoreError(.denied))
            }
        }
        await #expect(throws: ChainError.self) { try await one.remove(DeviceID(value: 6)) }
        #expect(puts.withLock(\.self) == 2)
        store.change { $0.fault = { _, _ in nil } }
        let other = chain(2)
        try await other.put("again", in: "notes", ["a": [1]])
        #expect(try await newcomer(9, by: chain(3)).list("notes").map(\.object) == ["again", "before 7", "last"])
    }

    @Test(
        "Two key changes have numbers that are far apart, and after a thousand there is an error that changes nothing"
    )
    func generations() async throws {
        let one = chain(1)
        try await remove(6...8, by: one)
        let changes = try #require(await one.reader(fixture.name)).keyChanges.map(\.generation).sorted()
        #expect(changes.count == 2)
        #expect(zip([1] + changes, changes).allSatisfy { 1...GenerationLimits.jump ~= $1 - $0 })
        #expect(changes.allSatisfy { $0 > 1_000 })
        #expect(UInt64(GenerationLimits.count) * UInt64(GenerationLimits.jump) <= UInt64(UInt32.max))
        // All that fit into a collection fit into one record.
        let all = Set((1...UInt32(GenerationLimits.count)).map { UInt32.max - $0 })
        let keys = EarlierKeys(of: fixture.name, generation: .max, earlier: all, seed: fixture.seed)
        let plaintext = try RecordCodec.bytes(
            previous: .max,
            content: .earlierKeys(keys),
            stamp: Stamp(generation: .max, time: RecordTime.greatest, writer: DeviceID(value: 1)),
            keys: fixture.ring
        )
        #expect(plaintext.count <= RecordLimits.plaintextBytes)

        var ring = fixture.ring
        var time = store.milliseconds
        for generation in 2...UInt32(GenerationLimits.count) {
            let change = try KeyChange(
                of: fixture.name,
                generation: changes[1] + generation,
                devices: [DeviceID(value: 8): deviceKeys(8).boxKey],
                seed: fixture.seed,
                entropy: fixture.entropy
            )
            time += 1
            for name in try fixture.names(.keyChange(change), time: time, ring: ring) { store.insert(name) }
            ring.learn(change)
        }
        let before = Set(store.names)
        await #expect(throws: ChainError.keysUsedUp) { try await chain(2).remove(DeviceID(value: 8)) }
        #expect(Set(store.names) == before)
    }

    @Test("A device that sees a key change knows who was removed, although the store withholds the note of it")
    func withheldNote() async throws {
        let (one, other) = (chain(1), chain(2))
        try await one.note("notes")
        let (first, second) = (try member(8), try member(9))
        for device in [first, second] { try await device.join(name: "TV", platform: "Linux") }
        #expect(try await other.devices().count == 2)
        let before = Set(store.names)
        let withheld = [CollectionName.collections, .devices].map {
            RecordPlace(userID: fixture.seed.userID, collection: CollectionID(of: $0, seed: fixture.seed)).prefix
        }
        try await one.remove(DeviceID(value: 8))
        store.change { manners in
            manners.withholds = { name in !before.contains(name) && withheld.contains(where: name.hasPrefix) }
        }
        try await one.put("secret", in: "notes", ["a": [1]])
        try await other.remove(DeviceID(value: 9))
        try await other.put("more", in: "notes", ["a": [1]])
        #expect(try await first.list("notes").isEmpty)
        #expect(try await second.list("notes").map(\.object) == ["secret"])
        #expect(try await newcomer(7, by: chain(3)).list("notes").count == 2)
    }
}
