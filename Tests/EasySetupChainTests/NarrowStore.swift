import EasySetupChain

/// A store at which a device gets rights in few collections.
struct NarrowStore: ObjectStore {
    let store: any ObjectStore
    let collectionsPerDevice: Int

    var limits: ObjectStoreLimits { ObjectStoreLimits(collectionsPerDevice: collectionsPerDevice) }

    func put(_ name: String) async throws(ObjectStoreError) -> StoreTime { try await store.put(name) }

    func list(prefix: String, after: String?, limit: Int) async throws(ObjectStoreError) -> ObjectPage {
        try await store.list(prefix: prefix, after: after, limit: limit)
    }

    func delete(_ names: [String]) async throws(ObjectStoreError) -> StoreTime { try await store.delete(names) }
}
