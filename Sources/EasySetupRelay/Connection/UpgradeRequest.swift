import EasySetupRelayProtocol
import NIOCore

/// A parser for upgrade requests in the form in which devices send them (RFC 6455, 4.1; `Protocol/relay.md`,
/// "Transport").
///
/// A device begins its connection with such a request. Setting up and removing the HTTP handlers for it was a third of
/// the cost of a pairing, so the relay answers such a request directly. All other requests, even those that differ only
/// a little, go to the HTTP handlers, and ``HTTPRoutes`` judges them. This parser refuses nothing, and accepts nothing
/// that ``HTTPRoutes`` would refuse.
struct UpgradeRequest: Equatable {
    /// The 24 symbols of the request's `Sec-WebSocket-Key`.
    let key: [UInt8]
    let byteCount: Int

    enum Recognised: Equatable {
        /// The bytes so far are the beginning of a WebSocket upgrade request with only such headers as devices send.
        case incomplete
        case request(UpgradeRequest)
        /// The bytes are not a WebSocket upgrade request in the form in which devices send it. The HTTP handlers must
        /// read them.
        case other
    }

    private static let requestLine = Array("GET \(RelayPath.webSocket) HTTP/1.1\r\n".utf8)
    /// The most bytes of a request that this parser reads: three times what a device sends. The limit is low because
    /// each new piece of input is parsed from the beginning.
    private static let mostBytes = 1024

    /// Parses the first bytes of a connection. The result says whether they are a WebSocket upgrade request with only
    /// such headers as devices send.
    static func recognise(_ bytes: Span<UInt8>) -> Recognised {
        for index in 0..<min(requestLine.count, bytes.count) where bytes[index] != requestLine[index] { return .other }
        guard bytes.count >= requestLine.count else { return .incomplete }
        var headers = Headers()
        var start = requestLine.count
        while let line = HeaderLine(from: start, in: bytes) {
            guard line.end <= mostBytes, bytes[line.end + 1] == 0x0A else { return .other }
            if line.end == start {
                return headers.request(in: bytes, byteCount: start + 2).map { .request($0) } ?? .other
            }
            guard headers.note(line, in: bytes) else { return .other }
            start = line.end + 2
        }
        return bytes.count < mostBytes ? .incomplete : .other
    }

    /// A header line, found in one pass over its bytes.
    private struct HeaderLine {
        let name: Range<Int>
        /// The range of the header's value, without leading blanks. It includes trailing blanks, as in NIO's HTTP
        /// decoder.
        let value: Range<Int>
        /// Whether the line has a colon, and its value has printable ASCII characters only.
        let isPlain: Bool
        /// The index of the carriage return at the end of the line; at least one byte follows it.
        let end: Int

        /// Finds the line that begins at `start`. Nil when the line has not arrived completely.
        init?(from start: Int, in bytes: Span<UInt8>) {
            let count = bytes.count
            var place = start
            while place < count, bytes[place] != 0x3A, bytes[place] != 0x0D { place += 1 }
            name = start..<place
            let hasColon = place < count && bytes[place] == 0x3A
            if hasColon { place += 1 }
            while place < count, bytes[place] == 0x20 || bytes[place] == 0x09 { place += 1 }
            let valueStart = place
            var isPlain = hasColon
            while place < count, bytes[place] != 0x0D {
                if bytes[place] &- 0x20 > 0x5E { isPlain = false }
                place += 1
            }
            guard place + 1 < count else { return nil }
            value = valueStart..<place
            self.isPlain = isPlain
            end = place
        }
    }

    /// The headers of the request that were parsed so far.
    private struct Headers {
        private var seen = Name()
        private var key = 0..<0

        /// Adds a header. False when the header occurs twice, or is not one that a device sends, or has an invalid
        /// value.
        mutating func note(_ line: HeaderLine, in bytes: Span<UInt8>) -> Bool {
            guard line.isPlain else { return false }
            let (name, value) = (Name(line.name, in: bytes), line.value)
            guard !name.isEmpty, seen.isDisjoint(with: name) else { return false }
            seen.formUnion(name)
            switch name {
            case .upgrade: return bytes.says("websocket", at: value)
            case .connection: return bytes.says("upgrade", at: value)
            case .version: return bytes.says("13", at: value)
            case .subprotocol: return bytes.says("easysetup.v1", at: value, exactly: true)
            case .key:
                key = value
                return WebSocketKey.isValid(bytes.extracting(value))
            default: return true
            }
        }

        /// Makes the request from the headers; nil when a necessary header is missing.
        func request(in bytes: Span<UInt8>, byteCount: Int) -> UpgradeRequest? {
            guard seen.isSuperset(of: .needed) else { return nil }
            let key = bytes.extracting(key).withUnsafeBufferPointer { [UInt8]($0) }
            return UpgradeRequest(key: key, byteCount: byteCount)
        }
    }

    /// The headers that devices send: those of the upgrade, and some that have no influence on the answer. The HTTP
    /// handlers judge requests with other headers, such as a browser's origin, a proxy's forwarding header or a content
    /// length.
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

        /// The headers that an upgrade request must have.
        static let needed: Name = [.host, .upgrade, .connection, .version, .key, .subprotocol]

        init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// The header with the name at this range of `bytes`; empty when it is not one that a device sends.
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
    /// Whether the bytes at `range` are this word, which is in lower case. Upper-case letters match too, unless
    /// `exactly` is true.
    fileprivate func says(_ word: StaticString, at range: Range<Int>, exactly: Bool = false) -> Bool {
        let bytes = extracting(range)
        guard bytes.count == word.utf8CodeUnitCount else { return false }
        // The bit that letters have, and digits and signs have not.
        let letterBit: UInt8 = exactly ? 0 : 0x40
        return word.withUTF8Buffer { letters in
            for index in 0..<bytes.count {
                // Moved to this place, the bit makes a capital letter small.
                let small = (letters[index] & letterBit) >> 1
                guard bytes[index] | small == letters[index] else { return false }
            }
            return true
        }
    }
}
