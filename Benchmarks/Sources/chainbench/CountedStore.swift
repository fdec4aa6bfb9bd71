import EasySetupChain
import Synchronization

/// A store that counts the calls which a chain makes of another one. Each call of ``S3Store`` is one request, unless it has
/// to be tried again.
final class CountedStore: ObjectStore {
    /// The calls of each kind.
    struct Calls: Equatable {
        var puts = 0
        var lists = 0
        var deletions = 0
        /// The number of objects in all pages.
        var listed = 0

        var all: Int { puts + lists + deletions }

        static func - (one: Calls, other: Calls) -> Calls {
            Calls(
                puts: one.puts - other.puts,
                lists: one.lists - other.lists,
                deletions: one.deletions - other.deletions,
                listed: one.listed - other.listed
            )
        }
    }

    private let store: any ObjectStore
    private let counted = Mutex(Calls())
    private let ahead: Mutex<UInt64>

    /// - Parameter ahead: by how many seconds the store's clock is said to be ahead of what it shows. So a chain meets
    ///   what is ten minutes old without waiting for it.
    init(_ store: any ObjectStore, ahead: Int = 0) {
        self.store = store
        self.ahead = Mutex(UInt64(ahead) * 1_000)
    }

    var limits: ObjectStoreLimits { store.limits }

    var calls: Calls { counted.withLock { $0 } }

    /// Sets the clock.
    func setAhead(_ seconds: Int) { ahead.withLock { $0 = UInt64(seconds) * 1_000 } }

    func put(_ name: String) async throws(ObjectStoreError) -> StoreTime {
        counted.withLock { $0.puts += 1 }
        return moved(try await store.put(name))
    }

    func list(prefix: String, after: String?, limit: Int) async throws(ObjectStoreError) -> ObjectPage {
        counted.withLock { $0.lists += 1 }
        let page = try await store.list(prefix: prefix, after: after, limit: limit)
        counted.withLock { $0.listed += page.entries.count }
        return ObjectPage(entries: page.entries, isTruncated: page.isTruncated, time: moved(page.time))
    }

    func delete(_ names: [String]) async throws(ObjectStoreError) -> StoreTime {
        counted.withLock { $0.deletions += 1 }
        return moved(try await store.delete(names))
    }

    private func moved(_ time: StoreTime) -> StoreTime {
        StoreTime(milliseconds: time.milliseconds + ahead.withLock { $0 })
    }
}
