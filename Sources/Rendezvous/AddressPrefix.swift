/// Whom limits count: the part of an address that one customer of a provider has. Made from a peer's address, kept in
/// counters that expire within the hour, and never written anywhere, so it has no description
/// (`Protocol/relay.md`, "Addresses").
package struct AddressPrefix: Hashable, Sendable {
    /// An IPv4 address in the lower 32 bits, or the first 64 bits of an IPv6 one, zero beyond the prefix.
    private let bits: UInt64
    private let family: Family
    private let length: UInt8

    private enum Family: Hashable { case ipv4, ipv6 }

    /// The /32 of 4 bytes of IPv4, or the /56 of 16 bytes of IPv6; IPv4 mapped into IPv6 counts as IPv4. Nil for any
    /// other number of bytes.
    package init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4:
            self.init(bits: Self.number(bytes[...]), family: .ipv4, length: 32)
        case 16 where bytes[..<10].allSatisfy({ $0 == 0 }) && bytes[10] == 0xFF && bytes[11] == 0xFF:
            self.init(bits: Self.number(bytes[12...]), family: .ipv4, length: 32)
        case 16:
            self.init(bits: Self.number(bytes[..<8]), family: .ipv6, length: 64)
            self = shortened(to: 56)
        default:
            return nil
        }
    }

    private init(bits: UInt64, family: Family, length: UInt8) {
        self.bits = bits
        self.family = family
        self.length = length
    }

    /// The prefixes an event is counted under, narrowest first, with how many times the narrowest's limit each may have.
    package var counted: Counted { Counted(narrowest: self) }

    /// Two or three prefixes around each other, made one by one: this is asked several times for each connection.
    package struct Counted: Sequence, IteratorProtocol, Sendable {
        fileprivate let narrowest: AddressPrefix
        private var place = 0

        fileprivate init(narrowest: AddressPrefix) {
            self.narrowest = narrowest
        }

        package mutating func next() -> (prefix: AddressPrefix, allowance: Int)? {
            defer { place += 1 }
            return switch (place, narrowest.family) {
            case (0, _): (narrowest, 1)
            case (1, .ipv4): (narrowest.shortened(to: 24), 8)
            case (1, .ipv6): (narrowest.shortened(to: 48), 8)
            case (2, .ipv6): (narrowest.shortened(to: 32), 64)
            default: nil
            }
        }
    }

    /// What a challenge is bound to.
    var macInput: [UInt8] {
        [family == .ipv4 ? 4 : 6, length] + bits.bigEndianBytes
    }

    private func shortened(to length: UInt8) -> AddressPrefix {
        let width: UInt8 = family == .ipv4 ? 32 : 64
        return AddressPrefix(bits: (bits >> (width - length)) << (width - length), family: family, length: length)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension AddressPrefix: CustomStringConvertible, CustomReflectable {
    package var description: String { "AddressPrefix" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension FixedWidthInteger {
    /// The integer's bytes, the most significant first.
    var bigEndianBytes: [UInt8] {
        stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> Self($0)) }
    }
}
