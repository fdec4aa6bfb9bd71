/// The place of a write among all writes of its collection. Of two writes to one attribute the one with the greater
/// stamp wins (`Protocol/chain.md`, "Merging").
public struct Stamp: Hashable, Comparable, Sendable {
    /// The generation of the collection's key under which the write is sealed. It counts before the time, so that a
    /// writer that was removed can't win by a time in the far future.
    public let generation: UInt32

    /// The time of the write in milliseconds since 1970, by the store's clock, and later than every write that the
    /// writer knew.
    public let time: UInt64

    /// The device that wrote.
    public let writer: DeviceID

    /// Makes a stamp from its three parts.
    public init(generation: UInt32, time: UInt64, writer: DeviceID) {
        self.generation = generation
        self.time = time
        self.writer = writer
    }

    /// The generation, the time and the writer's id, big-endian: 20 bytes, whose order is that of stamps.
    package var bytes: [UInt8] {
        [UInt8](bigEndian: generation) + [UInt8](bigEndian: time) + writer.bytes
    }

    /// Orders by the generation, then by the time, then by the writer.
    public static func < (left: Stamp, right: Stamp) -> Bool {
        (left.generation, left.time, left.writer) < (right.generation, right.time, right.writer)
    }
}
