/// An answer to a call on a connection that stays open (RFC 9112), looked at no closer than a call needs.
struct HTTPAnswer: Equatable {
    var status: Int
    /// Where the body is. The next answer begins where it ends.
    var body: Range<Int>

    enum Parsed: Equatable {
        case answer(HTTPAnswer)
        /// More must come.
        case incomplete
        /// It is none, or one without `Content-Length`, or longer than any answer to a call is.
        case malformed
    }

    /// Head and body together.
    private static let mostBytes = 32 * 1024

    /// Parses what came so far, from its beginning.
    static func parse(_ bytes: UnsafeRawBufferPointer) -> Parsed {
        guard let head = endOfHead(bytes) else { return bytes.count < mostBytes ? .incomplete : .malformed }
        guard let status = status(bytes), let length = length(bytes[..<head]), head + length <= mostBytes else {
            return .malformed
        }
        guard bytes.count >= head + length else { return .incomplete }
        return .answer(HTTPAnswer(status: status, body: head..<head + length))
    }

    /// Where the empty line after the headers ends; nil when it has not come.
    static func endOfHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 0...bytes.count - 4
        where bytes[index] == 13 && bytes[index + 1] == 10 && bytes[index + 2] == 13 && bytes[index + 3] == 10 {
            return index + 4
        }
        return nil
    }

    /// The three digits of the status line; nil when it is none of HTTP/1.1.
    static func status(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count > 12, bytes[..<9].elementsEqual("HTTP/1.1 ".utf8) else { return nil }
        return number(bytes[9..<12])
    }

    private static let lengthName = Array("content-length:".utf8)

    private static func length(_ head: Slice<UnsafeRawBufferPointer>) -> Int? {
        var start = head.startIndex
        while let end = head[start...].firstIndex(of: 10) {
            let line = head[start..<end]
            // Letters differ from their capitals in one bit.
            if line.count > lengthName.count, zip(line, lengthName).allSatisfy({ $0 | 0x20 == $1 }) {
                return number(line.dropFirst(lengthName.count).filter { $0 != 32 && $0 != 13 })
            }
            start = end + 1
        }
        return nil
    }

    /// Decimal digits and nothing else.
    private static func number(_ digits: some Collection<UInt8>) -> Int? {
        guard 1...9 ~= digits.count else { return nil }
        var value = 0
        for digit in digits {
            guard 0x30...0x39 ~= digit else { return nil }
            value = value * 10 + Int(digit - 0x30)
        }
        return value
    }
}
