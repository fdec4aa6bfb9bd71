// This file reads and writes Protocol Buffers fields in canonical encoding (protobuf.dev, "Encoding"). All field
// numbers are below 16, so the tag before a field is one byte.

/// Reads fields in the order of their numbers. A method returns nil if the bytes are not in canonical encoding. It
/// tells no reason, because the caller then lets SwiftProtobuf parse the same bytes.
struct PlainReader: ~Escapable {
    private let bytes: Span<UInt8>
    private var place = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// Whether all bytes were read.
    var isAtEnd: Bool { place == bytes.count }

    /// Enters a nested message that has one of these field numbers and fills all remaining bytes. Returns its field
    /// number; nil if there is no such message.
    mutating func enter(_ fields: ClosedRange<UInt8>) -> UInt8? {
        guard place < bytes.count, bytes[place] & 7 == 2, fields.contains(bytes[place] >> 3) else { return nil }
        let field = bytes[place] >> 3
        place += 1
        guard let count = shortest(), count == bytes.count - place else { return nil }
        return field
    }

    /// Reads a field of bytes. Returns the range of its content, which is empty if the field is absent. Returns nil if
    /// the field is not in canonical encoding.
    mutating func bytes(field: Int) -> Range<Int>? {
        guard isNext(field, type: 2) else { return place..<place }
        place += 1
        guard let count = shortest(), count > 0, count <= bytes.count - place else { return nil }
        defer { place += Int(count) }
        return place..<place + Int(count)
    }

    /// Decodes this range of the bytes as UTF-8. Invalid bytes become U+FFFD.
    func text(_ range: Range<Int>) -> String {
        unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// A copy of this range of the bytes.
    func array(_ range: Range<Int>) -> [UInt8] {
        unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }

    /// Reads a number field. Returns 0 if the field is absent, and nil if it is not in canonical encoding.
    mutating func number(field: Int) -> UInt32? {
        guard isNext(field, type: 0) else { return 0 }
        place += 1
        guard let value = shortest(), value > 0 else { return nil }
        return value
    }

    private func isNext(_ field: Int, type: UInt8) -> Bool {
        place < bytes.count && bytes[place] == UInt8(field) << 3 | type
    }

    /// Reads a variable-length number. Returns nil if it is not encoded in the fewest possible bytes, or needs more
    /// than 32 bits.
    private mutating func shortest() -> UInt32? {
        // Most numbers have one byte.
        if place < bytes.count, bytes[place] <= 0x7F {
            defer { place += 1 }
            return UInt32(bytes[place])
        }
        var (value, shift) = (UInt64(0), UInt64(0))
        while shift < 35, place < bytes.count {
            let byte = bytes[place]
            place += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 {
                guard byte != 0 || shift == 0 else { return nil }
                return UInt32(exactly: value)
            }
            shift += 7
        }
        return nil
    }
}

extension PlainReader {
    /// Reads the required meeting id in field 1; nil if it is absent or invalid.
    mutating func meeting() -> MeetingID? {
        guard let range = bytes(field: 1) else { return nil }
        return MeetingID(bytes.extracting(range))
    }

    /// Reads the optional meeting id in field 1. If the field is invalid, the result is nil. If the field is absent,
    /// the result's `id` is nil.
    mutating func optionalMeeting() -> (id: MeetingID?, Void)? {
        guard let range = bytes(field: 1) else { return nil }
        guard !range.isEmpty else { return (nil, ()) }
        return MeetingID(bytes.extracting(range)).map { ($0, ()) }
    }

    mutating func reason(field: Int) -> Reason? {
        number(field: field).map { Reason(wireNumber: Int($0)) }
    }
}

/// The destination of the encoded fields of a Protocol Buffers message. One type that conforms writes their bytes to
/// memory, another only counts them.
protocol FieldSink {
    mutating func append(_ byte: UInt8)
    mutating func append(_ bytes: [UInt8])
    mutating func append(_ text: String)
    mutating func append(_ meeting: MeetingID)
}

/// A Protocol Buffers message whose encoder is written by hand. `writeFields` runs twice: once to count the bytes,
/// because the length precedes the fields, and once to write them.
protocol PlainMessage {
    func writeFields(to sink: inout some FieldSink)
}

/// The caller must add the fields in the order of their numbers. A field that has its default value is left out.
extension FieldSink {
    mutating func add(_ field: UInt8, _ value: UInt32) {
        guard value != 0 else { return }
        append(field << 3)
        appendNumber(value)
    }

    mutating func add(_ field: UInt8, _ value: [UInt8]) {
        guard !value.isEmpty else { return }
        appendHeader(field, byteCount: value.count)
        append(value)
    }

    mutating func add(_ field: UInt8, _ text: String) {
        guard !text.isEmpty else { return }
        appendHeader(field, byteCount: text.utf8.count)
        append(text)
    }

    mutating func add(_ field: UInt8, _ meeting: MeetingID?) {
        guard let meeting else { return }
        appendHeader(field, byteCount: MeetingID.byteCount)
        append(meeting)
    }

    mutating func add(_ field: UInt8, _ message: some PlainMessage) {
        add(field, message, byteCount: PlainCount.of(message))
    }

    /// Adds a nested message as a field. The caller has counted the bytes of the nested message's fields: `byteCount`.
    mutating func add(_ field: UInt8, _ message: some PlainMessage, byteCount: Int) {
        appendHeader(field, byteCount: byteCount)
        message.writeFields(to: &self)
    }

    /// Appends the tag and the length of a field that has `byteCount` bytes.
    mutating func appendHeader(_ field: UInt8, byteCount: Int) {
        append(field << 3 | 2)
        appendNumber(UInt32(clamping: byteCount))
    }

    private mutating func appendNumber(_ value: UInt32) {
        var rest = value
        while rest > 0x7F {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}

/// Counts the bytes of encoded fields without writing them.
struct PlainCount: FieldSink {
    private(set) var byteCount = 0

    static func of(_ message: some PlainMessage) -> Int {
        var count = PlainCount()
        message.writeFields(to: &count)
        return count.byteCount
    }

    /// The number of bytes that the tag and the length take in front of a message of `byteCount` bytes.
    static func ofHeader(of byteCount: Int) -> Int {
        var count = PlainCount()
        count.appendHeader(1, byteCount: byteCount)
        return count.byteCount
    }

    mutating func append(_ byte: UInt8) { byteCount += 1 }
    mutating func append(_ bytes: [UInt8]) { byteCount += bytes.count }
    mutating func append(_ text: String) { byteCount += text.utf8.count }
    mutating func append(_ meeting: MeetingID) { byteCount += MeetingID.byteCount }
}

/// Writes fields to memory. The caller guarantees that the memory is large enough for them; otherwise the program
/// stops.
@safe struct PlainWriter: FieldSink {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var byteCount = 0

    init(to memory: UnsafeMutableRawBufferPointer) {
        unsafe self.memory = memory
    }

    mutating func append(_ byte: UInt8) {
        unsafe precondition(byteCount < memory.count)
        unsafe memory[byteCount] = byte
        byteCount += 1
    }

    mutating func append(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe append($0) }
    }

    mutating func append(_ text: String) {
        for byte in text.utf8 { append(byte) }
    }

    mutating func append(_ meeting: MeetingID) {
        unsafe meeting.withUnsafeBytes { unsafe append($0) }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        unsafe precondition(bytes.count <= memory.count - byteCount)
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[byteCount...]).copyMemory(from: bytes)
        byteCount += bytes.count
    }
}
