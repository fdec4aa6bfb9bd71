// Protocol Buffers fields in canonical encoding (protobuf.dev, "Encoding"). All field numbers are below 16, so the tag
// before a field is one byte.

/// Reads fields in the order of their numbers. A result is nil if the bytes are not in canonical encoding. The reader
/// has no detailed errors, because SwiftProtobuf then parses the bytes again.
struct PlainReader {
    private let bytes: [UInt8]
    private(set) var place = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Enters a nested message that has one of these field numbers and fills all remaining bytes. Returns its field
    /// number; nil if there is no such message.
    mutating func enter(_ fields: ClosedRange<UInt8>) -> UInt8? {
        guard place < bytes.count, bytes[place] & 7 == 2, fields.contains(bytes[place] >> 3) else { return nil }
        let field = bytes[place] >> 3
        place += 1
        guard let count = shortest(), count == bytes.count - place else { return nil }
        return field
    }

    /// Reads a field of bytes, which is empty if it is absent; nil if it is not in canonical encoding.
    mutating func bytes(field: Int) -> ArraySlice<UInt8>? {
        guard isNext(field, type: 2) else { return [] }
        place += 1
        guard let count = shortest(), count > 0, count <= bytes.count - place else { return nil }
        defer { place += Int(count) }
        return bytes[place..<place + Int(count)]
    }

    /// Reads a number, which is 0 if it is absent; nil if it is not in canonical encoding.
    mutating func number(field: Int) -> UInt32? {
        guard isNext(field, type: 0) else { return 0 }
        place += 1
        guard let value = shortest(), value > 0 else { return nil }
        return value
    }

    private func isNext(_ field: Int, type: UInt8) -> Bool {
        place < bytes.count && bytes[place] == UInt8(field) << 3 | type
    }

    /// Reads a number that is encoded in the fewest possible bytes; nil if it is not, or needs more than 32 bits.
    private mutating func shortest() -> UInt32? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 35, by: 7) {
            guard place < bytes.count else { return nil }
            let byte = bytes[place]
            place += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 {
                guard byte != 0 || shift == 0 else { return nil }
                return UInt32(exactly: value)
            }
        }
        return nil
    }
}

extension PlainReader {
    /// Reads the required meeting id in field 1; nil if it is absent or invalid.
    mutating func meeting() -> MeetingID? {
        bytes(field: 1).flatMap { MeetingID($0) }
    }

    /// Reads the optional meeting id in field 1. If the field is invalid, the result is nil. If the field is absent,
    /// the result's `id` is nil.
    mutating func optionalMeeting() -> (id: MeetingID?, Void)? {
        guard let named = bytes(field: 1) else { return nil }
        guard !named.isEmpty else { return (nil, ()) }
        return MeetingID(named).map { ($0, ()) }
    }

    mutating func reason(field: Int) -> Reason? {
        number(field: field).map { Reason(wireNumber: Int($0)) }
    }
}

/// Writes Protocol Buffers fields in the order of their numbers. A field that has its default value is left out.
struct PlainWriter {
    private(set) var bytes: [UInt8]

    /// Makes a writer that appends to these bytes.
    init(to bytes: consuming [UInt8]) {
        self.bytes = bytes
    }

    mutating func add(_ field: UInt8, _ value: UInt32) {
        guard value != 0 else { return }
        bytes.append(field << 3)
        addNumber(value)
    }

    mutating func add(_ field: UInt8, _ value: [UInt8]) {
        guard !value.isEmpty else { return }
        bytes.append(field << 3 | 2)
        addNumber(UInt32(clamping: value.count))
        bytes += value
    }

    mutating func add(_ field: UInt8, _ meeting: MeetingID?) {
        guard let meeting else { return }
        bytes.append(field << 3 | 2)
        bytes.append(UInt8(MeetingID.byteCount))
        meeting.append(to: &bytes)
    }

    /// Begins a nested message, which contains everything that is added until ``end(_:)``. Returns the index of the
    /// message's length byte, which `end` takes.
    mutating func begin(_ field: UInt8) -> Int {
        bytes.append(field << 3 | 2)
        bytes.append(0)
        return bytes.count - 1
    }

    /// Ends the nested message whose length byte is at `start`, and writes its length.
    mutating func end(_ start: Int) {
        let count = bytes.count - start - 1
        guard count > 0x7F else { return bytes[start] = UInt8(count) }
        // The length needs more than the one byte that `begin` reserved, so the message moves to make room.
        bytes[start] = UInt8(truncatingIfNeeded: count) | 0x80
        var (rest, place) = (count >> 7, start + 1)
        while rest > 0x7F {
            bytes.insert(UInt8(truncatingIfNeeded: rest) | 0x80, at: place)
            rest >>= 7
            place += 1
        }
        bytes.insert(UInt8(rest), at: place)
    }

    private mutating func addNumber(_ value: UInt32) {
        var rest = value
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
