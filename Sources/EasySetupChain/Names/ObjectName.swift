/// The piece that the names of all parts of one record share: `{time}-{writer}/{crc}` and the number of parts
/// (`Protocol/chain.md`, "Names").
package struct RecordName: Hashable, Comparable, Sendable {
    /// The time of the record in milliseconds since 1970, from 1 to ``RecordTime/greatest``.
    package let time: UInt64
    /// The device that wrote.
    package let writer: DeviceID
    /// The CRC-32 of the sealed record.
    package let checksum: UInt32
    /// The number of parts, 1 to ``ObjectName/partLimit``.
    package var parts: Int { Int(partCount) }

    // A device may have given a hundred thousand records, so a name is as small as it can be.
    private let partCount: UInt8

    init(time: UInt64, writer: DeviceID, checksum: UInt32, parts: Int) {
        self.time = time
        self.writer = writer
        self.checksum = checksum
        partCount = UInt8(parts)
    }

    /// Orders by time, then by all else.
    package static func < (left: RecordName, right: RecordName) -> Bool {
        (left.time, left.writer, left.checksum, left.parts) < (right.time, right.writer, right.checksum, right.parts)
    }
}

/// The name of an object, which holds one part of a record:
/// `1/{userId}/{collection}/{time}-{writer}/{crc}/{part}-{parts}/{data…}` (`Protocol/chain.md`, "Names").
package struct ObjectName: Hashable, Sendable {
    /// The piece that the names of all parts of the record share.
    package let record: RecordName
    /// The number of this part, from 0.
    package let part: Int
    /// The part's data: base64url without slashes.
    package let data: String

    /// The greatest number of parts in a record.
    package static let partLimit = 64
    /// The greatest length of a name in bytes, which is that of S3.
    package static let byteLimit = 1_024
    /// The greatest length of a segment of the data. File systems below some stores allow 255.
    package static let segmentBytes = 250
    /// The number of base64url characters in every part of a record but the last, which may have fewer.
    package static let dataCharacters = 919

    /// Makes the names of the objects that hold a sealed record.
    ///
    /// - Precondition: the record fits into ``partLimit`` parts, and its time into 13 digits.
    package static func names(
        of sealed: [UInt8],
        time: UInt64,
        writer: DeviceID,
        in place: RecordPlace
    ) -> [String] {
        let characters = Array(Base64URL.text(sealed).utf8)
        let record = RecordName(
            time: time,
            writer: writer,
            checksum: Checksum.crc32(sealed),
            parts: parts(characters: characters.count)
        )
        precondition(1...partLimit ~= record.parts && 1...RecordTime.greatest ~= time, "the caller checks both")
        return (0..<record.parts).map { part in
            let data = characters[(part * dataCharacters)...].prefix(dataCharacters)
            return ObjectName(record: record, part: part, data: String(decoding: data, as: UTF8.self)).text(in: place)
        }
    }

    /// The number of parts of a record whose sealed bytes make this number of base64url characters.
    static func parts(characters: Int) -> Int {
        (characters + dataCharacters - 1) / dataCharacters
    }

    /// The whole name.
    package func text(in place: RecordPlace) -> String {
        let checksum = (0..<4).reversed().map { UInt8(truncatingIfNeeded: record.checksum >> (8 * $0)) }
        var text = place.prefix
        text += RecordTime.text(record.time) + "-" + record.writer.text + "/" + Base64URL.text(checksum)
        text += "/" + Self.twoDigits(part) + "-" + Self.twoDigits(record.parts)
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
    /// The checksum is not the text of four bytes.
    case checksum
    /// The number of the part or of the parts is not within its limits.
    case part
    /// The data have another length than this part's, or are cut at other places.
    case length
    /// The data have a character that is not base64url.
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
            rest[Layout.checksum - 1] == Layout.slash, rest[Layout.part - 1] == Layout.slash,
            rest[Layout.part + 2] == UInt8(ascii: "-"), rest[Layout.data - 1] == Layout.slash
        else { throw .layout }

        guard let time = Self.number(rest[..<Layout.dash]), time > 0 else { throw .time }
        guard let writer = DeviceID(text: Self.text(rest[Layout.writer..<Layout.checksum - 1])) else { throw .writer }
        guard let checksum = Base64URL.bytes(Self.text(rest[Layout.checksum..<Layout.part - 1]), count: 4)
        else { throw .checksum }
        guard let part = Self.number(rest[Layout.part..<Layout.part + 2]).map({ Int($0) }),
            let parts = Self.number(rest[Layout.part + 3..<Layout.data - 1]).map({ Int($0) }),
            1...Self.partLimit ~= parts, part < parts
        else { throw .part }

        let data = try Self.data(rest[Layout.data...])
        guard part == parts - 1 ? data.count <= Self.dataCharacters : data.count == Self.dataCharacters
        else { throw .length }
        record = RecordName(
            time: time,
            writer: writer,
            checksum: checksum.reduce(0) { $0 << 8 | UInt32($1) },
            parts: parts
        )
        self.part = part
        self.data = Self.text(data[...])
    }

    /// The offsets behind the prefix of a collection.
    private enum Layout {
        static let dash = RecordTime.digits
        static let writer = dash + 1
        static let checksum = writer + 11 + 1
        static let part = checksum + 6 + 1
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
