package import EasySetupSeed

/// The keys of a collection that a device has: derived from the seed, or those of a membership and of the key changes
/// since (`Protocol/chain.md`, "Generations").
package struct KeyRing: Sendable {
    /// Where keys come from.
    private enum Source: Sendable {
        case seed(SyncSeed)
        case device(DeviceKeys, DeviceID)
    }

    /// The collection's name.
    package let name: CollectionName
    /// The collection's place in the store.
    package let place: RecordPlace
    /// The highest generation that this device knows and has the key of: the one that it writes under.
    package private(set) var current: UInt32
    /// The highest generation that was announced without a box for this device; nil if there is none. The device was
    /// removed from the collection then, unless it has a higher one.
    package private(set) var leftOut: UInt32?

    /// The highest generation that was announced with a box for this device which does not open; nil if there is none.
    private var unopened: UInt32?
    /// The generation, above the current one, of which this device has a box that does not open; nil if there is none. The box
    /// was made to a wrong key, and only a device with the seed can make another.
    package var lacking: UInt32? { unopened.flatMap { $0 > current ? $0 : nil } }

    /// Whether the device lacks the newest key that it knows of: it must not write what others are to read.
    package var isLeftOut: Bool { leftOut.map { $0 > current } ?? false }

    private let source: Source
    private var held: [UInt32: CollectionKey]

    /// The generations that this device knows to exist and has the keys of.
    package var generations: Set<UInt32> { Set(held.keys) }

    /// Makes the key ring of a device that has the seed.
    /// - Parameter current: the highest generation that the device knows of from earlier.
    package init(name: CollectionName, seed: SyncSeed, current: UInt32 = 1) {
        self.name = name
        place = RecordPlace(userID: seed.userID, collection: CollectionID(of: name, seed: seed))
        source = .seed(seed)
        self.current = max(current, 1)
        held = [1: CollectionKey(of: name, generation: 1, seed: seed)]
        if self.current > 1 { held[self.current] = CollectionKey(of: name, generation: self.current, seed: seed) }
    }

    /// Makes the key ring of a device without the seed; nil if it has nothing of this collection.
    package init?(name: CollectionName, membership: Membership) {
        guard let collection = membership.collection(name), let newest = collection.keys.keys.max() else { return nil }
        self.name = name
        place = RecordPlace(userID: membership.userID, collection: collection.id)
        source = .device(membership.deviceKeys, membership.device)
        current = newest
        held = collection.keys
    }

    /// The key of a generation; nil if this device can't have it yet.
    package func key(of generation: UInt32) -> CollectionKey? {
        if let key = held[generation] { return key }
        guard case .seed(let seed) = source, generation >= 1 else { return nil }
        return CollectionKey(of: name, generation: generation, seed: seed)
    }

    /// The key under which this device writes.
    package var currentKey: CollectionKey {
        guard let key = key(of: current) else { preconditionFailure("the key of the current generation is held") }
        return key
    }

    /// Signs the content of one record for one use with the seed; nil on a device without it.
    func signature(_ label: String, _ stamp: Stamp, _ content: [UInt8]) -> [UInt8]? {
        guard case .seed(let seed) = source else { return nil }
        var signed = ChainLabel.signed(label, stamp, content)
        // Earlier keys are secret.
        defer { Sodium.wipe(&signed) }
        return seed.chainSignature(for: signed)
    }

    /// Learns from a record that opened that its generation exists. A device that has the seed keeps the derived key.
    package mutating func learn(_ generation: UInt32) {
        guard held[generation] == nil, let key = key(of: generation) else { return }
        keep(key, generation)
    }

    /// Learns that a generation was announced, as an earlier run has read. A device that has no key of it must not write
    /// under an older one.
    mutating func learn(announced generation: UInt32) {
        if case .device = source, held[generation] == nil { leftOut = max(leftOut ?? 0, generation) }
    }

    /// Learns of a new generation.
    /// - Returns: whether the device has got a key that it did not have.
    @discardableResult package mutating func learn(_ change: KeyChange) -> Bool {
        guard held[change.generation] == nil else { return false }
        switch source {
        case .seed: learn(change.generation)
        case .device(let keys, let device):
            let box = change.boxes[device]
            guard let secret = box.flatMap({ keys.open($0) }), let key = CollectionKey(bytes: secret) else {
                leftOut = max(leftOut ?? 0, change.generation)
                if box != nil { unopened = max(unopened ?? 0, change.generation) }
                return false
            }
            keep(key, change.generation)
        }
        return true
    }

    /// Learns the keys of earlier generations.
    /// - Returns: whether the device has got a key that it did not have. One that has the seed lacks none.
    @discardableResult package mutating func learn(_ earlier: EarlierKeys) -> Bool {
        let new = earlier.generations.filter { held[$0] == nil }
        if case .seed = source {
            for generation in new { learn(generation) }
            return false
        }
        for generation in new { if let key = earlier.key(of: generation) { keep(key, generation) } }
        return !new.isEmpty
    }

    private mutating func keep(_ key: CollectionKey, _ generation: UInt32) {
        held[generation] = key
        current = max(current, generation)
    }
}
