/// Where an operator wants a relay to listen, as people write it: `127.0.0.1:8080`, `relay.example:443`, `[::1]:0`, `*:8080`.
public struct ListenAddress: Sendable, Hashable {
    /// An address of this machine, or a name of it; IPv6 without its brackets. Nil for every address there is, IPv4 and IPv6.
    public var host: String?
    /// 0 takes a free one.
    public var port: Int

    /// The host is not checked here; ``RelayServer/run()`` fails if the relay cannot listen on it.
    public init(host: String?, port: Int) {
        self.host = host
        self.port = port
    }

    /// A host, a colon and a port; `*` or nothing for the host means every address. Nil for anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        // Digits only: `UInt16` would take a sign.
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
            // An IPv6 address without brackets: where it ends and the port begins is a guess. No name has the others.
            guard !host.contains(where: { ":[]*".contains($0) || $0.isWhitespace }) else { return nil }
            self.init(host: String(host), port: Int(port))
        }
    }
}

extension ListenAddress: CustomStringConvertible {
    /// As it is written.
    public var description: String { joined(host: host ?? "*", port: port) }
}

/// Where a relay listens: the address that it was bound to.
public struct BoundAddress: Sendable, Hashable, CustomStringConvertible {
    /// In numbers; IPv6 without brackets, with its zone where it has one.
    public let host: String
    /// Never 0.
    public let port: Int

    /// The addresses that a wildcard address stands for, in words; nil for any other address.
    public var scope: String? {
        switch host {
        case "0.0.0.0": "every IPv4 address of this machine"
        case "::": "every IPv6 address of this machine"
        default: nil
        }
    }

    /// Whether it is one of IPv6 that another machine has as well, on another wire (fe80::/10).
    var isLinkLocal: Bool {
        let first = host.prefix { $0 != ":" }.lowercased()
        return host.contains(":") && first.count == 4 && ["fe8", "fe9", "fea", "feb"].contains(String(first.prefix(3)))
    }

    /// The address and its port: `127.0.0.1:8080`, `[fe80::1%eth0]:8080`.
    public var description: String { joined(host: host, port: port) }

    /// The same as an authority of a URL: a zone's percent sign is written `%25` there (RFC 6874).
    public var authority: String {
        joined(host: host.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%25"), port: port)
    }
}

/// A host and a port as one text; IPv6 gets its brackets.
func joined(host: String, port: Int) -> String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
}
