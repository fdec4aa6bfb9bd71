/// A key that a device without the seed was given in a box that it can't open, as its record says
/// (`Protocol/chain.md`, "Devices that were left out").
struct UnopenedBox: Hashable, Sendable {
    let collection: CollectionID
    /// The generation whose key the box should have.
    let generation: UInt32
    /// The greatest generation whose key the device has.
    let held: UInt32

    /// The attribute of a device's record that has them, one after the other.
    static let attribute = "unopened"
    /// The greatest number of boxes of one generation that key changes have for a device. Key changes stay for ever, and
    /// whoever may write among the devices can say that another one can't open its box.
    static let boxesPerGeneration = 3
    private static let bytes = CollectionID.byteCount + 8

    /// Reads the attribute; what is left over at the end counts for nothing.
    static func read(_ bytes: [UInt8]) -> [UnopenedBox] {
        stride(from: 0, through: bytes.count - Self.bytes, by: Self.bytes).compactMap { start in
            let numbers = bytes[(start + CollectionID.byteCount)..<(start + Self.bytes)]
            guard let collection = CollectionID(bytes: bytes[start...].prefix(CollectionID.byteCount)) else {
                return nil
            }
            return UnopenedBox(
                collection: collection,
                generation: numbers.prefix(4).reduce(0) { $0 << 8 | UInt32($1) },
                held: numbers.suffix(4).reduce(0) { $0 << 8 | UInt32($1) }
            )
        }
    }

    /// The attribute's value; nil for none.
    static func written(_ boxes: [UnopenedBox]) -> [UInt8]? {
        guard !boxes.isEmpty else { return nil }
        return boxes.flatMap { box in
            box.collection.bytes
                + [box.generation, box.held].flatMap { number in
                    stride(from: 24 as UInt32, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
                }
        }
    }
}

extension Chain {
    /// The boxes that this device can't open, as far as it has read the collections.
    var unopenedBoxes: [UnopenedBox] {
        readers.values.compactMap { reader in
            reader.keys.lacking.map {
                UnopenedBox(collection: reader.keys.place.collection, generation: $0, held: reader.keys.current)
            }
        }.sorted { $0.collection.bytes.lexicographicallyPrecedes($1.collection.bytes) }
    }

    /// Says in this device's record, if it has one, which boxes it can't open, so that a device with the seed makes others.
    func tellUnopened() async throws(ChainError) {
        guard case .membership = holder else { return }
        try await refresh(.devices)
        guard let attributes = reader(.devices)?.state.object(device.text) else { return }
        let written = UnopenedBox.written(unopenedBoxes)
        guard attributes[UnopenedBox.attribute] != written else { return }
        try await write([(device.text, .update([UnopenedBox.attribute: written]))], in: .devices)
    }
}
