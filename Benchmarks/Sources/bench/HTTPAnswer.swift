/// An HTTP answer on a persistent connection (RFC 9112), parsed only as far as long polling needs.
struct HTTPAnswer: Equatable {
    var status: Int
    /// The range of the body. The next answer begins at its end.
    var body: Range<Int>

    enum Parsed: Equatable {
        case answer(HTTPAnswer)
        /// The answer is not complete yet.
        case incomplete
        /// The bytes are no HTTP answer, have no `Content-Length`, or exceed the length of any long-poll answer.
        case malformed
    }

    /// The most bytes that the head and the body of an answer may have together.
    private static let mostBytes = 32 * 1024

    /// Parses the bytes received so far, from the start of the answer.
    static func parse(_ bytes: UnsafeRawBufferPointer) -> Parsed {
        guard let head = endOfHead(bytes) else { return bytes.count < mostBytes ? .incomplete : .malformed }
        guard let status = status(bytes), let length = length(bytes[..<head]), head + length <= mostBytes else {
            return .malformed
        }
        guard bytes.count >= head + length else { return .incomplete }
        return .answer(HTTPAnswer(status: status, body: head..<head + length))
    }

    /// The end of the empty line after the headers; nil when it has not arrived.
    static func endOfHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 0...bytes.count - 4
        where bytes[index] == 13 && bytes[index + 1] == 10 && bytes[index + 2] == 13 && bytes[index + 3] == 10 {
            return index + 4
        }
        return nil
    }

    /// The status code of the status line; nil when the line is not that of HTTP/1.1.
    static func status(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count > 12, bytes[..<9].elementsEqual("HTTP/1.1 ".utf8) else { return nil }
        return number(bytes[9..<12])
    }

    private static let lengthName = Array("content-length:".utf8)

    private static func length(_ head: Slice<UnsafeRawBufferPointer>) -> Int? {
        var start = head.startIndex
        while let end = head[start...].firstIndex(of: 10) {
            let line = head[start..<end]
            // The upper-case and the lower-case form of a letter differ in one bit, so this comparison ignores case.
            if line.count > lengthName.count, zip(line, lengthName).allSatisfy({ $0 | 0x20 == $1 }) {
                return number(line.dropFirst(lengthName.count).filter { $0 != 32 && $0 != 13 })
            }
            start = end + 1
        }
        return nil
    }

    /// Reads decimal digits; nil when there is any other character.
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
