import NIOCore
import Testing

@testable import EasySetupRelay

@Suite("Request lines and dates of HTTP") struct RequestLineTests {
    /// The bytes that the parser gets of texts that arrive one after the other.
    private func taken(_ texts: [String], _ line: inout RequestLine, most: Int = 8192) -> [String?] {
        texts.map { line.take(ByteBuffer(string: $0), most: most).map { String(buffer: $0) } }
    }

    @Test(
        "A later version of HTTP/1 is read as 1.1, and no other",
        arguments: [
            ("GET / HTTP/1.2\r\n", "GET / HTTP/1.1\r\n"), ("GET / HTTP/1.9\nA: b", "GET / HTTP/1.1\nA: b"),
            ("\r\n\n\r\nGET / HTTP/1.5\r\n", "\r\n\n\r\nGET / HTTP/1.1\r\n"),
            ("GET / HTTP/1.1\r\nX: HTTP/1.2\r\n", "GET / HTTP/1.1\r\nX: HTTP/1.2\r\n"),
            ("GET / HTTP/1.0\r\n", "GET / HTTP/1.0\r\n"), ("GET / HTTP/2.0\r\n", "GET / HTTP/2.0\r\n"),
            ("GET / HTTP/1.22\r\n", "GET / HTTP/1.22\r\n"), ("GET /HTTP/1.2\r\n", "GET /HTTP/1.2\r\n"),
            ("GET /\r\n", "GET /\r\n"), ("2\r\n", "2\r\n"),
        ]
    ) func versions(text: String, expected: String) {
        var line = RequestLine()
        #expect(taken([text], &line) == [expected])
    }

    @Test("A request line in pieces is kept until it is complete") func pieces() {
        var line = RequestLine()
        #expect(
            taken(["\r", "\nGE", "T / HTTP/1.", "3\r", "\nA: "], &line) == [
                nil, nil, nil, nil, "\r\nGET / HTTP/1.1\r\nA: ",
            ]
        )
        // The rest of the request is not held back, although it has no line end.
        line.read(isWhole: false)
        #expect(taken(["body HTTP/1.2"], &line) == ["body HTTP/1.2"])
        line.read(isWhole: true)
        #expect(taken(["GET / HTTP/1.2\r\n\r\n"], &line) == ["GET / HTTP/1.1\r\n\r\n"])
    }

    @Test("An endless request line goes to the parser, which refuses it") func endless() {
        var line = RequestLine()
        #expect(taken(["GET /", "aa", "aaa", "aaaa"], &line, most: 10) == [nil, nil, "GET /aaaaa", "aaaa"])
    }

    @Test(
        "A date has the format of HTTP",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"), (4_102_444_800, "Fri, 01 Jan 2100 00:00:00 GMT"),
        ] as [(Int64, String)]
    ) func date(seconds: Int64, text: String) {
        var header = DateHeader()
        #expect(header.value(at: 1) != text)
        #expect(header.value(at: seconds) == text)
        #expect(header.value(at: seconds) == text)
    }
}
