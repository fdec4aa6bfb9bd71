/// A room's entry in the directory: whose it is.
package struct Registration: Hashable, Sendable {
    /// The bytes of an offer's id, and of a whole registration.
    package static let (offerByteCount, byteCount) = (16, 28)

    /// The id of the room's offer.
    package let offer: [UInt8]
    /// The run of the relay that has the room.
    package var run: RunID
    /// How often the offerer had attached when the relay got the room; 0 for a device that does not count.
    package var attempt: UInt32

    package init(offer: [UInt8], run: RunID, attempt: UInt32) {
        precondition(offer.count == Self.offerByteCount, "an offer's id has 16 bytes")
        (self.offer, self.run, self.attempt) = (offer, run, attempt)
    }

    /// Reads a registration. What follows its 28 bytes is a later version's, and ignored; nil if there are fewer.
    package init?(bytes: [UInt8]) {
        guard bytes.count >= Self.byteCount, let run = RunID(bytes: bytes[16..<24]) else { return nil }
        offer = Array(bytes[..<16])
        self.run = run
        attempt = bytes[24..<28].reduce(0) { $0 << 8 | UInt32($1) }
    }

    package var bytes: [UInt8] {
        offer + run.bytes + (0..<4).map { UInt8(truncatingIfNeeded: attempt >> (24 - 8 * $0)) }
    }
}
