import EasySetupChain
import EasySetupTesting
import Testing

@Suite("The store in memory and its bad manners")
struct MemoryObjectStoreTests {
    private func store(_ manners: (inout MemoryObjectStore.Manners) -> Void = { _ in }) -> MemoryObjectStore {
        var result = MemoryObjectStore.Manners()
        manners(&result)
        return MemoryObjectStore(milliseconds: 1_500, manners: result)
    }

    private func names(_ store: MemoryObjectStore, _ prefix: String = "", after: String? = nil) async throws -> [String]
    {
        try await store.list(prefix: prefix, after: after, limit: 1_000).entries.map(\.name)
    }

    @Test("Objects are listed by their bytes, by prefix, and after a name")
    func plain() async throws {
        let store = store()
        for name in ["b", "a/c", "a-b", "a/b", "A"] { _ = try await store.put(name) }
        #expect(try await names(store) == ["A", "a-b", "a/b", "a/c", "b"])
        #expect(try await names(store, "a/") == ["a/b", "a/c"])
        #expect(try await names(store, "a/", after: "a/b") == ["a/c"])
        #expect(try await names(store, "a/", after: "A") == ["a/b", "a/c"])
        _ = try await store.delete(["a/b", "is not there"])
        #expect(try await names(store, "a") == ["a-b", "a/c"])
        #expect(store.calls == 11)
    }

    @Test("Pages are as long as asked for, or shorter where the store wants so")
    func pages() async throws {
        let store = store { $0.pageLimit = 2 }
        for index in 0..<5 { _ = try await store.put("\(index)") }
        var seen: [String] = []
        var isTruncated = true
        while isTruncated {
            let page = try await store.list(prefix: "", after: seen.last, limit: 3)
            #expect(page.entries.count <= 2)
            seen += page.entries.map(\.name)
            isTruncated = page.isTruncated
        }
        #expect(seen == ["0", "1", "2", "3", "4"])
    }

    @Test("An object is listed late, by time and by calls")
    func late() async throws {
        let byTime = store { $0.lateListing = .seconds(2) }
        _ = try await byTime.put("a")
        #expect(try await names(byTime) == [])
        byTime.advance(by: .seconds(2))
        #expect(try await names(byTime) == ["a"])
        // Put again, it stays visible.
        _ = try await byTime.put("a")
        #expect(try await names(byTime) == ["a"])

        let byCalls = store { $0.lateListingCalls = 2 }
        _ = try await byCalls.put("a")
        #expect(try await names(byCalls) == [])
        #expect(try await names(byCalls) == ["a"])
    }

    @Test("Answers are lost after the call was done, calls are refused, and calls are answered and not done")
    func faults() async throws {
        let store = store {
            $0.fault = { call, number in
                switch number {
                case 1: .answerLost(ObjectStoreError(.unreachable))
                case 2: .refused(ObjectStoreError(.busy))
                case 3: .ignored
                default: nil
                }
            }
        }
        await #expect(throws: ObjectStoreError(.unreachable)) { _ = try await store.put("a") }
        await #expect(throws: ObjectStoreError(.busy)) { _ = try await store.put("b") }
        _ = try await store.put("c")
        #expect(store.names == ["a"])
    }

    @Test("Times are rounded, wrong and moved by the test alone")
    func times() async throws {
        let store = store()
        #expect(try await store.put("a") == StoreTime(milliseconds: 1_500))
        store.advance(by: .milliseconds(700))
        store.change { $0.roundsToSeconds = true }
        #expect(try await store.put("a") == StoreTime(milliseconds: 2_000))
        store.change { $0.clockError = .seconds(-1) }
        let page = try await store.list(prefix: "", after: nil, limit: 1)
        #expect(page.time == StoreTime(milliseconds: 1_000))
        #expect(page.entries.map(\.lastModified) == [2_000])
    }

    @Test("Slashes are folded, and folders are listed before what is beside them, and skipped by their name")
    func folders() async throws {
        let store = store {
            $0.foldsSlashes = true
            $0.listsByFolder = true
        }
        for name in ["a-b", "a//b", "a/c", "b"] { _ = try await store.put(name) }
        #expect(try await names(store) == ["a/b", "a/c", "a-b", "b"])
        #expect(try await names(store, after: "a") == ["a-b", "b"])
        #expect(try await names(store, after: "a/") == ["a/b", "a/c", "a-b", "b"])
        #expect(try await names(store, after: "a/b") == ["a/c", "a-b", "b"])
    }

    @Test("Names that are too long are refused, and what the store withholds is there")
    func others() async throws {
        let store = store { $0.withholds = { $0 == "a" } }
        _ = try await store.put("a")
        #expect(try await names(store) == [])
        #expect(store.names == ["a"])
        await #expect(throws: ObjectStoreError(.nameRefused)) {
            _ = try await store.put(String(repeating: "a/", count: 513))
        }
        await #expect(throws: ObjectStoreError(.nameRefused)) {
            _ = try await store.put(String(repeating: "a", count: 251))
        }
    }
}
