import Testing

@testable import bench

@Suite("An answer to a long-polling call") struct HTTPAnswerTests {
    private static let head = "HTTP/1.1 200 OK\r\nDate: today\r\ncontent-LENGTH: 5\r\n\r\n"

    @Test("An answer is complete when its whole body has come, and not before") func whole() {
        let answer = Array((Self.head + "abcde").utf8)
        let expected = HTTPAnswer(status: 200, body: Self.head.utf8.count..<answer.count)
        #expect(parsed(answer) == .answer(expected))
        #expect(parsed(answer + [0x48]) == .answer(expected))
        for count in answer.indices { #expect(parsed(Array(answer[..<count])) == .incomplete) }
    }

    @Test("An answer may have no body, and may be a refusal") func empty() {
        let answer = Array("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".utf8)
        #expect(parsed(answer) == .answer(HTTPAnswer(status: 404, body: answer.count..<answer.count)))
    }

    @Test(
        "Bytes that are no answer are recognised as such",
        arguments: [
            "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "HTTP/1.1 200 OK\r\nX-Content-Length: 1\r\n\r\n",
            String(repeating: "a", count: 40_000),
        ]
    )
    func malformed(text: String) {
        #expect(parsed(Array(text.utf8)) == .malformed)
    }

    private func parsed(_ bytes: [UInt8]) -> HTTPAnswer.Parsed {
        bytes.withUnsafeBytes { HTTPAnswer.parse($0) }
    }
}
