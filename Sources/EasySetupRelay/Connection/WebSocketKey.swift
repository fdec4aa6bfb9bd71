/// The `Sec-WebSocket-Key` of an upgrade request: 16 bytes in base64 (RFC 6455, 4.1; RFC 4648, 4).
enum WebSocketKey {
    /// Whether a header's value has the form of a key: 22 symbols of base64 and two padding signs.
    static func isValid(_ value: Span<UInt8>) -> Bool {
        guard value.count == 24, value[22] == padding, value[23] == padding else { return false }
        for index in 0..<22 where !isSymbol(value[index]) { return false }
        return true
    }

    private static let padding = UInt8(ascii: "=")

    private static func isSymbol(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"): true
        default: false
        }
    }
}
