public import EasySetupHandshake

extension RelayAddress {
    /// Reads a relay's address as people write it: `wss://relay.example`, `ws://127.0.0.1:4030`, or a bare host, which
    /// means `wss`. An address with a path is an error, because a relay always has a host and port of its own. The zone
    /// of a link-local address is written as in RFC 6874 (`wss://[fe80::1%25eth0]`), or as operating systems show it
    /// (`%eth0`).
    ///
    /// - Parameters:
    ///   - url: the text.
    ///   - allowPlain: whether `ws`, which has no TLS, is accepted for other machines, too. For this machine it always
    ///     is.
    /// - Throws: ``RelayAddressError``.
    public init(url: String, allowPlain: Bool = false) throws(RelayAddressError) {
        // People often copy white space along with an address, so the parser drops it.
        var rest = url[...].drop(while: \.isWhitespace)
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        var isPlain = false
        if let separator = rest.firstRange(of: "://") {
            switch rest[..<separator.lowerBound].lowercased() {
            case "wss", "https": isPlain = false
            case "ws", "http": isPlain = true
            default: throw .scheme
            }
            rest = rest[separator.upperBound...]
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        if rest.contains(where: { "/?#\\".contains($0) }) { throw .path }
        if rest.contains("@") { throw .user }
        guard rest.utf8.allSatisfy({ $0 < 0x80 }) else { throw .notASCII }
        guard let parts = HostAndPort.split(rest) else {
            // The host is followed by a single colon, but what follows the colon is no number.
            throw rest.drop { $0 != "]" }.dropFirst().first == ":" || rest.count(where: { $0 == ":" }) == 1
                ? .port : .unreadable
        }
        var host = parts.host
        if let zone = host.firstRange(of: "%25") { host.replaceSubrange(zone, with: "%") }
        if let port = parts.port, !(1...65_535).contains(port) { throw .port }
        guard let address = RelayAddress(host: host, port: parts.port ?? (isPlain ? 80 : 443), isPlain: isPlain)
        else {
            throw .unreadable
        }
        guard !address.isPlain || allowPlain || address.isLoopback else { throw .plain }
        self = address
    }
}
