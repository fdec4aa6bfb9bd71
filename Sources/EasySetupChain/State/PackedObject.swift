/// One object's name and state in one run of bytes, because a device holds many objects and reads few: as arrays of values a
/// hundred thousand objects would take three times the memory.
///
/// It is a form in memory alone. Two of them are equal if they have one name, so that a set of them has each object once and
/// needs no second place for its name.
struct PackedObject: Hashable, Sendable {
    /// The length of the name, the name, and the state. Equal states have equal bytes.
    private var bytes: [UInt8]

    /// The bits of a write's first byte.
    private enum Flag {
        static let sameStamp: UInt8 = 1
        static let knownDeletion: UInt8 = 2
        static let sameKnownDeletion: UInt8 = 4
        static let value: UInt8 = 8
    }

    /// The name alone, by which a set finds the object.
    init(named name: String) {
        var packer = Packer()
        packer.append(Array(name.utf8))
        bytes = packer.bytes
    }

    init(_ name: String, _ state: ObjectState) {
        var packer = Packer()
        packer.append(Array(name.utf8))
        packer.append(state.deletion == nil ? 0 : 1)
        if let deletion = state.deletion { packer.append(deletion) }
        var previous: SnapshotWrite?
        for write in state.writes {
            var flags: UInt8 = 0
            if write.stamp == previous?.stamp { flags |= Flag.sameStamp }
            if write.knownDeletion != nil {
                flags |= write.knownDeletion == previous?.knownDeletion ? Flag.sameKnownDeletion : Flag.knownDeletion
            }
            if write.value != nil { flags |= Flag.value }
            packer.append(flags)
            packer.append(Array(write.attribute.utf8))
            if flags & Flag.sameStamp == 0 { packer.append(write.stamp) }
            if flags & Flag.knownDeletion != 0, let known = write.knownDeletion { packer.append(known) }
            if let value = write.value { packer.append(value) }
            previous = write
        }
        // A copy has no spare room.
        bytes = Array(packer.bytes[...])
    }

    /// The object's name.
    var name: String {
        var unpacker = Unpacker(bytes: bytes)
        return String(decoding: unpacker.run(), as: UTF8.self)
    }

    /// The object's state.
    var state: ObjectState {
        var unpacker = Unpacker(bytes: bytes)
        _ = unpacker.run()
        let deletion = unpacker.byte() == 0 ? nil : unpacker.stamp()
        var writes: [SnapshotWrite] = []
        while !unpacker.isAtEnd {
            let flags = unpacker.byte()
            let attribute = String(decoding: unpacker.run(), as: UTF8.self)
            let stamp = flags & Flag.sameStamp == 0 ? unpacker.stamp() : writes[writes.count - 1].stamp
            var known: Stamp?
            if flags & Flag.knownDeletion != 0 {
                known = unpacker.stamp()
            } else if flags & Flag.sameKnownDeletion != 0 {
                known = writes[writes.count - 1].knownDeletion
            }
            let value = flags & Flag.value == 0 ? nil : Array(unpacker.run())
            writes.append(SnapshotWrite(attribute: attribute, stamp: stamp, knownDeletion: known, value: value))
        }
        return ObjectState(deletion: deletion, frontier: writes)
    }
}

extension PackedObject {
    /// The bytes of the name. They tell objects apart: texts may be equal that differ in how their accents are written.
    private var nameBytes: ArraySlice<UInt8> {
        var unpacker = Unpacker(bytes: bytes)
        return unpacker.run()
    }

    static func == (one: PackedObject, other: PackedObject) -> Bool { one.nameBytes == other.nameBytes }

    func hash(into hasher: inout Hasher) {
        for byte in nameBytes { hasher.combine(byte) }
    }

    /// Whether two objects have one name and one state.
    func isSame(as other: PackedObject) -> Bool { bytes == other.bytes }

    /// Whether this object's name is before the other one's by its bytes.
    func isBefore(_ other: PackedObject) -> Bool { nameBytes.lexicographicallyPrecedes(other.nameBytes) }
}

private struct Packer {
    var bytes: [UInt8] = []

    mutating func append(_ byte: UInt8) { bytes.append(byte) }

    mutating func append(number: UInt64) {
        var rest = number
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func append(_ run: [UInt8]) {
        append(number: UInt64(run.count))
        bytes += run
    }

    mutating func append(_ stamp: Stamp) {
        append(number: UInt64(stamp.generation))
        append(number: stamp.time)
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: stamp.writer.value >> shift))
        }
    }
}

private struct Unpacker {
    let bytes: [UInt8]
    private var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { index == bytes.count }

    mutating func byte() -> UInt8 {
        defer { index += 1 }
        return bytes[index]
    }

    mutating func number() -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = byte()
            result |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return result }
            shift += 7
        }
    }

    mutating func run() -> ArraySlice<UInt8> {
        let count = Int(number())
        defer { index += count }
        return bytes[index..<index + count]
    }

    mutating func stamp() -> Stamp {
        let generation = UInt32(number())
        let time = number()
        var writer: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) { writer |= UInt64(byte()) << shift }
        return Stamp(generation: generation, time: time, writer: DeviceID(value: writer))
    }
}
