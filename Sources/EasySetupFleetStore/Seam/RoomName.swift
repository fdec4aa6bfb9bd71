/// The name of a room in the directory: a MAC of its slot and one of its offer, so that the directory contains neither.
package struct RoomName: Hashable, Sendable {
    /// How many bytes of a MAC are in a name.
    package static let byteCount = 12

    package let slot: [UInt8]
    package let offer: [UInt8]

    /// A name of the two MACs, of which the first twelve bytes count.
    package init(slot: [UInt8], offer: [UInt8]) {
        precondition(slot.count >= Self.byteCount && offer.count >= Self.byteCount, "a MAC is too short")
        self.slot = Array(slot.prefix(Self.byteCount))
        self.offer = Array(offer.prefix(Self.byteCount))
    }
}
