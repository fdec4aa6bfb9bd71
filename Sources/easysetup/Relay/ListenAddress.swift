import ArgumentParser

/// Where a relay listens, as people write it: `127.0.0.1:8080`, `relay.example:443`, `[::1]:0`.
struct ListenAddress: ExpressibleByArgument, Equatable {
    /// IPv6 without its brackets.
    let host: String
    let port: Int

    /// Nil when it is not a host, a colon and a port.
    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":") else { return nil }
        let digits = argument[argument.index(after: colon)...]
        // Digits only: `UInt16` would take a sign.
        guard digits.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains), let port = UInt16(digits) else {
            return nil
        }
        var host = argument[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            // An IPv6 address without brackets: where it ends and the port begins is a guess.
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = Int(port)
    }
}
