/// The knowledge that a device keeps between two runs, beside its seed or its membership: the newest generation of each
/// collection's key, the devices that were removed, and whether the chain was seen in a store
/// (`Protocol/chain.md`, "Between two runs").
///
/// Without it, a store that shows a device that starts the chain of before a removal makes it write under keys that the
/// removed device has, and a device that was off brings a deleted chain back. No key is in it, and no name of a collection. An app stores it where it stores its other data.
public struct ChainMemory: Hashable, Codable, Sendable {
    /// The highest generation that is known of each collection's key, by the collection's id.
    package private(set) var generations: [CollectionID: UInt32] = [:]
    /// The devices that are known to be removed.
    package private(set) var removed: Set<DeviceID> = []
    /// Whether a device with the seed has seen notes of the chain's collections in a store.
    package private(set) var hasNotes = false

    private enum CodingKeys: String, CodingKey {
        case generations, removed
        case hasNotes = "seen"
    }

    /// The memory of a device that has heard of nothing.
    public init() {}

    /// Reads what was encoded, in base64url and decimal digits.
    /// - Throws: `DecodingError` for anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        for (text, generation) in try container.decode([String: UInt32].self, forKey: .generations) {
            guard let id = CollectionID(text: text) else {
                throw DecodingError.dataCorruptedError(forKey: .generations, in: container, debugDescription: "an id")
            }
            generations[id] = generation
        }
        for text in try container.decode([String].self, forKey: .removed) {
            guard let device = DeviceID(text: text) else {
                throw DecodingError.dataCorruptedError(forKey: .removed, in: container, debugDescription: "an id")
            }
            removed.insert(device)
        }
        hasNotes = try container.decode(Bool.self, forKey: .hasNotes)
    }

    /// Writes the ids in base64url.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let texts = generations.map { ($0.key.text, $0.value) }
        try container.encode(Dictionary(uniqueKeysWithValues: texts), forKey: .generations)
        try container.encode(removed.map(\.text).sorted(), forKey: .removed)
        try container.encode(hasNotes, forKey: .hasNotes)
    }

    /// The knowledge of two runs together.
    public func joined(with other: ChainMemory) -> ChainMemory {
        var joined = self
        joined.generations.merge(other.generations) { max($0, $1) }
        joined.removed.formUnion(other.removed)
        joined.hasNotes = hasNotes || other.hasNotes
        return joined
    }

    /// Learns of a generation of a collection's key.
    mutating func learn(_ generation: UInt32, of collection: CollectionID) {
        // The first one is known without a memory.
        guard generation > generations[collection] ?? 1 else { return }
        generations[collection] = generation
    }

    /// Learns that the chain's collections are noted in a store.
    mutating func learnOfNotes() { hasNotes = true }

    /// Learns of removed devices.
    mutating func learn(removed devices: Set<DeviceID>) { removed.formUnion(devices) }
}
