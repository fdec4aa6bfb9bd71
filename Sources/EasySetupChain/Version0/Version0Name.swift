/// Why a line of a listing is no part of a record of this chain.
public enum Version0NameFault: String, Error, Hashable, Sendable, CaseIterable {
    /// It is not the name of an object of version 0.
    case foreign
    /// It is the name of an object of another chain.
    case otherUser = "other-user"
    /// It begins as the names of this chain do, and goes on otherwise.
    case damaged
    /// It is a name of this chain with a part that is no digit of version 0.
    case wrongPart = "wrong-part"
    /// It has more than ``Version0Limits/nameBytes`` bytes.
    case tooLong = "too-long"

    /// Whether what the line was to tell of this chain is lost.
    public var isLoss: Bool {
        switch self {
        case .foreign, .otherUser: false
        case .damaged, .wrongPart, .tooLong: true
        }
    }
}

/// The name of one object of version 0: one part of a record (`Protocol/version-0.md`, "Names").
struct Version0Name {
    let category: Version0Record.Category
    /// Milliseconds since 1970.
    let time: UInt64
    /// The number of the part, from 0 on.
    let part: UInt8
    /// The CRC-32 of the whole sealed record.
    let checksum: UInt32
    /// The offset in the name at which the data begin, which go on to its end.
    let dataStart: Int

    private static let slash = UInt8(ascii: "/")

    /// Reads a name.
    /// - Parameter user: the user id of the chain in base64, 44 characters.
    init(_ name: Span<UInt8>, user: [UInt8]) throws(Version0NameFault) {
        guard name.count <= Version0Limits.nameBytes else { throw .tooLong }
        let userEnd = 2 + user.count
        guard name.count > userEnd, name[0] == UInt8(ascii: "0"), name[1] == Self.slash, name[userEnd] == Self.slash
        else { throw .foreign }
        guard user.indices.allSatisfy({ name[2 + $0] == user[$0] }) else {
            throw Self.isUser(name.extracting(2..<userEnd)) ? .otherUser : .foreign
        }
        // The user id and the data have slashes of their own, so the pieces between are taken one after the other.
        var rest = Pieces(name: name, start: userEnd + 1)
        guard let category = rest.next(), category.count == 1,
            let category = Version0Record.Category(rawValue: name[category.lowerBound] &- UInt8(ascii: "0")),
            let time = rest.next(), let time = Self.time(name.extracting(time)), let part = rest.next()
        else { throw .damaged }
        guard part.count == 1, let part = Version0Digits.value(of: name[part.lowerBound]) else { throw .wrongPart }
        guard let checksum = rest.next(), let checksum = Version0Digits.number(name.extracting(checksum)),
            rest.start < name.count, Version0Text.isText(name.extracting(rest.start..<name.count))
        else { throw .damaged }
        self.category = category
        self.time = time
        self.part = part
        self.checksum = checksum
        dataStart = rest.start
    }

    /// The pieces of a name that end with a slash, one after the other.
    private struct Pieces: ~Escapable {
        let name: Span<UInt8>
        var start: Int

        @_lifetime(copy name) init(name: Span<UInt8>, start: Int) {
            self.name = name
            self.start = start
        }

        mutating func next() -> Range<Int>? {
            guard let end = (start..<name.count).first(where: { name[$0] == Version0Name.slash }) else { return nil }
            defer { start = end + 1 }
            return start..<end
        }
    }

    /// Whether a text is the one base64 form of 32 bytes.
    private static func isUser(_ text: Span<UInt8>) -> Bool {
        text[text.count - 1] == UInt8(ascii: "=")
            && (0..<text.count - 1).allSatisfy { Version0Text.value(of: text[$0]) != nil }
            && Version0Text.value(of: text[text.count - 2]).map { $0 & 3 == 0 } == true
    }

    /// The time in milliseconds: 13 digits; or 10 digits, which are seconds, in records from before February 2017.
    private static func time(_ digits: Span<UInt8>) -> UInt64? {
        guard digits.count == 13 || digits.count == 10 else { return nil }
        var number: UInt64 = 0
        for index in digits.indices {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digits[index] else { return nil }
            number = number * 10 + UInt64(digits[index] - UInt8(ascii: "0"))
        }
        return digits.count == 13 ? number : number * 1_000
    }
}
