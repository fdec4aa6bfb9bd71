/// A range of IP addresses, written as `10.0.0.0/8`, `2001:db8::/32` or `192.0.2.1` (RFC 4632, RFC 4291).
public struct AddressBlock: Hashable, Sendable {
    /// The first address of the range: 4 bytes of IPv4 or 16 of IPv6. All bits beyond the prefix length are zero.
    private let bytes: [UInt8]
    private let length: Int

    /// Parses an address, optionally followed by a slash and a prefix length in bits. Nil for any other text, such as
    /// an address with a port, a zone or brackets. Nil also when bits beyond the prefix length are set, because it is
    /// unclear then which range the operator means. An IPv4 range mapped into IPv6 (`::ffff:10.0.0.0/104`) becomes the
    /// IPv4 range.
    public init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = PeerAddress(text: parts[0]) else { return nil }
        let width = address.bytes.count * 8
        var length = width
        if parts.count == 2 {
            // The prefix length must be digits only. `Int` alone would accept a sign too.
            guard 1...3 ~= parts[1].count, parts[1].allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
                let number = Int(String(decoding: parts[1], as: UTF8.self))
            else { return nil }
            let isMapped = width == 32 && parts[0].contains(UInt8(ascii: ":"))
            length = isMapped ? number - 96 : number
            guard 0...width ~= length else { return nil }
        }
        let isCanonical = address.bytes.enumerated().allSatisfy { index, byte in byte & ~Self.mask(length, index) == 0 }
        guard isCanonical else { return nil }
        bytes = address.bytes
        self.length = length
    }

    /// Whether the range has more addresses than the proxies of any relay: more than an IPv4 /8 or an IPv6 /32.
    var isTooWide: Bool { length < (bytes.count == 4 ? 8 : 32) }

    /// Whether the range has many machines in it: more addresses than an IPv4 /16 or an IPv6 /64.
    var isWide: Bool { length < (bytes.count == 4 ? 17 : 64) }

    /// Whether the address is in the range. No IPv4 address is in an IPv6 range, and no IPv6 address in an IPv4 range.
    func contains(_ address: PeerAddress) -> Bool {
        guard address.bytes.count == bytes.count else { return false }
        return bytes.indices.allSatisfy { address.bytes[$0] & Self.mask(length, $0) == bytes[$0] }
    }

    /// The mask that keeps the bits of a prefix of `length` bits in an address's byte at `index`.
    private static func mask(_ length: Int, _ index: Int) -> UInt8 {
        // For a byte that is completely within the prefix, the shift is by 8 or more and gives zero, so the mask is all
        // ones.
        ~(0xFF >> UInt8(clamping: max(0, length - index * 8)))
    }
}
