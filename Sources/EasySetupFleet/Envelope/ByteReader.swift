/// Reads numbers and byte strings from a content, which end where it ends.
struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func bytes(_ count: Int) throws(ContentError) -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw .cutShort }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// All remaining bytes.
    mutating func remainder() -> [UInt8] {
        defer { rest = [] }
        return Array(rest)
    }

    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(_: Number.Type) throws(ContentError) -> Number {
        try bytes(Number.bitWidth / 8).reduce(0) { $0 << 8 | Number($1) }
    }

    /// A kind, and what belongs to it: two bytes of length, and so many bytes.
    mutating func section() throws(ContentError) -> (kind: UInt8, content: ByteReader) {
        let kind = try number(UInt8.self)
        return (kind, ByteReader(try bytes(Int(try number(UInt16.self)))))
    }
}

extension [UInt8] {
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
