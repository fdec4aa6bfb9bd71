public import Handshake
public import SyncSeed

extension RelayAddress {
    /// Reads a relay's address as people write it: `wss://relay.example`, `ws://127.0.0.1:4030`, or a bare host, which means
    /// `wss`. A path is refused: a relay has its own host and port.
    ///
    /// - Parameters:
    ///   - url: the text.
    ///   - allowPlain: whether `ws` is accepted to other machines than this one.
    /// - Throws: ``RelayAddressError``.
    public init(url: String, allowPlain: Bool = false) throws(RelayAddressError) {
        var rest = url[...]
        var isPlain = false
        if let separator = url.range(of: "://") {
            switch url[..<separator.lowerBound].lowercased() {
            case "wss", "https": isPlain = false
            case "ws", "http": isPlain = true
            default: throw .unreadable
            }
            rest = url[separator.upperBound...]
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var host = rest
        var port = isPlain ? 80 : 443
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { throw .unreadable }
            host = rest[..<end].dropFirst()
            let tail = rest[end...].dropFirst()
            if !tail.isEmpty {
                guard tail.hasPrefix(":"), let number = Self.port(tail.dropFirst()) else { throw .unreadable }
                port = number
            }
        } else if let colon = rest.firstIndex(of: ":") {
            guard let number = Self.port(rest[colon...].dropFirst()) else { throw .unreadable }
            host = rest[..<colon]
            port = number
        }
        guard let address = RelayAddress(host: String(host), port: port, isPlain: isPlain) else { throw .unreadable }
        guard !address.isPlain || allowPlain || address.isLoopback else { throw .plain }
        self = address
    }

    /// Digits only: `Int` would take a sign.
    private static func port(_ digits: Substring) -> Int? {
        digits.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) ? Int(digits) : nil
    }
}

/// What is wrong with a relay's address.
public enum RelayAddressError: ExplainedError, Hashable {
    /// It is no `wss://HOST[:PORT]` or `ws://HOST[:PORT]`.
    case unreadable
    /// It would send everything without TLS to another machine.
    case plain

    /// The error's name in `Protocol/errors.md`.
    public var name: String {
        switch self {
        case .unreadable: "relay-address"
        case .plain: "relay-plain"
        }
    }

    /// What happened.
    public var description: String {
        switch self {
        case .unreadable: "This is no address of a relay."
        case .plain: "This address leads to another machine without encryption of the connection."
        }
    }

    /// What to do next.
    public var advice: String {
        switch self {
        case .unreadable: "Write it as wss://HOST or wss://HOST:PORT."
        case .plain: "Use wss, or allow it explicitly for a network of your own."
        }
    }

    /// The same text gives the same error.
    public var retryHelps: Bool { false }
}

extension String {
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
