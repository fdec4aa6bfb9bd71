package import EasySetupHandshake

extension RelayAddress {
    /// Reads the address of a store or a service for credentials: `https://HOST` or `https://HOST:PORT`, without a path; nil
    /// for any other text.
    ///
    /// - Parameter allowsPlain: whether `http` is allowed for a server that is not on this machine.
    package init?(web text: String, allowsPlain: Bool) {
        let isPlain = text.hasPrefix("http://")
        guard isPlain || text.hasPrefix("https://") else { return nil }
        var authority = text.dropFirst(isPlain ? 7 : 8)
        if authority.hasSuffix("/") { authority = authority.dropLast() }
        var host = authority
        var port = isPlain ? 80 : 443
        let bracket = authority.lastIndex(of: "]")
        if let colon = authority.lastIndex(of: ":"), bracket.map({ $0 < colon }) ?? true {
            let digits = authority[colon...].dropFirst()
            guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(digits)
            else { return nil }
            (host, port) = (authority[..<colon], number)
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        self.init(host: String(host), port: port, isPlain: isPlain)
        guard !isPlain || isLoopback || allowsPlain else { return nil }
    }

    /// The value of the header `Host`: without a port that the scheme has anyhow, as browsers write it, because a proxy
    /// on the way may remove it and so break a signature.
    package var webAuthority: String {
        let usual = isPlain ? ":80" : ":443"
        let authority = authorityWithoutZone
        return authority.hasSuffix(usual) ? String(authority.dropLast(usual.count)) : authority
    }
}
