/// Where a Redis server is, and as whom a relay speaks to it:
/// `redis://[[USER][:PASSWORD]@]HOST[:PORT][/DATABASE]`, or `rediss://` for TLS. Where sentinels say which server is the
/// master, `redis+sentinel://[[USER][:PASSWORD]@]HOST[:PORT],.../MASTER[/DATABASE]`, or `rediss+sentinel://`, names the
/// sentinels, and what they call the group of servers. User and password are for the servers.
///
/// Its description is the address without user and password, and neither `dump` nor `Mirror` shows more.
package struct RedisAddress: Sendable {
    package enum Location: Hashable, Sendable {
        case server(RedisPlace)
        case sentinels([RedisPlace], master: String)
    }

    package let location: Location
    package let isTLS: Bool
    package var account: RedisAccount

    /// The most sentinels that an address may name.
    package static let maximumSentinels = 16

    /// Reads an address. User and password may be percent-encoded, and must be where they have `%`, `/`, `?` or `#`.
    package init(url: String) throws(RedisAddressError) {
        guard let separator = url.firstRange(of: "://") else { throw .scheme }
        let hasSentinels: Bool
        switch url[..<separator.lowerBound].lowercased() {
        case "redis": (isTLS, hasSentinels) = (false, false)
        case "rediss": (isTLS, hasSentinels) = (true, false)
        case "redis+sentinel": (isTLS, hasSentinels) = (false, true)
        case "rediss+sentinel": (isTLS, hasSentinels) = (true, true)
        default: throw .scheme
        }
        let rest = url[separator.upperBound...]
        guard !rest.contains("?"), !rest.contains("#") else { throw .rest }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        var path = rest[slash...].dropFirst()
        var account = RedisAccount()
        var places = authority
        if let at = authority.lastIndex(of: "@") {
            (account.user, account.password) = try Self.account(authority[..<at])
            places = authority[at...].dropFirst()
        }
        if hasSentinels {
            var sentinels: [RedisPlace] = []
            for place in places.split(separator: ",", omittingEmptySubsequences: false) {
                sentinels.append(try Self.place(place, defaultPort: 26_379))
            }
            guard sentinels.count <= Self.maximumSentinels else { throw .host }
            let master = path.prefix { $0 != "/" }
            guard (1...64).contains(master.utf8.count), master.utf8.allSatisfy(Self.isOfName) else { throw .master }
            path = path[master.endIndex...].dropFirst()
            location = .sentinels(sentinels, master: String(master))
        } else {
            location = .server(try Self.place(places, defaultPort: 6_379))
        }
        if !path.isEmpty { account.database = try Self.database(path) }
        self.account = account
    }

    /// The text before the `@`.
    private static func account(_ text: Substring) throws(RedisAddressError) -> (String?, RedisPassword?) {
        let colon = text.firstIndex(of: ":") ?? text.endIndex
        guard let user = decoded(text[..<colon]).flatMap({ String(validating: $0, as: UTF8.self) }),
            let password = decoded(text[colon...].dropFirst()), !user.isEmpty || colon != text.endIndex
        else { throw .account }
        return (user.isEmpty ? nil : user, RedisPassword(password))
    }

    private static func place(_ text: Substring, defaultPort: Int) throws(RedisAddressError) -> RedisPlace {
        var (host, rest) = (text.prefix { $0 != ":" }, text.drop { $0 != ":" })
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw .host }
            (host, rest) = (text[..<end].dropFirst(), text[end...].dropFirst())
            guard host.count(where: { $0 == ":" }) >= 2, host.utf8.count <= 45,
                host.utf8.allSatisfy({ isDigit($0) || (0x61...0x66).contains($0 | 0x20) || $0 == 0x3A || $0 == 0x2E })
            else { throw .host }
        } else {
            guard (1...253).contains(host.utf8.count), host.utf8.allSatisfy(isOfName) else { throw .host }
        }
        guard !rest.isEmpty else { return RedisPlace(host: String(host), port: defaultPort) }
        guard rest.hasPrefix(":"), let port = number(rest.dropFirst(), most: 65_535), port > 0 else { throw .port }
        return RedisPlace(host: String(host), port: port)
    }

    private static func database(_ text: Substring) throws(RedisAddressError) -> Int {
        guard let number = number(text, most: 999_999) else { throw .database }
        return number
    }

    private static func number(_ digits: Substring, most: Int) -> Int? {
        guard (1...6).contains(digits.utf8.count), digits.utf8.allSatisfy(isDigit), let number = Int(digits),
            number <= most
        else { return nil }
        return number
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isOfName(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x7A).contains(byte | 0x20) || "-._".utf8.contains(byte)
    }

    private static func decoded(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
    }
}

extension RedisAddress: CustomStringConvertible, CustomReflectable {
    package var description: String {
        let place =
            switch location {
            case .server(let place): "://\(place)"
            case .sentinels(let sentinels, let master):
                "+sentinel://\(sentinels.map(\.description).joined(separator: ","))/\(master)"
            }
        return (isTLS ? "rediss" : "redis") + place + (account.database == 0 ? "" : "/\(account.database)")
    }

    package var customMirror: Mirror { Mirror(self, children: ["address": description]) }
}
