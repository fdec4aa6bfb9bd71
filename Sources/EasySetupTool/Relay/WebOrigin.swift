import ArgumentParser

/// The option `--origin`: a web origin in the form in which browsers send it (RFC 6454, 6.2): scheme, host in lower case,
/// and the port where it is not the scheme's own.
struct WebOrigin {
    let text: String

    private static let ports = ["https": "443", "http": "80"]

    /// Reads an origin as people write it: in any letter case, and perhaps with the scheme's default port or a slash at
    /// the end.
    /// - Throws: `ValidationError` for a text that no browser would ever send.
    init(argument: String) throws {
        let text = argument.lowercased()
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let usualPort = Self.ports[String(parts[0])] else { throw Self.unfit }
        var rest = parts[1]
        if rest.last == "/" { rest.removeLast() }
        let host: Substring
        if rest.first == "[", let end = rest.firstIndex(of: "]") {
            host = rest[...end]
        } else {
            host = rest.prefix { $0 != ":" }
        }
        let port = rest[host.endIndex...]
        guard host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-._[]:".contains($0)) }),
            host.contains(where: { $0.isLetter || $0.isNumber })
        else { throw Self.unfit }
        if port.isEmpty || port == ":" + usualPort {
            self.text = "\(parts[0])://\(host)"
        } else {
            guard port.first == ":", let number = UInt16(port.dropFirst()), number > 0 else { throw Self.unfit }
            self.text = "\(parts[0])://\(host):\(number)"
        }
    }

    private static var unfit: ValidationError {
        ValidationError("An origin is https:// and a host, and a port where it is not 443, as https://notes.example.")
    }
}
