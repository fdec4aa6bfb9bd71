import NIOCore

/// Reads a request of HTTP/1.2 to 1.9 as one of HTTP/1.1, the highest version of the same major that the relay has (RFC 9110,
/// 2.5). SwiftNIO's parser refuses such a version, so the digit is replaced in the request line before the parser sees it.
struct RequestLine {
    /// Whether the next bytes of the connection are the beginning of a request.
    private var isNext = true
    /// The bytes of an incomplete request line; nil if there are none.
    private var held: ByteBuffer?

    /// Takes received bytes. Returns the bytes that are for the parser; nil while the request line is incomplete.
    /// - Parameter most: the most bytes of a request line. The parser refuses a longer one.
    mutating func take(_ bytes: ByteBuffer, most: Int) -> ByteBuffer? {
        guard isNext else { return bytes }
        var all = bytes
        if var line = held.take() {
            line.writeImmutableBuffer(bytes)
            all = line
        }
        // The view's indices are those of the buffer.
        var line = all.readableBytesView
        while let end = line.firstIndex(of: UInt8(ascii: "\n")) {
            let isEmpty = line[line.startIndex..<end].allSatisfy { $0 == UInt8(ascii: "\r") }
            // Empty lines before a request are skipped (RFC 9112, 2.2).
            line = isEmpty ? line[(end + 1)...] : line[..<end]
            guard !isEmpty else { continue }
            isNext = false
            if let digit = Self.laterMinorVersion(in: line) { all.setInteger(UInt8(ascii: "1"), at: digit) }
            return all
        }
        guard all.readableBytes < most else {
            isNext = false
            return all
        }
        // Only the line is copied, because the receive buffer is much larger.
        held = ByteBuffer(bytes: all.readableBytesView)
        return nil
    }

    /// The parser has read the head of a request, or a whole request.
    mutating func read(isWhole: Bool) {
        isNext = isWhole
    }

    /// The index of the digit for which HTTP/1.1 has a 1, in a request line without its line feed; nil if the request is of
    /// another version.
    private static func laterMinorVersion(in line: ByteBufferView) -> Int? {
        let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        guard let digit = text.last, UInt8(ascii: "2")...UInt8(ascii: "9") ~= digit,
            text.dropLast().suffix(version.count).elementsEqual(version)
        else { return nil }
        return text.endIndex - 1
    }

    private static let version = Array(" HTTP/1.".utf8)
}
