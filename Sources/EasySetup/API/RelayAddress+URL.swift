public import EasySetupHandshake
public import EasySetupSeed

extension RelayAddress {
    /// Reads a relay's address as people write it: `wss://relay.example`, `ws://127.0.0.1:4030`, or a bare host, which means
    /// `wss`. A path is refused: a relay has its own host and port. The zone of a link-local address is written as in RFC 6874
    /// (`wss://[fe80::1%25eth0]`), or as systems show it (`%eth0`).
    ///
    /// - Parameters:
    ///   - url: the text.
    ///   - allowPlain: whether `ws` is accepted to other machines than this one.
    /// - Throws: ``RelayAddressError``.
    public init(url: String, allowPlain: Bool = false) throws(RelayAddressError) {
        // White space around the address is dropped because people copy it along.
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
            // The text has one colon after the host, and no number after the colon.
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

/// A fault of a relay's address.
public enum RelayAddressError: ExplainedError, Hashable {
    /// The text is no `wss://HOST[:PORT]` or `ws://HOST[:PORT]`.
    case unreadable
    /// The text begins with another scheme.
    case scheme
    /// The text has a path, a query or a fragment.
    case path
    /// The text has a user name.
    case user
    /// The port is no number from 1 to 65535.
    case port
    /// The host has characters other than ASCII.
    case notASCII
    /// The address is `ws` to another machine, which would send everything without TLS.
    case plain

    /// The error's name in `Protocol/errors.md`.
    public var name: String {
        switch self {
        case .unreadable, .scheme, .path, .user, .port, .notASCII: "relay-address"
        case .plain: "relay-plain"
        }
    }

    /// The part of the address that is wrong, where one is known.
    public var cause: String? {
        switch self {
        case .unreadable, .plain: nil
        case .scheme: "scheme"
        case .path: "path"
        case .user: "user"
        case .port: "port"
        case .notASCII: "not-ascii"
        }
    }

    /// A sentence that says what happened.
    public var description: String {
        switch self {
        case .unreadable: "This is no address of a relay."
        case .scheme: "A relay's address begins with wss:// or ws://, not with another scheme."
        case .path: "A relay's address has no path and no query: it ends with the host or the port."
        case .user: "A relay's address has no user name and no password."
        case .port: "A relay's port is a number from 1 to 65535."
        case .notASCII: "A relay's host is written in plain letters, digits, dots and hyphens."
        case .plain: "This address leads to another machine without encryption of the connection."
        }
    }

    /// A sentence that says what to do next.
    public var advice: String {
        switch self {
        case .unreadable, .scheme, .path, .user, .port: "Write it as wss://HOST or wss://HOST:PORT."
        case .notASCII: "Write the host of an international name in its form with xn--, as browsers copy it."
        case .plain: "Use wss, or allow it explicitly for a network of your own."
        }
    }

    /// False, because the same text gives the same error.
    public var retryHelps: Bool { false }
}
