/// The address prefix that a relay counts together: the part of an IP address that one customer of a provider has. The
/// relay makes it from a peer's address, keeps it in counters that expire within the hour, writes it nowhere, and tells it
/// nobody but the other relays of a fleet. So the type has no description (`Protocol/relay.md`, "Addresses").
package struct AddressPrefix: Hashable, Sendable {
    /// Every connection stores a prefix, so it is a single word. The lowest byte is the kind. The rest holds an IPv4
    /// address (lower 32 bits) or the first 56 bits of an IPv6 address; bits beyond the prefix are zero.
    private let word: UInt64

    /// The prefix as a number, which no other prefix has.
    var number: UInt64 { word }

    /// Makes the prefix that has this ``number``.
    init(number: UInt64) {
        word = number
    }

    private enum Kind: UInt8 {
        case ipv4Address
        case ipv4Block24
        case ipv6Block56
        case ipv6Block48
        case ipv6Block32
    }

    /// Makes the /32 prefix of an IPv4 address, which is given as 4 bytes, or the /56 prefix of an IPv6 address, given
    /// as 16 bytes. An IPv4 address mapped into IPv6 counts as IPv4. Nil for any other number of bytes.
    package init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4:
            self.init(Self.number(bytes[...]) << 8, .ipv4Address)
        case 16 where bytes[..<10].allSatisfy({ $0 == 0 }) && bytes[10] == 0xFF && bytes[11] == 0xFF:
            self.init(Self.number(bytes[12...]) << 8, .ipv4Address)
        case 16:
            self.init(Self.number(bytes[..<8]), .ipv6Block56)
        default:
            return nil
        }
    }

    /// Stores `bits`, an address that is shifted left by 8 to leave the lowest byte free, and clears the bits beyond
    /// the prefix.
    private init(_ bits: UInt64, _ kind: Kind) {
        let dropped: UInt64 =
            switch kind {
            case .ipv4Address, .ipv6Block56: 8
            case .ipv4Block24, .ipv6Block48: 16
            case .ipv6Block32: 32
            }
        word = ((bits >> dropped) << dropped) | UInt64(kind.rawValue)
    }

    /// The nested prefixes under which the relay counts an event, the narrowest first. Each comes with its allowance:
    /// the factor by which its limit is higher than the limit of the narrowest prefix.
    package var nested: NestedPrefixes { NestedPrefixes(narrowest: self) }

    /// A sequence of two or three nested address prefixes, the narrowest first. The sequence computes each prefix on
    /// demand and allocates nothing, because the relay iterates over such a sequence several times for each connection.
    package struct NestedPrefixes: Sequence, IteratorProtocol, Sendable {
        fileprivate let narrowest: AddressPrefix
        private var place = 0

        fileprivate init(narrowest: AddressPrefix) {
            self.narrowest = narrowest
        }

        package mutating func next() -> (prefix: AddressPrefix, allowance: Int)? {
            defer { place += 1 }
            return narrowest.block(place)
        }
    }

    /// This prefix and the wider blocks of addresses around it, the widest block first.
    var countedFromWidest: some Sequence<AddressPrefix> {
        (0...(isIPv4 ? 1 : 2)).lazy.reversed().compactMap { block($0)?.prefix }
    }

    /// This prefix for place 0, or the wider block of addresses around it for a higher place; nil beyond the widest
    /// block. `allowance` is the factor by which the block's limits are higher than those of a single prefix.
    private func block(_ place: Int) -> (prefix: AddressPrefix, allowance: Int)? {
        switch (place, isIPv4) {
        case (0, _): (self, 1)
        case (1, true): (AddressPrefix(word, .ipv4Block24), 8)
        case (1, false): (AddressPrefix(word, .ipv6Block48), 8)
        case (2, false): (AddressPrefix(word, .ipv6Block32), 64)
        default: nil
        }
    }

    /// Whether `other` equals this prefix or is a narrower prefix inside it.
    func contains(_ other: AddressPrefix) -> Bool {
        isIPv4 == other.isIPv4 && AddressPrefix(other.word, kind) == self
    }

    /// The factor by which the limits of this prefix are higher than those of a single customer's.
    var allowance: Int {
        switch kind {
        case .ipv4Address, .ipv6Block56: 1
        case .ipv4Block24, .ipv6Block48: 8
        case .ipv6Block32: 64
        }
    }

    /// Whether this prefix is that of a single customer and not a wider block.
    var isNarrowest: Bool { kind == .ipv4Address || kind == .ipv6Block56 }

    /// The input by which the MAC of a proof-of-work challenge covers the prefix: the address family (4 or 6), the
    /// length in bits, and the prefix as 8 bytes, with IPv4 in the last four.
    var macInput: [UInt8] {
        let length: UInt8 =
            switch kind {
            case .ipv4Address, .ipv6Block32: 32
            case .ipv4Block24: 24
            case .ipv6Block56: 56
            case .ipv6Block48: 48
            }
        return [isIPv4 ? 4 : 6, length] + (isIPv4 ? word >> 8 : word & ~0xFF).bigEndianBytes
    }

    /// The kind of the prefix. It is the lowest byte of `word`, where every initializer stores it.
    private var kind: Kind { Kind(rawValue: UInt8(truncatingIfNeeded: word)) ?? .ipv4Address }

    private var isIPv4: Bool { word & 0xFF <= UInt64(Kind.ipv4Block24.rawValue) }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension AddressPrefix: CustomStringConvertible, CustomReflectable {
    package var description: String { "AddressPrefix" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension FixedWidthInteger {
    /// The bytes of the integer, the most significant first.
    var bigEndianBytes: [UInt8] {
        stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> Self($0)) }
    }
}
