/// A key that a device without the seed was given in a box that it can't open, as its record says
/// (`Protocol/chain.md`, "Devices that were left out").
package struct UnopenedBox: Hashable, Sendable {
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

    package init(collection: CollectionID, generation: UInt32, held: UInt32) {
        self.collection = collection
        self.generation = generation
        self.held = held
    }

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
            box.collection.bytes + [UInt8](bigEndian: box.generation) + [UInt8](bigEndian: box.held)
        }
    }
}
