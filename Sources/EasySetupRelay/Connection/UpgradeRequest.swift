import NIOCore

/// The upgrade request that a device sends, recognised as it stands (RFC 6455, 4.1; `Protocol/relay.md`, "Transport").
///
/// Every device begins with it, and with HTTP's whole machinery set up and taken down for it, it was a third of what a pairing
/// cost. So what is plainly such a request is answered at once. All that is not, the merely unusual too, is HTTP's to read and
/// the ``HTTPRoutes``'s to judge: nothing is refused here, and nothing is let in that they would refuse.
struct UpgradeRequest: Equatable {
    /// The 24 symbols of its `Sec-WebSocket-Key`.
    let key: [UInt8]
    let byteCount: Int

    enum Recognised: Equatable {
        /// So far it is one.
        case incomplete
        case request(UpgradeRequest)
        /// It may still be one, with more to it.
        case other
    }

    private static let requestLine = Array("GET \(HTTPRoutes.path) HTTP/1.1\r\n".utf8)
    /// Three times what a device sends. It is looked at from its beginning with each piece that comes, so it had better be short.
    private static let mostBytes = 1024

    /// Looks at the first bytes of a connection.
    static func recognise(_ bytes: Span<UInt8>) -> Recognised {
        for index in 0..<min(requestLine.count, bytes.count) where bytes[index] != requestLine[index] { return .other }
        guard bytes.count >= requestLine.count else { return .incomplete }
        var headers = Headers()
        var place = requestLine.count
        while let end = bytes.endOfLine(from: place) {
            guard end <= mostBytes else { return .other }
            if end == place {
                return headers.request(in: bytes, byteCount: end + 2).map { .request($0) } ?? .other
            }
            guard headers.note(place..<end, in: bytes) else { return .other }
            place = end + 2
        }
        return bytes.count < mostBytes ? .incomplete : .other
    }

    /// The headers that have been read.
    private struct Headers {
        private var seen = Name()
        private var key = 0..<0

        /// False when it is not plainly one of ours.
        mutating func note(_ line: Range<Int>, in bytes: Span<UInt8>) -> Bool {
            guard let colon = bytes.firstColon(in: line), let value = bytes.value(at: colon + 1..<line.upperBound)
            else { return false }
            let name = Name(line.lowerBound..<colon, in: bytes)
            guard !name.isEmpty, seen.isDisjoint(with: name) else { return false }
            seen.formUnion(name)
            switch name {
            case .upgrade: return bytes.says("websocket", at: value)
            case .connection: return bytes.says("upgrade", at: value)
            case .version: return bytes.says("13", at: value)
            case .subprotocol: return bytes.says("easysetup.v1", at: value, exactly: true)
            case .key:
                key = value
                return value.count == 24 && bytes.says("==", at: value.upperBound - 2..<value.upperBound)
            default: return true
            }
        }

        /// The request, when all is there.
        func request(in bytes: Span<UInt8>, byteCount: Int) -> UpgradeRequest? {
            guard seen.isSuperset(of: .needed) else { return nil }
            let key = [UInt8](unsafeUninitializedCapacity: key.count) { symbols, count in
                for (index, place) in self.key.enumerated() { symbols[index] = bytes[place] }
                count = self.key.count
            }
            return UpgradeRequest(key: key, byteCount: byteCount)
        }
    }

    /// Headers that say something about an upgrade, or nothing about anything here. All others have somebody else to judge them:
    /// a browser's origin, a proxy's word about an address, a body.
    private struct Name: OptionSet {
        let rawValue: UInt8

        static let upgrade = Name(rawValue: 1)
        static let connection = Name(rawValue: 2)
        static let version = Name(rawValue: 4)
        static let key = Name(rawValue: 8)
        static let subprotocol = Name(rawValue: 16)
        static let host = Name(rawValue: 32)
        static let agent = Name(rawValue: 64)
        static let extensions = Name(rawValue: 128)

        /// Without these it is no upgrade.
        static let needed: Name = [.upgrade, .connection, .version, .key, .subprotocol]

        init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// Empty for any other.
        init(_ range: Range<Int>, in bytes: Span<UInt8>) {
            let (word, name): (StaticString, Name) =
                switch range.count {
                case 4: ("host", .host)
                case 7: ("upgrade", .upgrade)
                case 10:
                    bytes[range.lowerBound] | 0x20 == UInt8(ascii: "u")
                        ? ("user-agent", .agent) : ("connection", .connection)
                case 17: ("sec-websocket-key", .key)
                case 21: ("sec-websocket-version", .version)
                case 22: ("sec-websocket-protocol", .subprotocol)
                case 24: ("sec-websocket-extensions", .extensions)
                default: ("", [])
                }
            self = bytes.says(word, at: range) ? name : []
        }
    }
}

extension Span<UInt8> {
    /// Where the line that begins at `start` ends, without its CR and LF; nil when it has not come whole.
    fileprivate func endOfLine(from start: Int) -> Int? {
        var place = start
        while place + 1 < count {
            if self[place] == 0x0D, self[place + 1] == 0x0A { return place }
            place += 1
        }
        return nil
    }

    fileprivate func firstColon(in range: Range<Int>) -> Int? {
        for place in range where self[place] == UInt8(ascii: ":") { return place }
        return nil
    }

    /// A header's value without the blanks before it; nil when it has signs that are no plain text. Blanks after it count, as they
    /// do for HTTP's decoder.
    fileprivate func value(at range: Range<Int>) -> Range<Int>? {
        var start = range.lowerBound
        let end = range.upperBound
        while start < end, self[start] == 0x20 || self[start] == 0x09 { start += 1 }
        for place in start..<end where self[place] < 0x20 || self[place] > 0x7E { return nil }
        return start..<end
    }

    /// Whether these bytes are a word in lower case; or in capitals too, where that makes no difference.
    fileprivate func says(_ word: StaticString, at range: Range<Int>, exactly: Bool = false) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { letters in
            for index in letters.indices {
                let byte = self[range.lowerBound + index]
                let isCapital = !exactly && 0x41...0x5A ~= byte
                guard (isCapital ? byte | 0x20 : byte) == letters[index] else { return false }
            }
            return true
        }
    }
}
