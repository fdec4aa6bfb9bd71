/// The text of a sealed record that is being joined from its parts: standard base64 with padding, decoded as it comes, with
/// the CRC-32 of the bytes so far.
///
/// A part may end within a group of four characters, because a part's length depends on that of the checksum. So the parts
/// are joined as text, and no library decodes base64 across such cuts.
struct Version0Text {
    /// The bytes of all whole groups so far.
    private(set) var bytes: [UInt8] = []
    private var state = State()

    /// The values beside the bytes, for going back to an earlier end.
    struct State {
        fileprivate var count = 0
        fileprivate var group: UInt32 = 0
        /// The number of characters in the group that is not whole yet.
        fileprivate var characters = 0
        fileprivate var padding = 0
        fileprivate var checksum: UInt32 = ~0
    }

    /// The place at which the text ends.
    var end: State { state }

    /// The checksum of the bytes; nil where the text ends within a group.
    var checksum: UInt32? { state.characters == 0 ? ~state.checksum : nil }

    /// Drops everything behind an earlier end.
    mutating func goBack(to end: State) {
        state = end
        bytes.removeLast(bytes.count - end.count)
    }

    /// Adds a part. Returns false if the text is then no base64; code must then go back to an earlier end.
    mutating func append(_ part: Span<UInt8>) -> Bool {
        for index in part.indices {
            let character = part[index]
            if let value = Self.value(of: character) {
                guard state.padding == 0 else { return false }
                state.group = state.group << 6 | UInt32(value)
            } else {
                // Padding takes the place of the last one or two characters of the last group.
                guard character == UInt8(ascii: "="), state.characters >= 2 else { return false }
                state.group <<= 6
                state.padding += 1
            }
            state.characters += 1
            if state.characters == 4 {
                guard endGroup() else { return false }
            }
        }
        return true
    }

    private mutating func endGroup() -> Bool {
        let unused = state.group & (state.padding == 0 ? 0 : state.padding == 1 ? 0xFF : 0xFFFF)
        guard unused == 0 else { return false }
        for place in 0..<3 - state.padding {
            let byte = UInt8(truncatingIfNeeded: state.group >> UInt32(16 - 8 * place))
            bytes.append(byte)
            state.checksum = Self.table[Int(UInt8(truncatingIfNeeded: state.checksum) ^ byte)] ^ state.checksum >> 8
        }
        (state.group, state.characters, state.count) = (0, 0, bytes.count)
        return true
    }

    /// Whether all characters may be in such a text.
    static func isText(_ text: Span<UInt8>) -> Bool {
        text.indices.allSatisfy { value(of: text[$0]) != nil || text[$0] == UInt8(ascii: "=") }
    }

    /// The value of a character of standard base64; nil for other characters.
    static func value(of character: UInt8) -> UInt8? {
        let value = values[Int(character)]
        return value < 64 ? value : nil
    }

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 64, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, character) in alphabet.utf8.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    /// CRC-32 as of zlib and IEEE 802.3, for each byte.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { remainder, _ in
            remainder & 1 == 1 ? 0xEDB8_8320 ^ remainder >> 1 : remainder >> 1
        }
    }
}
