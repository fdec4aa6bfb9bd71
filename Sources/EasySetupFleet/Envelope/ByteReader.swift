/// Reads numbers and byte strings from a content, which end where it ends.
struct ByteReader {
    private let bytes: [UInt8]
    private var place: Int
    private let end: Int

    init(_ bytes: [UInt8]) { self.init(bytes, 0..<bytes.count) }

    private init(_ bytes: [UInt8], _ range: Range<Int>) {
        (self.bytes, place, end) = (bytes, range.lowerBound, range.upperBound)
    }

    var isAtEnd: Bool { place == end }

    /// Moves behind so many bytes. Returns where they are.
    private mutating func skip(_ count: Int) throws(ContentError) -> Range<Int> {
        guard count <= end - place else { throw .cutShort }
        defer { place += count }
        return place..<place + count
    }

    mutating func bytes(_ count: Int) throws(ContentError) -> [UInt8] { Array(bytes[try skip(count)]) }

    /// All remaining bytes.
    mutating func remainder() -> [UInt8] {
        defer { place = end }
        return Array(bytes[place..<end])
    }

    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(_: Number.Type) throws(ContentError) -> Number {
        var number: Number = 0
        for place in try skip(Number.bitWidth / 8) { number = number << 8 | Number(bytes[place]) }
        return number
    }

    /// A kind, and what belongs to it: two bytes of length, and so many bytes.
    mutating func section() throws(ContentError) -> (kind: UInt8, content: ByteReader) {
        let kind = try number(UInt8.self)
        return (kind, ByteReader(bytes, try skip(Int(try number(UInt16.self)))))
    }
}

extension [UInt8] {
    /// The number in eight bytes from this place on.
    func number(at place: Int) -> UInt64 {
        var number: UInt64 = 0
        for place in place..<place + 8 { number = number << 8 | UInt64(self[place]) }
        return number
    }

    mutating func append<Number: FixedWidthInteger & UnsignedInteger>(number: Number) {
        for shift in stride(from: Number.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: number >> Number(shift)))
        }
    }

    /// Appends a kind and its content, which `write` appends.
    mutating func append(section kind: UInt8, _ write: (inout [UInt8]) -> Void) {
        append(kind)
        let place = count
        append(number: UInt16(0))
        write(&self)
        let length = UInt16(clamping: count - place - 2)
        (self[place], self[place + 1]) = (UInt8(length >> 8), UInt8(truncatingIfNeeded: length))
    }
}
