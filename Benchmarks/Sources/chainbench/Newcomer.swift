import EasySetupChain

/// A device that reads a collection of which it knows nothing.
struct Newcomer {
    var seconds: Double
    var calls: CountedStore.Calls
    /// The number of objects that it has read; nil if it was asked for one of them alone.
    var objects: Int?

    /// Reads a collection.
    /// - Parameter listsAll: whether all objects are given to the app at once, or one of them.
    static func reads(_ chain: Chain, _ store: CountedStore, listsAll: Bool) async throws -> Newcomer {
        let before = store.calls
        let watch = StopWatch()
        var objects: Int?
        if listsAll {
            objects = try await chain.list(Records.collection).count
        } else {
            _ = try await chain.get(Records.object(0), in: Records.collection)
        }
        return Newcomer(seconds: watch.seconds, calls: store.calls - before, objects: objects)
    }
}
