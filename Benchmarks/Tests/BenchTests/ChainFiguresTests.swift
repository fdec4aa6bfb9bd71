import EasySetupChain
import EasySetupTesting
import Testing

@testable import chainbench

/// The counts of `scripts/bench-chain`, with a store in memory.
@Suite("The figures of a chain") struct ChainFiguresTests {
    private let memory = MemoryObjectStore()

    private func device(_ number: UInt64, _ store: CountedStore) throws -> Chain {
        Chain(seed: try StoreOptions.seed([1]), device: DeviceID(value: number), store: store)
    }

    @Test("Each record is one put, a newcomer needs a page for a thousand names, and a look and a write are one call")
    func counted() async throws {
        let store = CountedStore(memory)
        try await Records(count: 200, bytes: 100).write(by: (1...4).map { try device($0, store) })
        // One of them notes the collection.
        #expect(store.calls.puts == 201)
        let newcomer = try await Newcomer.reads(device(10, store), store, listsAll: true)
        #expect(newcomer.objects == 200)
        #expect(newcomer.calls.listed == 200)
        #expect(newcomer.calls == CountedStore.Calls(lists: 1, listed: 200))

        let chain = try device(11, store)
        _ = try await Newcomer.reads(chain, store, listsAll: false)
        memory.advance(by: .seconds(700))
        for _ in 0..<3 { _ = try await Newcomer.reads(chain, store, listsAll: false) }
        let bare = CountedStore(memory)
        let turns = try await Turns.take(5, chain, store, bare: bare, prefix: "bare/")
        for kind in [turns.looks, turns.writes, turns.puts, turns.lists] {
            #expect(kind.times.count == 5)
            #expect(kind.mostCalls == 1)
        }
        #expect(bare.calls.puts == 5)
        #expect(bare.calls.listed == 0)
    }

    @Test("A store whose clock is said to be ahead lets a compaction delete what a snapshot holds")
    func compacted() async throws {
        let store = CountedStore(memory)
        try await Records(count: 200, bytes: 100).write(by: [device(1, store)])
        #expect(try await device(2, store).compact(Records.collection, minimum: 100).deleted == 0)
        store.setAhead(700)
        #expect(try await device(3, store).compact(Records.collection, minimum: 100).deleted == 200)
        let newcomer = try await Newcomer.reads(device(4, store), store, listsAll: true)
        #expect(newcomer.objects == 200)
        #expect(newcomer.calls.listed < 100)
    }
}
