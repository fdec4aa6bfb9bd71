/// The piece that the names of all parts of one record share: `{time}-{writer}/{id}` and the number of parts
/// (`Protocol/chain.md`, "Names").
package struct RecordName: Hashable, Comparable, Sendable {
    /// The time of the record in milliseconds since 1970, from 1 to ``RecordTime/greatest``.
    package let time: UInt64
    /// The device that wrote.
    package let writer: DeviceID
    /// The record's id: the digest of all else here and of the first part.
    package let id: PartDigest
    /// The number of parts, 1 to ``ObjectName/partLimit``.
    package var parts: Int { Int(partCount) }

    private let partCount: UInt8

    init(time: UInt64, writer: DeviceID, id: PartDigest, parts: Int) {
        self.time = time
        self.writer = writer
        self.id = id
        partCount = UInt8(parts)
    }

    /// The id of the record with these properties and this first part.
    static func id(time: UInt64, writer: DeviceID, parts: Int, first: [UInt8]) -> PartDigest {
        PartDigest(of: [UInt8](bigEndian: time) + writer.bytes + [UInt8(parts)] + first)
    }

    /// Whether these bytes are the record's first part.
    func isFirst(_ part: [UInt8]) -> Bool {
        id == Self.id(time: time, writer: writer, parts: parts, first: part)
    }

    /// Orders by time, then by all else.
    package static func < (left: RecordName, right: RecordName) -> Bool {
        (left.time, left.writer, left.id, left.parts) < (right.time, right.writer, right.id, right.parts)
    }
}

/// The name of an object, which holds one part of a record:
/// `1/{userId}/{collection}/{time}-{writer}/{id}/{part}-{parts}/{data…}` (`Protocol/chain.md`, "Names").
package struct ObjectName: Hashable, Sendable {
    /// The piece that the names of all parts of the record share.
    package let record: RecordName
    /// The number of this part, from 0.
    package let part: Int
    /// The part's bytes: a portion of the sealed record, and in every part but the last the digest of the next part.
    package let bytes: [UInt8]

    /// The greatest number of parts in a record.
    package static let partLimit = 64
    /// The greatest length of a name in bytes, which is that of S3.
    package static let byteLimit = 1_024
    /// The greatest length of a segment of the data. File systems below some stores allow 255.
    package static let segmentBytes = 250
    /// The number of bytes in every part of a record but the last, which may have fewer.
    package static let partBytes = 677
    /// The number of bytes of the sealed record in every part but the last.
    package static let portionBytes = partBytes - PartDigest.byteCount
    /// The greatest number of bytes in a sealed record.
    package static let sealedBytes = portionBytes * (partLimit - 1) + partBytes

    /// Makes the names of the objects that hold a sealed record.
    ///
    /// - Precondition: the record fits into ``partLimit`` parts, and its time into 13 digits.
    package static func names(
        of sealed: [UInt8],
        time: UInt64,
        writer: DeviceID,
        in place: RecordPlace
    ) -> [String] {
        let count = Self.parts(of: sealed.count)
        precondition(1...partLimit ~= count && 1...RecordTime.greatest ~= time, "the caller checks both")
        // From the last one on, because each has the digest of the next.
        var parts: [[UInt8]] = []
        for part in (0..<count).reversed() {
            let rest = sealed[(part * portionBytes)...]
            parts.append(parts.last.map { Array(rest.prefix(portionBytes)) + PartDigest(of: $0).bytes } ?? Array(rest))
        }
        parts.reverse()
        let id = RecordName.id(time: time, writer: writer, parts: count, first: parts[0])
        let record = RecordName(time: time, writer: writer, id: id, parts: count)
        return parts.enumerated().map { ObjectName(record: record, part: $0, bytes: $1).text(in: place) }
    }

    /// The number of parts of a sealed record with this number of bytes.
    static func parts(of bytes: Int) -> Int {
        max(1, (bytes - PartDigest.byteCount + portionBytes - 1) / portionBytes)
    }

    /// The portion of the sealed record in this part.
    var portion: ArraySlice<UInt8> {
        part == record.parts - 1 ? bytes[...] : bytes.dropLast(PartDigest.byteCount)
    }

    /// Whether a part is the one that this one says is next.
    func isFollowed(by next: ObjectName) -> Bool {
        bytes.suffix(PartDigest.byteCount).elementsEqual(PartDigest(of: next.bytes).bytes)
    }

    /// The whole name.
    package func text(in place: RecordPlace) -> String {
        var text = place.prefix
        text += RecordTime.text(record.time) + "-" + record.writer.text + "/" + Base64URL.text(record.id.bytes)
        text += "/" + Self.twoDigits(part) + "-" + Self.twoDigits(record.parts)
        let data = Base64URL.text(bytes)
        var rest = data.utf8[...]
        while !rest.isEmpty {
            text += "/" + String(decoding: rest.prefix(Self.segmentBytes), as: UTF8.self)
            rest = rest.dropFirst(Self.segmentBytes)
        }
        return text
    }

    private static func twoDigits(_ number: Int) -> String {
        (number < 10 ? "0" : "") + String(number)
    }
}

/// The reason why a name in a listing is none of a record's part.
package enum ObjectNameFault: String, Error, Hashable, Sendable, CaseIterable {
    /// The name is longer than ``ObjectName/byteLimit``.
    case tooLong = "too-long"
    /// The name does not begin as the names of this collection do.
    case foreign
    /// The name does not have its parts at their places.
    case layout
    /// The time is not 13 digits, or is zero.
    case time
    /// The writer is not the text of a device id.
    case writer
    /// The id is not the text of 16 bytes, or not that of a record with this time, writer, number of parts and first part.
    case id
    /// The number of the part or of the parts is not within its limits.
    case part
    /// The data have another length than this part's, or are cut at other places.
    case length
    /// The data have a character that is not base64url, or unused bits that are not zero.
    case character
}

// MARK: - Reading

extension ObjectName {
    /// Reads a name from a listing. There is one name for every part: a reader refuses any other form.
    package init(_ name: String, in place: RecordPlace) throws(ObjectNameFault) {
        guard name.utf8.count <= Self.byteLimit else { throw .tooLong }
        let prefix = place.prefix.utf8
        guard name.utf8.starts(with: prefix) else { throw .foreign }
        let rest = Array(name.utf8.dropFirst(prefix.count))
        guard rest.count > Layout.data, rest[Layout.dash] == UInt8(ascii: "-"),
            rest[Layout.id - 1] == Layout.slash, rest[Layout.part - 1] == Layout.slash,
            rest[Layout.part + 2] == UInt8(ascii: "-"), rest[Layout.data - 1] == Layout.slash
        else { throw .layout }

        guard let time = Self.number(rest[..<Layout.dash]), time > 0 else { throw .time }
        guard let writer = DeviceID(text: Self.text(rest[Layout.writer..<Layout.id - 1])) else { throw .writer }
        let idBytes = Base64URL.bytes(Self.text(rest[Layout.id..<Layout.part - 1]), count: PartDigest.byteCount)
        guard let id = idBytes.flatMap({ PartDigest(bytes: $0) }) else { throw .id }
        guard let part = Self.number(rest[Layout.part..<Layout.part + 2]).map({ Int($0) }),
            let parts = Self.number(rest[Layout.part + 3..<Layout.data - 1]).map({ Int($0) }),
            1...Self.partLimit ~= parts, part < parts
        else { throw .part }

        let data = try Self.data(rest[Layout.data...])
        guard Self.lengths(part, of: parts).contains(data.count * 3 / 4) else { throw .length }
        guard let bytes = Base64URL.bytes(Self.text(data[...])) else { throw .character }
        record = RecordName(time: time, writer: writer, id: id, parts: parts)
        guard part > 0 || record.isFirst(bytes) else { throw .id }
        self.part = part
        self.bytes = bytes
    }

    /// The numbers of bytes that a part may have. With fewer in the last one the record would have one part less.
    private static func lengths(_ part: Int, of parts: Int) -> ClosedRange<Int> {
        if part < parts - 1 { return partBytes...partBytes }
        return (parts == 1 ? 1 : PartDigest.byteCount + 1)...partBytes
    }

    /// The offsets behind the prefix of a collection.
    private enum Layout {
        static let dash = RecordTime.digits
        static let writer = dash + 1
        static let id = writer + 11 + 1
        static let part = id + 22 + 1
        static let data = part + 5 + 1
        static let slash = UInt8(ascii: "/")
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// The value of digits; nil if a character is none.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else { return nil }
            value = value * 10 + UInt64(digit - UInt8(ascii: "0"))
        }
        return value
    }

    /// The characters of a part without the slashes, which are behind every 250th and nowhere else.
    private static func data(_ segments: ArraySlice<UInt8>) throws(ObjectNameFault) -> [UInt8] {
        var characters: [UInt8] = []
        characters.reserveCapacity(segments.count)
        for (offset, character) in segments.enumerated() {
            let isCut = offset % (segmentBytes + 1) == segmentBytes
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                guard !isCut else { throw .length }
                characters.append(character)
            case Layout.slash:
                guard isCut, offset + 1 < segments.count else { throw .length }
            default:
                throw .character
            }
        }
        return characters
    }
}
