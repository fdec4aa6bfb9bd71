/// An address for a relay to listen on, as an operator writes it: `127.0.0.1:8080`, `relay.example:443`, `[::1]:0`,
/// `*:8080`.
public struct ListenAddress: Sendable, Hashable {
    /// An address of this machine, or a host name. IPv6 addresses have no brackets here. Nil means all addresses of
    /// this machine, IPv4 and IPv6.
    public var host: String?
    /// The port; 0 lets the system choose one.
    public var port: Int

    /// Stores a host and a port without checking the host. ``RelayServer/run()`` throws if the relay can't listen on
    /// that host and port.
    public init(host: String?, port: Int) {
        self.host = host
        self.port = port
    }

    /// Parses a host, a colon and a port. `*` or an empty host means all addresses of this machine. Nil for any other
    /// text.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        // The port must be digits only. `UInt16` alone would accept a sign too.
        guard digits.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains), let port = UInt16(digits) else {
            return nil
        }
        let host = text[..<colon]
        if host.isEmpty || host == "*" {
            self.init(host: nil, port: Int(port))
        } else if host.hasPrefix("["), host.hasSuffix("]") {
            let address = host.dropFirst().dropLast()
            guard address.contains(":") else { return nil }
            self.init(host: String(address), port: Int(port))
        } else {
            // An IPv6 address must have brackets here, because without them it is unclear where the port begins.
            // Brackets, `*` and white space occur in no host name.
            guard !host.contains(where: { ":[]*".contains($0) || $0.isWhitespace }) else { return nil }
            self.init(host: String(host), port: Int(port))
        }
    }
}

extension ListenAddress: CustomStringConvertible {
    /// The address in the form that ``init(_:)`` parses.
    public var description: String { joined(host: host ?? "*", port: port) }
}

/// An address and port on which a relay listens, as the system has bound the socket.
public struct BoundAddress: Sendable, Hashable, CustomStringConvertible {
    /// The numeric address: IPv6 without brackets, but with the zone if the address has one.
    public let host: String
    /// The port, never 0.
    public let port: Int

    /// For a wildcard address, a phrase that says which addresses it covers; nil for any other address.
    public var scope: String? {
        switch host {
        case "0.0.0.0": "every IPv4 address of this machine"
        case "::": "every IPv6 address of this machine"
        default: nil
        }
    }

    /// Whether this is a link-local IPv6 address (fe80::/10), which is unique only within one network link.
    var isLinkLocal: Bool {
        let first = host.prefix { $0 != ":" }.lowercased()
        return host.contains(":") && first.count == 4 && ["fe8", "fe9", "fea", "feb"].contains(String(first.prefix(3)))
    }

    /// The address and its port: `127.0.0.1:8080`, `[fe80::1%eth0]:8080`.
    public var description: String { joined(host: host, port: port) }

    /// The address and port as a URL authority, in which a zone's percent sign is written `%25` (RFC 6874).
    public var authority: String {
        joined(host: host.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%25"), port: port)
    }
}

/// A host and a port as one text; an IPv6 address gets brackets.
func joined(host: String, port: Int) -> String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
}
