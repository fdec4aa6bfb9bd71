import EasySetupChain

/// Looks, writes and bare puts by turns, so that a slow minute of the machine meets all of them.
struct Turns {
    /// The times of one kind in seconds, and the most calls that one took.
    struct Kind: Equatable {
        var times: [Double] = []
        var mostCalls = 0

        var middle: Double { times.sorted()[times.count / 2] }
    }

    var looks = Kind()
    var writes = Kind()
    var puts = Kind()
    var lists = Kind()

    /// - Parameters:
    ///   - chain: a device that has read the collection, at `store`.
    ///   - bare: a store into which names are put without a chain, and in which an empty prefix is listed.
    ///   - prefix: the text with which these names begin.
    static func take(
        _ rounds: Int,
        _ chain: Chain,
        _ store: CountedStore,
        bare: CountedStore,
        prefix: String
    ) async throws -> Turns {
        var turns = Turns()
        // A device's first write reads the chain's collections. It is another one, so that the looks find nothing new.
        let written = "turns"
        try await chain.put(Records.object(0), in: written, ["text": []])
        for round in 0..<rounds {
            try await timed(&turns.looks, store) {
                _ = try await chain.get(Records.object(0), in: Records.collection)
            }
            try await timed(&turns.puts, bare) { _ = try await bare.put("\(prefix)put/\(round)") }
            try await timed(&turns.writes, store) {
                try await chain.put(Records.object(round), in: written, ["text": Array("\(round)".utf8)])
            }
            try await timed(&turns.lists, bare) {
                _ = try await bare.list(prefix: "\(prefix)none/", after: nil, limit: 1_000)
            }
        }
        return turns
    }

    private static func timed(_ kind: inout Kind, _ store: CountedStore, _ body: () async throws -> Void) async throws {
        let before = store.calls.all
        let watch = StopWatch()
        try await body()
        kind.times.append(watch.seconds)
        kind.mostCalls = max(kind.mostCalls, store.calls.all - before)
    }
}
