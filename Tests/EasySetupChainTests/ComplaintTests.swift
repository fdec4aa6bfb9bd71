import EasySetupChain
import EasySetupSeed
import EasySetupTesting
import Synchronization
import TestSupport
import Testing

/// The twenty complaints of the users of a browser's sync, on which this chain is modelled, one test each. Where a complaint
/// concerns something outside of a chain, the test shows the part that is a chain's.
@Suite("Complaints about the ancestor")
struct ComplaintTests {
    private let store = MemoryObjectStore()
    private let fixture = Fixture()
    private let year: Int64 = 365 * 86_400_000

    private func chain(_ number: UInt64, id: UInt64? = nil, dateError: Int64 = 0) -> Chain {
        Chain(
            seed: fixture.seed,
            device: DeviceID(value: id ?? number),
            store: store,
            clock: StoreTimeClock(store, dateError: dateError),
            entropy: .counted(number)
        )
    }

    private func member(_ number: UInt64) throws -> Chain {
        let membership = try fixture.member(number)
        return Chain(
            membership: membership,
            store: store,
            clock: StoreTimeClock(store),
            entropy: .counted(number)
        )
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// The objects of the collection on a device, with the texts of their attribute a.
    private func texts(_ chain: Chain, _ collection: String = "notes") async throws -> [String: String] {
        let objects = try await chain.list(collection).map { object, attributes in
            (object, attributes["a"].map { String(decoding: $0, as: UTF8.self) } ?? "")
        }
        return Dictionary(uniqueKeysWithValues: objects)
    }

    /// The names of a collection's objects in the store.
    private func names(_ collection: String) throws -> [String] {
        let id = try CollectionID(of: CollectionName(collection), seed: fixture.seed)
        let prefix = RecordPlace(userID: fixture.seed.userID, collection: id).prefix
        return store.names.filter { $0.hasPrefix(prefix) }
    }

    private func put(_ object: String, _ text: String, by chain: Chain) async throws {
        try await chain.put(object, in: "notes", ["a": bytes(text)])
    }

    @Test("1: Two devices that join at once are two, and even two with one id read each other's writes")
    func sameID() async throws {
        store.change { $0.lateListing = .seconds(60) }
        let (one, other) = (DeviceID.random(), DeviceID.random())
        let chains = [chain(1, id: one.value), chain(2, id: other.value)]
        for (number, chain) in chains.enumerated() { try await chain.join(name: "\(number)", platform: "Linux") }
        store.advance(by: .seconds(60))
        for chain in chains { #expect(try await chain.devices().map(\.id).sorted() == [one, other].sorted()) }
        // A device's disk was copied.
        let (first, copy) = (chain(3, id: 7), chain(4, id: 7))
        try await put("1", "first", by: first)
        try await put("2", "copy", by: copy)
        store.advance(by: .seconds(60))
        for chain in [first, copy] { #expect(try await texts(chain) == ["1": "first", "2": "copy"]) }
    }

    @Test(
        "2: Of two updates the later one wins, and neither of two different attributes is lost, however clocks are wrong"
    )
    func olderWins() async throws {
        let (late, early) = (chain(1, dateError: 20 * year), chain(2, dateError: -20 * year))
        try await put("1", "made by the device whose clock is ahead", by: late)
        try await late.update("1", in: "notes", ["b": bytes("late")])
        try await early.update("1", in: "notes", ["a": bytes("later, by the one whose clock is behind")])
        for chain in [late, early, chain(3)] {
            let object = try #require(try await chain.get("1", in: "notes"))
            #expect(object == ["a": bytes("later, by the one whose clock is behind"), "b": bytes("late")])
        }
    }

    @Test("3: A deleted object does not come back by an update or a repeated write that did not know of the deletion")
    func resurrection() async throws {
        let (one, other) = (chain(1), chain(2))
        try await put("1", "old", by: one)
        let old = store.names
        #expect(try await texts(other) == ["1": "old"])
        try await put("2", "old name", by: one)
        try await put("2", "new name", by: one)
        try await one.delete("1", in: "notes")
        // The other device has listed before, and its update goes out without another look.
        store.change { $0.lateListing = .seconds(60) }
        store.advance(by: .seconds(5))
        try await other.update("1", in: "notes", ["a": bytes("again")])
        store.advance(by: .seconds(60))
        // The first write is sent once more: its name is the same, and its time in the store the latest.
        for name in old { store.insert(name) }
        for chain in [one, other, chain(3)] { #expect(try await texts(chain) == ["2": "new name"]) }
        // A device that knows of the deletion makes the object anew.
        try await put("1", "anew", by: other)
        store.advance(by: .seconds(60))
        #expect(try await texts(one) == ["1": "anew", "2": "new name"])
    }

    @Test("4: Two devices that bring the same bookmarks under the same ids have each once")
    func duplicates() async throws {
        let (one, other) = (chain(1), chain(2))
        let pages: [(id: String, page: Bookmark)] = ["https://a.example/", "https://b.example/"].map { location in
            (location, Bookmark(location: location, title: "A page"))
        }
        store.change { $0.lateListing = .seconds(60) }
        // The app makes the id of what the object is, and so it is the same without a word between the devices.
        for chain in [one, other] {
            for (id, page) in pages { try await chain.put(id, in: "bookmarks", encoding: page) }
        }
        store.advance(by: .seconds(60))
        for chain in [one, other, chain(3)] {
            #expect(try await chain.list("bookmarks").map(\.object) == pages.map(\.id))
            #expect(try await chain.get(pages[0].id, in: "bookmarks", as: Bookmark.self) == pages[0].page)
        }
    }

    @Test(
        "5: The order of bookmarks is what was written last, the same on all devices, and moves only when somebody moves it"
    )
    func order() async throws {
        let (one, other) = (chain(1), chain(2))
        for (id, order) in [("a", "1"), ("b", "2"), ("c", "3")] {
            try await one.put(id, in: "bookmarks", encoding: Bookmark(title: id, order: order))
        }
        _ = try await other.list("bookmarks")
        store.change { $0.lateListing = .seconds(60) }
        // One moves a, the other one renames it at the same time.
        try await one.update("a", in: "bookmarks", ["order": bytes("\"2.1\"")])
        try await other.update("a", in: "bookmarks", ["title": bytes("\"A\"")])
        store.advance(by: .seconds(60))
        func order(_ chain: Chain) async throws -> [String] {
            var found: [(order: [Int], title: String)] = []
            for (id, _) in try await chain.list("bookmarks") {
                let bookmark = try #require(try await chain.get(id, in: "bookmarks", as: Bookmark.self))
                let numbers = (bookmark.order ?? "").split(separator: ".").compactMap { Int($0) }
                found.append((numbers, bookmark.title ?? ""))
            }
            return found.sorted { $0.order.lexicographicallyPrecedes($1.order) }.map(\.title)
        }
        for chain in [one, other, chain(3)] { #expect(try await order(chain) == ["b", "A", "c"]) }
        store.change { $0.lateListing = .zero }
        for chain in [one, other] { #expect(try await chain.compact("bookmarks", minimum: 1).deleted == 0) }
        store.advance(by: .seconds(700))
        #expect(try await one.compact("bookmarks", minimum: 1).deleted > 0)
        for chain in [one, other, chain(3)] { #expect(try await order(chain) == ["b", "A", "c"]) }
    }

    @Test("6: Two devices that import thousands at once into a store that lists late have all of them")
    func importing() async throws {
        store.change {
            $0.lateListing = .seconds(300)
            $0.pageLimit = 7
        }
        let (one, other) = (chain(1), chain(2))
        let objects = (0..<1_500).map { number in ["one", "other"].map { "\($0) \(number)" } }
        let value = ["a": bytes("a value of a usual length")]
        for batch in stride(from: 0, to: 1_500, by: 300) {
            async let mine: Void = one.put(objects[batch..<batch + 300].map { ($0[0], value) }, in: "notes")
            async let others: Void = other.put(objects[batch..<batch + 300].map { ($0[1], value) }, in: "notes")
            _ = try await (mine, others)
            // Each looks while the other one's last records are not shown yet.
            for chain in [one, other] { _ = try await chain.list("notes") }
            store.advance(by: .seconds(100))
        }
        store.advance(by: .seconds(300))
        for chain in [one, other] {
            #expect(try await Set(chain.list("notes").map(\.object)) == Set(objects.flatMap(\.self)))
        }
    }

    @Test("7: A newcomer loses nothing that is written while it joins")
    func joining() async throws {
        store.change { $0.lateListing = .seconds(120) }
        let (old, new) = (chain(1), chain(2))
        try await put("before", "", by: old)
        #expect(try await texts(new).isEmpty)
        try await new.join(name: "New", platform: "Linux")
        try await put("while", "", by: old)
        store.advance(by: .seconds(119))
        _ = try await texts(new)
        try await put("after", "", by: old)
        store.advance(by: .seconds(121))
        #expect(try await Set(texts(new).keys) == ["before", "while", "after"])
    }

    @Test("8: A long address arrives, whatever the order of its parts, and also if they come one by one")
    func longAddress() async throws {
        let address = "https://a.example/?" + String(repeating: "q", count: 20_000)
        try await chain(1).put("1", in: "bookmarks", encoding: Bookmark(location: address))
        let parts = try names("bookmarks")
        #expect(parts.count > 20)
        for name in parts { store.remove(name) }
        let reader = chain(2)
        // The last part first, and each looked at alone.
        for name in parts.reversed() {
            #expect(try await reader.list("bookmarks").isEmpty)
            store.insert(name)
        }
        #expect(try await reader.get("1", in: "bookmarks", as: Bookmark.self)?.location == address)
    }

    @Test("9: A device whose clock is wrong works, and a refusal by the store says what happened and what to do")
    func wrongClock() async throws {
        let errors: [Int64] = [180_000, -180_000, 5 * year, -5 * year]
        for (number, error) in errors.enumerated() {
            let device = chain(UInt64(number + 1), dateError: error)
            try await put("\(number)", "", by: device)
            #expect(try await texts(device).count == number + 1)
        }
        store.change { $0.fault = { _, _ in .refused(ObjectStoreError(.denied, detail: "RequestTimeTooSkewed")) } }
        let error = await #expect(throws: ChainError.self) { try await put("x", "", by: chain(9)) }
        #expect(error?.name == "store-denied")
        #expect(error?.explanation.sentence == "The store refuses access.")
        #expect(error?.explanation.advice.contains("new credentials") == true)
    }

    @Test("10: A newcomer to a collection that was changed thousands of times reads what lives, in few requests")
    func journal() async throws {
        let one = chain(1)
        for round in 0..<2_000 { try await put("\(round % 50)", "\(round)", by: one) }
        #expect(try names("notes").count == 2_000)
        try await one.compact("notes")
        store.advance(by: .seconds(700))
        try await one.compact("notes")
        #expect(try names("notes").count < 20)
        let calls = store.calls
        #expect(try await texts(chain(2)).count == 50)
        #expect(store.calls == calls + 1)
    }

    @Test("11: A look by a device that is idle is one request, and lists nothing that it has read")
    func idle() async throws {
        let one = chain(1)
        for number in 0..<50 { try await put("\(number)", "", by: one) }
        store.advance(by: .seconds(1_300))
        _ = try await one.list("notes")
        for _ in 0..<10 {
            store.advance(by: .seconds(60))
            let calls = store.calls
            let listed = Mutex<[Int]>([])
            _ = try await one.list("notes", progress: { count in listed.withLock { $0.append(count) } })
            #expect(store.calls == calls + 1)
            #expect(listed.withLock(\.self) == [0])
        }
    }

    @Test("12: A removed device stays removed although it writes its record again, and one that left is gone")
    func zombies() async throws {
        let (one, removed, left) = (chain(1), try member(9), chain(3))
        try await one.note("notes")
        try await one.join(name: "One", platform: "Linux")
        try await removed.join(name: "Lost", platform: "Android")
        try await left.join(name: "Old", platform: "Linux")
        let records = store.names
        try await left.leave()
        try await one.remove(DeviceID(value: 9))
        try? await removed.join(name: "Lost", platform: "Android")
        for name in records { store.insert(name) }
        for chain in [one, chain(4)] { #expect(try await chain.devices().map(\.name) == ["One"]) }
        // Its removal needs nothing from it: what is written now it can't read.
        try await put("1", "secret", by: one)
        #expect(try await texts(removed).isEmpty)
    }

    @Test("13: A bookmark that arrives before its folder is kept with its place, and is in it when the folder arrives")
    func folders() async throws {
        let (one, other) = (chain(1), chain(2))
        try await one.put("folder", in: "bookmarks", encoding: Bookmark(title: "A folder", isFolder: true))
        let folder = Set(store.names)
        store.change { $0.withholds = folder.contains }
        try await one.put("child", in: "bookmarks", encoding: Bookmark(title: "A page", parent: "folder", order: "1"))
        let child = Bookmark(title: "A page", parent: "folder", order: "1")
        #expect(try await other.list("bookmarks").map(\.object) == ["child"])
        #expect(try await other.get("child", in: "bookmarks", as: Bookmark.self) == child)
        try await other.update("child", in: "bookmarks", ["title": bytes("\"Renamed\"")])
        store.change { $0.withholds = { _ in false } }
        for chain in [one, other] {
            #expect(try await chain.list("bookmarks").map(\.object) == ["child", "folder"])
            let read = try await chain.get("child", in: "bookmarks", as: Bookmark.self)
            #expect(read?.parent == "folder" && read?.title == "Renamed")
        }
    }

    @Test("14: After everything in the store was deleted the devices go on, and are in the list again when they join")
    func reset() async throws {
        let (one, other) = (chain(1), chain(2))
        for (number, chain) in [one, other].enumerated() { try await chain.join(name: "\(number)", platform: "Linux") }
        try await put("1", "before", by: one)
        for name in store.names { store.remove(name) }
        // A device that starts after that has nothing from before in its way.
        #expect(try await chain(3).devices().isEmpty)
        for (number, chain) in [one, other].enumerated() { try await chain.join(name: "\(number)", platform: "Linux") }
        #expect(try await chain(3).devices().map(\.name) == ["0", "1"])
        try await put("2", "after", by: one)
        try await put("3", "after", by: other)
        #expect(try await texts(chain(3)) == ["2": "after", "3": "after"])
    }

    @Test("15: A copy with the same id is the same object on all devices, and one with its own id is another")
    func copies() async throws {
        let (one, other) = (chain(1), chain(2))
        try await one.put([("x", ["a": bytes("original")]), ("x", ["a": bytes("copy")])], in: "notes")
        try await put("y", "copy", by: one)
        for chain in [one, other, chain(3)] { #expect(try await texts(chain) == ["x": "copy", "y": "copy"]) }
        try await other.delete("x", in: "notes")
        for chain in [one, other, chain(3)] { #expect(try await texts(chain) == ["y": "copy"]) }
    }

    @Test("16: Writes of one second keep their order, also where the store tells times by the second")
    func sameSecond() async throws {
        store.change { $0.roundsToSeconds = true }
        let (one, other) = (chain(2), chain(1))
        for number in 0..<20 {
            let chain = number % 2 == 0 ? one : other
            _ = try await texts(chain)
            try await put("1", "\(number)", by: chain)
            // No time passes. The device with the lesser id writes last.
        }
        for chain in [one, other, chain(3)] { #expect(try await texts(chain) == ["1": "19"]) }
        let times = try Set(names("notes").map { $0.split(separator: "/")[3].prefix(13) })
        #expect(times.count == 20)
    }

    @Test("17: A move to the top level arrives, and no attribute is not the same as an empty one")
    func topLevel() async throws {
        let (one, other) = (chain(1), chain(2))
        try await one.put("1", in: "bookmarks", encoding: Bookmark(title: "A page", parent: "folder"))
        #expect(try await other.get("1", in: "bookmarks", as: Bookmark.self)?.parent == "folder")
        try await one.put("1", in: "bookmarks", encoding: Bookmark(title: "A page"))
        #expect(try await other.get("1", in: "bookmarks")?["parent"] == nil)
        #expect(try await other.get("1", in: "bookmarks", as: Bookmark.self) == Bookmark(title: "A page"))
        try await other.update("1", in: "bookmarks", ["parent": []])
        #expect(try await one.get("1", in: "bookmarks")?["parent"] == [])
        try await one.update("1", in: "bookmarks", ["parent": nil])
        #expect(try await other.get("1", in: "bookmarks")?.keys.contains("parent") == false)
    }

    @Test("18: A device that was stopped while it joined, and joins again, is in the list once")
    func restart() async throws {
        // The record is written, and the answer is lost for good.
        store.change {
            $0.fault = { call, _ in
                if case .put = call { .answerLost(ObjectStoreError(.denied)) } else { nil }
            }
        }
        await #expect(throws: ChainError.self) { try await chain(1).join(name: "Phone", platform: "Android") }
        #expect(!store.names.isEmpty)
        store.change { $0.fault = { _, _ in nil } }
        let again = chain(5, id: 1)
        try await again.join(name: "Phone", platform: "Android")
        for chain in [again, chain(2)] { #expect(try await chain.devices().map(\.name) == ["Phone"]) }
    }

    @Test("19: The recovery phrase alone brings back all data on a device that has nothing else")
    func lostDevices() async throws {
        let (one, other) = (chain(1), chain(2))
        try await one.note("notes")
        try await member(9).join(name: "TV", platform: "Linux")
        for number in 0..<10 { try await put("\(number)", "text \(number)", by: number % 2 == 0 ? one : other) }
        try await one.remove(DeviceID(value: 9))
        try await put("10", "text 10", by: other)
        let all = try await texts(one)
        let phrase = Array(fixture.seed.recoveryPhrase.revealed().utf8)
        let seed = try SyncSeed.read(written: phrase.span.bytes)
        let device = Chain(seed: seed, device: .random(), store: store, clock: StoreTimeClock(store))
        #expect(try await device.collections().map(\.text) == ["notes"])
        #expect(try await texts(device) == all)
        #expect(all.count == 11)
    }

    @Test("20: Records of version 0 that two devices bring over are there once, with their ids")
    func oldVersion() async throws {
        let writer = Version0Writer(fixture.seed)
        /// A SyncRecord that makes a bookmark: the action, the device, the object's id and the bookmark's site with its address.
        func made(_ object: UInt8, _ address: String) -> [UInt8] {
            func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
                [number << 3 | 2, UInt8(content.count)] + content
            }
            let site = field(1, bytes(address))
            return [8, 0] + field(2, [1]) + field(3, [UInt8](repeating: object, count: 16)) + field(4, field(1, site))
        }
        let records = [made(1, "https://a.example/"), made(2, "https://b.example/")]
        let names = records.enumerated().flatMap { number, record in
            writer.names(
                category: 0,
                time: 1_480_000_000_000 + UInt64(number),
                record,
                nonce: [0, 0] + [UInt8](repeating: UInt8(number), count: 20) + [0, 0]
            )
        }
        for chain in [chain(1), chain(2)] {
            let reading = try Version0Reading(names: names, of: fixture.seed.userID, key: fixture.seed.secretboxKey())
            #expect(reading.records.count == 2)
            for content in reading.records.compactMap(Version0Content.init) {
                guard case .bookmark(let bookmark)? = content.object else { continue }
                try await chain.put(content.objectID, in: "bookmarks", encoding: bookmark)
            }
        }
        let ids = ["01", "02"].map { String(repeating: $0, count: 16) }
        for chain in [chain(1), chain(3)] { #expect(try await chain.list("bookmarks").map(\.object) == ids) }
        let read = try await chain(3).get(ids[1], in: "bookmarks", as: Bookmark.self)
        #expect(read?.location == "https://b.example/")
    }
}
