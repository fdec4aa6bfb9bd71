import EasySetupHandshake
public import EasySetupPairingSession

/// The address of an HTTP proxy, with the credentials that it may need.
///
/// The user name and password appear only in the header that is sent to the proxy. Neither the description nor
/// reflection (`Mirror`) shows them.
public struct ProxyAddress: Sendable {
    /// The proxy's host: a DNS name, an IPv4 address, or an IPv6 address without brackets.
    public let host: String
    /// The proxy's port, 1 to 65535.
    public let port: Int
    /// Whether the connection to the proxy itself uses TLS.
    public let isTLS: Bool
    let credentials: ProxyCredentials?

    /// Reads a proxy's address: `[http://|https://][NAME[:PASSWORD]@]HOST[:PORT][/PATH]`. The default scheme is `http`;
    /// the default port is the scheme's, 80 or 443. Name and password may be percent-encoded. As in curl, a host may
    /// have underscores, and a path is ignored.
    ///
    /// - Throws: ``PairingError/Code/proxyAddress``, which contains no part of the text except a known scheme, because
    ///   the text may include a password.
    public init(url: String) throws(PairingError) {
        var rest = url[...]
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        rest = rest.drop(while: \.isWhitespace)
        var isTLS = false
        if let separator = rest.firstRange(of: "://") {
            let scheme = rest[..<separator.lowerBound].lowercased()
            switch scheme {
            case "http": isTLS = false
            case "https": isTLS = true
            case "socks", "socks4", "socks4a", "socks5", "socks5h": throw .proxyAddress(.kind(scheme))
            default: throw .proxyAddress(.unreadable)
            }
            rest = rest[separator.upperBound...]
        }
        var credentials: ProxyCredentials?
        if let at = rest.lastIndex(of: "@") {
            credentials = ProxyCredentials(userinfo: rest[..<at])
            guard credentials != nil else { throw .proxyAddress(.unreadable) }
            rest = rest[at...].dropFirst()
        }
        guard let (host, port) = HostAndPort.split(rest.prefix { $0 != "/" }),
            let host = RelayAddress.normalizedHost(host, alsoAllowing: ["_"])
        else { throw .proxyAddress(.unreadable) }
        self.host = host
        self.port = port ?? (isTLS ? 443 : 80)
        guard (1...65535).contains(self.port) else { throw .proxyAddress(.unreadable) }
        self.isTLS = isTLS
        self.credentials = credentials
    }

    /// The text of the CONNECT request to the proxy.
    ///
    /// - Parameter authority: the relay's host and port.
    func request(for authority: String) -> String {
        var lines = ["CONNECT \(authority) HTTP/1.1", "Host: \(authority)"]
        if let credentials { lines.append("Proxy-Authorization: \(credentials.header)") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }
}

extension ProxyAddress: CustomStringConvertible, CustomReflectable {
    /// The proxy's host and port.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// A mirror that shows only the proxy's host and port, and no password.
    public var customMirror: Mirror { Mirror(self, children: ["address": description]) }
}

/// A proxy's user name and password, kept as the value of the `Proxy-Authorization` header.
final class ProxyCredentials: Sendable, CustomReflectable {
    let header: String

    /// Reads `NAME[:PASSWORD]` from a proxy's URL; nil if the percent-encoding is wrong, or if a character can't be
    /// part of the `Proxy-Authorization` header.
    init?(userinfo: Substring) {
        let colon = userinfo.firstIndex(of: ":")
        guard let name = Self.decoded(userinfo[..<(colon ?? userinfo.endIndex)]),
            let password = Self.decoded(colon.map { userinfo[$0...].dropFirst() } ?? ""),
            // The name can't contain a colon, because the first colon in a `Proxy-Authorization` header ends the name
            // (RFC 7617).
            !name.contains(UInt8(ascii: ":"))
        else { return nil }
        header = "Basic " + Base64.encode(name + [UInt8(ascii: ":")] + password)
    }

    var customMirror: Mirror { Mirror(self, children: [:]) }

    private static func decoded(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            var byte = byte
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(hex), let low = rest.popFirst().flatMap(hex) else {
                    return nil
                }
                byte = high << 4 | low
            }
            guard byte >= 0x20, byte != 0x7F else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func hex(_ digit: UInt8) -> UInt8? {
        Character(Unicode.Scalar(digit)).hexDigitValue.map(UInt8.init)
    }
}

/// Base64 (RFC 4648, section 4). Full Foundation has an encoder too, but would add 40 MB to the program.
private enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

    static func encode(_ bytes: [UInt8]) -> String {
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = 0
            for offset in 0..<3 { bits = bits << 8 | (offset < group.count ? Int(group[start + offset]) : 0) }
            for digit in 0..<4 {
                text.append(digit <= group.count ? alphabet[bits >> (18 - 6 * digit) & 63] : "=")
            }
        }
        return text
    }
}

/// The form `HOST[:PORT]`, with brackets around an IPv6 address, in addresses of relays and of proxies.
enum HostAndPort {
    /// Splits the text into host and port, and checks only the port's digits; nil where the two can't be told apart.
    static func split(_ text: Substring) -> (host: String, port: Int?)? {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let host = text[..<end].dropFirst()
            let tail = text[end...].dropFirst()
            guard host.contains(":") else { return nil }
            if tail.isEmpty { return (String(host), nil) }
            guard tail.hasPrefix(":"), let port = port(tail.dropFirst()) else { return nil }
            return (String(host), port)
        }
        guard let colon = text.firstIndex(of: ":") else { return (String(text), nil) }
        guard let port = port(text[colon...].dropFirst()) else { return nil }
        return (String(text[..<colon]), port)
    }

    /// Reads a port made of digits only; nil for any other text. `Int` alone would accept a sign too.
    private static func port(_ digits: Substring) -> Int? {
        digits.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) ? Int(digits) : nil
    }
}
