package import EasySetupChain
import EasySetupTesting
import SeededRandom

/// A device of a world: its chain, and its way to the store, on which things go wrong.
///
/// The devices of a world take turns in one task, so nothing here is used twice at once.
package final class SimulatedDevice: ObjectStore, ChainClock, @unchecked Sendable {
    let number: Int
    let id: DeviceID
    let membership: Membership?
    private unowned let world: ChainWorld
    /// By how much its date is wrong, in milliseconds.
    private let dateError: Int64
    var chain: Chain?
    /// The memory that a run leaves to the next one.
    var memory = ChainMemory()
    /// How many more calls of the store it makes before it dies; nil for any number.
    var callsLeft: Int?
    var isRemoved = false
    /// Whether it has left the chain, by its own word.
    var hasLeft = false
    /// Whether a removal or its leaving was begun, and may have come to nothing or not.
    var mayBeOut = false
    /// Whether it is one of the chain's, and acts.
    var isThere: Bool { !isRemoved && !hasLeft }
    /// The store's time of its removal, in milliseconds.
    var removedAt: UInt64 = 0
    /// Names that this device alone is never shown.
    var hidden: Set<String> = []
    /// The devices of which it knew when its turn began that they were removed.
    var knownRemovals: Set<DeviceID> = []
    /// The generation of each collection that it knew when its turn began.
    var generations: [CollectionName: UInt32] = [:]

    init(_ number: Int, _ membership: Membership?, _ world: ChainWorld, dateError: Int64) {
        self.number = number
        id = membership?.device ?? DeviceID(value: UInt64(number))
        self.membership = membership
        self.world = world
        self.dateError = dateError
    }

    var name: String { "device \(number)" }

    /// Whether the device may write to a collection.
    func mayWrite(_ name: CollectionName) -> Bool {
        guard let membership else { return true }
        return membership.collection(name)?.mayWrite ?? false
    }

    func mayRead(_ name: CollectionName) -> Bool {
        guard let membership else { return true }
        return membership.collection(name) != nil
    }

    // MARK: The clock

    package var elapsed: Duration { .milliseconds(Int64(world.store.milliseconds)) }
    package var date: UInt64 { UInt64(max(Int64(world.store.milliseconds) + dateError, 0)) }
    package func sleep(for duration: Duration) async throws { world.store.advance(by: duration) }

    // MARK: The way to the store

    package var limits: ObjectStoreLimits { world.store.limits }

    package func put(_ name: String) async throws(ObjectStoreError) -> StoreTime {
        try await begin()
        world.wrote(name, self)
        guard world.mutation != .ignoresPuts || !world.random.once(in: 8) else {
            return StoreTime(milliseconds: world.store.milliseconds)
        }
        let time = try await world.store.put(name)
        world.stored(name)
        try end()
        return time
    }

    package func list(prefix: String, after: String?, limit: Int) async throws(ObjectStoreError) -> ObjectPage {
        try await begin()
        let page = try await world.store.list(prefix: prefix, after: after, limit: limit)
        try end()
        // A hidden name at the end of a page would make the page's end unknown.
        let entries = page.entries.enumerated().filter { index, entry in
            !(hidden.contains(entry.name) || world.isHidden(entry.name))
                || page.isTruncated && index == page.entries.count - 1
        }
        return ObjectPage(entries: entries.map(\.element), isTruncated: page.isTruncated, time: page.time)
    }

    package func delete(_ names: [String]) async throws(ObjectStoreError) -> StoreTime {
        try await begin()
        if world.mutation == .deletesNothing { return StoreTime(milliseconds: world.store.milliseconds) }
        let time = try await world.store.delete(names.filter { !world.keeps($0) })
        try end()
        return time
    }

    private func begin() async throws(ObjectStoreError) {
        await world.between(self)
        if let callsLeft {
            guard callsLeft > 0 else { throw ObjectStoreError(.denied) }
            self.callsLeft = callsLeft - 1
        }
        if world.hasFaults, world.random.once(in: 20) { throw ObjectStoreError(.busy) }
    }

    /// The call was carried out; its answer may be lost.
    private func end() throws(ObjectStoreError) {
        if callsLeft == 0, world.random.once(in: 2) { throw ObjectStoreError(.denied) }
        if world.hasFaults, world.random.once(in: 20) { throw ObjectStoreError(.unreachable) }
    }
}
