package import EasySetupSeed

/// The content of a QR code: the relay, the slot, and a secret of 128 bits, which takes the place of a typed code's
/// secret (`Protocol/code.md`, "Link").
///
/// The device that shows a link holds the seed, and the device that opens it receives the seed. The type has no
/// description and no `==`, so only ``revealed()`` gives the text.
public final class PairingLink: Sendable {
    /// The number of bytes in the secret of a pairing link.
    package static let secretByteCount = 16
    /// The number of symbols in which a pairing link writes its secret.
    static let secretSymbols = 26
    /// The length of the longest pairing link in its written form, in bytes (`Protocol/code.md`, "Link").
    public static let maximumLength = 315
    /// The length of the longest text in which a pairing link is looked for, in bytes. It has room for a link that
    /// appears twice, percent-encoded, with other lines around it.
    public static let maximumTextBytes = 4096

    /// The relay at which the offerer waits.
    public let relay: RelayAddress
    /// The slot, which names the offerer's room on the relay, in canonical symbols.
    public let slot: String
    /// The password of the handshake: 16 random bytes.
    package let secret: SecretBytes

    /// Makes a pairing link for a device that offers a pairing.
    package init(relay: RelayAddress, slot: String, secret: consuming SecretBytes) {
        precondition(secret.count == Self.secretByteCount)
        self.relay = relay
        self.slot = slot
        self.secret = secret
    }

    /// The link's text. Anybody who has this text can pair with the device that shows it.
    public func revealed() -> String {
        let symbols = unsafe secret.withUnsafeBytes { unsafe String(decoding: Symbols.encode($0), as: UTF8.self) }
        return "\(relay.isPlain ? Self.plainScheme : Self.scheme)\(relay.authority)/1/\(slot)#\(symbols)"
    }

    private static let scheme = "easysetup://"
    private static let plainScheme = "easysetup+plain://"
}

extension PairingLink: CustomReflectable {
    /// An empty mirror, so that `dump` and `Mirror` show nothing of the link, not even its public parts: relay and
    /// slot.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A relay's host and port, and whether its connections have no TLS.
public struct RelayAddress: Hashable, Sendable {
    /// A DNS name in lower case, an IPv4 address, or an IPv6 address without brackets. A link-local IPv6 address may
    /// have a zone, which names a network interface, as in `fe80::1%eth0`.
    public let host: String
    /// The relay's port, 1 to 65535.
    public let port: Int
    /// Whether connections to the relay have no TLS. Programs accept that only for a relay on this machine, or if the
    /// user explicitly allows it.
    public let isPlain: Bool

    /// Makes an address. Nil if the host is empty, is longer than 253 bytes, has characters that hosts don't have, or
    /// has a zone although it is no link-local address. Nil also if the port is out of range.
    public init?(host: String, port: Int, isPlain: Bool) {
        guard (1...65535).contains(port), let host = Self.normalizedHost(host) else { return nil }
        self.host = host
        self.port = port
        self.isPlain = isPlain
    }

    /// Returns a host name or IP address in lower case, except the zone of a link-local address (`fe80::1%eth0`), which
    /// keeps its case. Nil if the text can't be a host.
    ///
    /// - Parameter more: characters that the caller accepts in host names besides a to z, digits, hyphens and dots.
    package static func normalizedHost(_ host: String, alsoAllowing more: Set<Character> = []) -> String? {
        guard (1...253).contains(host.utf8.count) else { return nil }
        let address = host.prefix { $0 != "%" }
        let zone = host.dropFirst(address.count)
        let lowered = address.lowercased()
        if !zone.isEmpty {
            guard isLinkLocal(lowered), zone.count > 1, zone.dropFirst().allSatisfy(isOfZone) else {
                return nil
            }
        }
        let isV6 = lowered.contains(":")
        let allowed: Set<Character> = isV6 ? v6Characters : nameCharacters.union(more)
        guard lowered.allSatisfy(allowed.contains) else { return nil }
        // The zone keeps its case, because names of network interfaces are case-sensitive.
        return lowered + zone
    }

    /// Reads `HOST:PORT` or `[V6]:PORT` in canonical form: lower case, and a port without leading zeros. Nil for any
    /// other text.
    package init?(authority: Substring, isPlain: Bool) {
        guard let colon = authority.lastIndex(of: ":") else { return nil }
        let digits = authority[authority.index(after: colon)...]
        guard let port = Int(digits), String(port) == digits else { return nil }
        var host = authority[..<colon]
        if host.hasPrefix("[") {
            guard host.hasSuffix("]"), host.contains(":") else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        self.init(host: String(host), port: port, isPlain: isPlain)
        // A link must not have a zone, because a zone has a meaning on one machine only.
        guard self.authority == authority, zone == nil else { return nil }
    }

    /// The network interface of a link-local address; nil if the address names none. An interface's name has a meaning
    /// on this machine only, so no link contains one.
    public var zone: Substring? {
        host.firstIndex(of: "%").map { host[$0...].dropFirst() }
    }

    /// The value of the header `Host` in requests to the relay: ``authority`` without the zone, because a zone has a
    /// meaning on this machine only (RFC 6874, 1).
    package var authorityWithoutZone: String {
        zone == nil ? authority : "[\(host.prefix { $0 != "%" })]:\(port)"
    }

    /// `host:port`, with brackets around an IPv6 address.
    public var authority: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether the relay's host is this machine itself.
    public var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                // Each of the four parts of an IPv4 address must consist of digits. `UInt8` alone would also read "-0"
                // and "+1".
                part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } && UInt8(part) != nil
            }
    }

    /// Whether the IPv6 address is in fe80::/10, the range of link-local addresses.
    private static func isLinkLocal(_ address: String) -> Bool {
        ["fe8", "fe9", "fea", "feb"].contains { address.hasPrefix($0) } && address.prefix { $0 != ":" }.count == 4
    }

    /// Whether a zone, the name of a network interface, may have this character. Only characters that need no
    /// percent-encoding in a URL are allowed.
    private static func isOfZone(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "-._~".contains(character))
    }

    private static let v6Characters = Set("0123456789abcdef:.")
    private static let nameCharacters = Set("0123456789abcdefghijklmnopqrstuvwxyz-.")
}
