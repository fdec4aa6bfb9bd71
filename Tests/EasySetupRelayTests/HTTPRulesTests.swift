import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1
import Testing

@testable import EasySetupRelay

/// Rules of HTTP for servers in general (RFC 9110, RFC 9112).
@Suite("HTTP's own rules") struct HTTPRulesTests {
    private static let length = ConnectionLimits().headerBytes

    private func answer(to requests: [String]) throws -> (answers: [String], isOpen: Bool) {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        let answers = try requests.map { request in
            // A relay that has refused the connection takes no more.
            try? peer.send(text: request)
            return String(decoding: try peer.received(), as: UTF8.self)
        }
        return (answers, peer.isOpen)
    }

    private static func request(_ line: String, _ headers: [String] = [], body: String = "") -> String {
        ([line, "Host: x"] + headers).map { $0 + "\r\n" }.joined() + "\r\n" + body
    }

    private static func call(_ headers: [String], body: String) -> String {
        request("POST /easysetup/v1/poll HTTP/1.1", ["Content-Type: application/protobuf"] + headers, body: body)
    }

    @Test(
        "Every answer but the one that opens a WebSocket has a date",
        arguments: [
            request("GET /health/live HTTP/1.1"), request("HEAD /health/ready HTTP/1.0"),
            request("GET /nothing HTTP/1.1"),
            request("DELETE /health/live HTTP/1.1"), call(["Content-Length: 0"], body: ""), "no HTTP\r\n\r\n",
        ]
    ) func date(request: String) throws {
        let lines = try answer(to: [request]).answers[0].split(separator: "\r\n")
        let dates = lines.filter { $0.hasPrefix("Date: ") }
        #expect(dates.count == 1)
        #expect(
            try /Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/.wholeMatch(in: #require(dates.first))
                != nil
        )
    }

    @Test("A WebSocket's answer has no date, because it needs none") func noDate() throws {
        let answer = try answer(to: [Requests.upgrade()]).answers[0]
        #expect(answer.hasPrefix("HTTP/1.1 101 ") && !answer.contains("Date:"))
    }

    @Test("Later versions of HTTP/1 are answered as 1.1", arguments: 2...9) func minor(version: Int) throws {
        let answers = try answer(to: [Self.request("GET /health/live HTTP/1.\(version)")]).answers
        #expect(answers[0].hasPrefix("HTTP/1.1 200 OK\r\n"))
        let upgrade = Requests.upgrade().replacing("HTTP/1.1", with: "HTTP/1.\(version)")
        #expect(try answer(to: [upgrade]).answers[0].hasPrefix("HTTP/1.1 101 "))
        let later = Self.call(["Content-Length: 0"], body: "").replacing("HTTP/1.1", with: "HTTP/1.\(version)")
        let calls = try answer(to: [later, later])
        #expect(calls.answers.allSatisfy { $0.hasPrefix("HTTP/1.1 400 ") && $0.contains("bad-body") })
        #expect(calls.isOpen)
    }

    @Test(
        "Other versions get 400",
        arguments: [
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", request("GET /health/live HTTP/2.0"),
            request("GET /health/live HTTP/3.0"),
            request("GET /health/live HTTP/1.10"), request("GET /health/live HTTP/0.9"), "GET /health/live\r\n\r\n",
            request("GET /health/live HTTP/1"), request("GET /health/live http/1.1"),
        ]
    ) func versions(request: String) throws {
        let (answers, isOpen) = try answer(to: [request])
        #expect(answers[0].hasPrefix("HTTP/1.1 400 Bad Request\r\n"), "\(answers[0])")
        #expect(answers[0].contains("urn:easysetup:problem:bad-request"))
        #expect(!isOpen)
    }

    /// Parts of a request that have no end of their own, with a number of bytes.
    static let endless: [(name: String, beginning: String, filler: String)] = [
        ("empty lines", "", "\r\n"),
        ("a chunk's extension", call(["Transfer-Encoding: chunked"], body: "1;"), "a"),
        ("zeros of a chunk's size", call(["Transfer-Encoding: chunked"], body: ""), "0"),
        ("chunks of one byte", call(["Transfer-Encoding: chunked"], body: ""), "1\r\na\r\n"),
        ("trailers", call(["Transfer-Encoding: chunked"], body: "0\r\n"), "A: b\r\n"),
        ("a path", "GET /", "a"),
    ]

    @Test("What is neither head nor body of a request is bounded", arguments: endless.indices) func framing(index: Int)
        throws
    {
        let (name, beginning, filler) = Self.endless[index]
        let count = 3 * Self.length / filler.utf8.count
        let pieces = stride(from: 0, to: count, by: 100).map { String(repeating: filler, count: min(100, count - $0)) }
        let (answers, isOpen) = try answer(to: [beginning] + pieces)
        let all = answers.joined()
        #expect(all.hasPrefix("HTTP/1.1 4") && all.split(separator: "HTTP/1.1 ").count == 1, "\(name): \(all)")
        #expect(!isOpen, "\(name)")
    }

    @Test("A request within the limit is answered, and the next one has the limit anew") func within() throws {
        let lines = String(repeating: "\r\n", count: Self.length / 4)
        let extensions = "0;" + String(repeating: "a", count: Self.length / 2) + "\r\n\r\n"
        let request = lines + Self.call(["Transfer-Encoding: chunked"], body: extensions)
        let (answers, isOpen) = try answer(to: [request, request, request, request])
        #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 400 ") && $0.contains("bad-body") })
        #expect(isOpen)
    }

    @Test("The limit is twice that of a head, bodies not counted") func limit() {
        for (most, isRefused) in [(2 * Self.length, false), (2 * Self.length + 1, true)] {
            var machine = RequestMachine(limits: ConnectionLimits(), isFromProxy: false)
            machine.received(bytes: 100)
            let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/easysetup/v1/poll")
            _ = machine.received(head, answer: .call(.poll), now: .now())
            machine.received(bytes: 1000)
            _ = machine.received(body: ByteBuffer(repeating: 1, count: 1000))
            #expect(machine.checkFraming().isEmpty)
            machine.received(bytes: most - 100)
            #expect(machine.checkFraming().isEmpty == !isRefused)
            // The refusal is told once.
            machine.received(bytes: 1)
            #expect(machine.checkFraming().isEmpty || !isRefused)
        }
    }
}
