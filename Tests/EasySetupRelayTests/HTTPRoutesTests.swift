import EasySetupRelayProtocol
import Foundation
import NIOHTTP1
import Testing

@testable import EasySetupRelay

/// The relay's responses to HTTP requests, byte for byte, over a connection in memory.
@Suite("The paths of the relay") struct HTTPRoutesTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var request: String
        var status: String
        var problem: String
    }

    static let refused: [Case] = [
        Case(
            testDescription: "another path",
            request: Requests.upgrade(path: "/"),
            status: "404 Not Found",
            problem: "not-found"
        ),
        Case(
            testDescription: "a path with a query",
            request: Requests.upgrade(path: "/easysetup/v1/ws?a=b"),
            status: "404 Not Found",
            problem: "not-found"
        ),
        Case(
            testDescription: "another method",
            request: Requests.upgrade(method: "POST"),
            status: "405 Method Not Allowed",
            problem: "method-not-allowed"
        ),
        Case(
            testDescription: "no host",
            request: Requests.upgrade(replacing: ["Host": nil]),
            status: "400 Bad Request",
            problem: "bad-request"
        ),
        Case(
            testDescription: "two hosts",
            request: Requests.upgrade(adding: ["Host: localhost"]),
            status: "400 Bad Request",
            problem: "bad-request"
        ),
        Case(
            testDescription: "no subprotocol",
            request: Requests.upgrade(replacing: ["Sec-WebSocket-Protocol": nil]),
            status: "400 Bad Request",
            problem: "wrong-version"
        ),
        Case(
            testDescription: "another version's subprotocol",
            request: Requests.upgrade(replacing: ["Sec-WebSocket-Protocol": "easysetup.v2"]),
            status: "400 Bad Request",
            problem: "wrong-version"
        ),
        Case(
            testDescription: "a browser's origin",
            request: Requests.upgrade(adding: ["Origin: https://example.com"]),
            status: "403 Forbidden",
            problem: "foreign-origin"
        ),
        Case(
            testDescription: "a browser's fetch metadata",
            request: Requests.upgrade(adding: ["Sec-Fetch-Site: cross-site"]),
            status: "403 Forbidden",
            problem: "foreign-origin"
        ),
        Case(
            testDescription: "no upgrade",
            request: Requests.upgrade(replacing: ["Upgrade": nil, "Connection": nil]),
            status: "426 Upgrade Required",
            problem: "upgrade-required"
        ),
        Case(
            testDescription: "another protocol's upgrade",
            request: Requests.upgrade(replacing: ["Upgrade": "h2c"]),
            status: "426 Upgrade Required",
            problem: "upgrade-required"
        ),
        Case(
            testDescription: "another version of WebSocket",
            request: Requests.upgrade(replacing: ["Sec-WebSocket-Version": "8"]),
            status: "400 Bad Request",
            problem: "bad-upgrade"
        ),
        Case(
            testDescription: "no key",
            request: Requests.upgrade(replacing: ["Sec-WebSocket-Key": nil]),
            status: "400 Bad Request",
            problem: "bad-upgrade"
        ),
        Case(
            testDescription: "a key that is no base64",
            request: Requests.upgrade(replacing: ["Sec-WebSocket-Key": "!!!!AAAAAAAAAAAAAAAAAA=="]),
            status: "400 Bad Request",
            problem: "bad-upgrade"
        ),
        Case(
            testDescription: "two keys",
            request: Requests.upgrade(adding: ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]),
            status: "400 Bad Request",
            problem: "bad-upgrade"
        ),
        Case(
            testDescription: "no connection header",
            request: Requests.upgrade(replacing: ["Connection": "close"]),
            status: "400 Bad Request",
            problem: "bad-upgrade"
        ),
        Case(
            testDescription: "a body",
            request: Requests.upgrade(adding: ["Content-Length: 5"]) + "hello",
            status: "400 Bad Request",
            problem: "bad-upgrade"
        ),
        Case(
            testDescription: "no HTTP",
            request: "\u{16}\u{03}\u{01}\r\n\r\n",
            status: "400 Bad Request",
            problem: "bad-request"
        ),
        Case(
            testDescription: "large headers",
            request: Requests.upgrade(adding: ["Cookie: " + String(repeating: "x", count: 9000)]),
            status: "431 Request Header Fields Too Large",
            problem: "headers-too-large"
        ),
        Case(
            testDescription: "many headers",
            request: Requests.upgrade(adding: (0..<100).map { "X-\($0): y" }),
            status: "431 Request Header Fields Too Large",
            problem: "headers-too-large"
        ),
    ]

    @Test(
        "A request that is no upgrade to the protocol is refused with its reason, and the connection closed",
        arguments: refused
    )
    func refuses(_ example: Case) throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        try? peer.send(text: example.request)
        let answer = String(decoding: try peer.received(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 \(example.status)\r\n"))
        #expect(answer.contains("Content-Type: application/problem+json\r\n"))
        #expect(answer.contains("Connection: close\r\n"))
        let body = try #require(answer.split(separator: "\r\n\r\n", maxSplits: 1).last)
        let problem = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
        #expect(problem["type"] as? String == "urn:easysetup:problem:\(example.problem)")
        #expect(problem["status"] as? Int == Int(example.status.prefix(3)))
        #expect((problem["versions"] as? [String] == ["easysetup.v1"]) == (example.problem == "wrong-version"))
        #expect(!peer.isOpen)
    }

    @Test("A device is let in, with the subprotocol and no extension") func deviceLetIn() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        try peer.send(
            text: Requests.upgrade(
                replacing: ["Sec-WebSocket-Protocol": "other, easysetup.v1"],
                adding: ["Sec-WebSocket-Extensions: permessage-deflate"]
            )
        )
        let answer = String(decoding: try peer.received(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        #expect(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
        #expect(answer.contains("Sec-WebSocket-Protocol: easysetup.v1\r\n"))
        #expect(!answer.lowercased().contains("extensions"))
        #expect(peer.isOpen)
    }

    @Test(
        "A health request is answered, and the connection closes",
        arguments: ["GET", "HEAD"],
        ["/health/live", "/health/ready"]
    )
    func healthRequestAnswered(_ method: String, _ path: String) throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        try peer.send(text: "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let answer = String(decoding: try peer.received(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.hasSuffix(method == "HEAD" ? "\r\n\r\n" : "\r\n\r\nok"))
        #expect(!peer.isOpen)
    }

    @Test("A configured origin is let in, and another one is not") func configuredOriginLet() {
        let routes = HTTPRoutes(allowedOrigins: ["https://good.example"])
        #expect(routes.answer(toUpgradeFrom: "https://good.example") == .upgrade)
        #expect(routes.answer(toUpgradeFrom: "https://bad.example") == .refuse(.foreignOrigin))
        #expect(routes.answer(toUpgradeFrom: "null") == .refuse(.foreignOrigin))
    }
}

extension HTTPRoutes {
    fileprivate func answer(toUpgradeFrom origin: String) -> Answer {
        let headers: HTTPHeaders = [
            "Host": "x", "Upgrade": "websocket", "Connection": "upgrade", "Sec-WebSocket-Version": "13",
            "Origin": origin,
            "Sec-Fetch-Site": "cross-site", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Protocol": "easysetup.v1",
        ]
        return answer(
            to: HTTPRequestHead(version: .http1_1, method: .GET, uri: RelayPath.webSocket, headers: headers)
        )
    }
}
