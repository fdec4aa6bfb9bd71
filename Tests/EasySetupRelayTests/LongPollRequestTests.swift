import EasySetupRelayCore
import EasySetupRelayProtocol
import Foundation
import NIOCore
import NIOEmbedded
import SeededRandom
import Testing

@testable import EasySetupRelay

/// Long polling as HTTP requests, byte for byte, over connections in memory with a manual clock.
@Suite("Long-polling requests") struct LongPollRequestTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var request: [UInt8]
        var status: Int
        var problem: String
        var allow: String?
    }

    static let offer = SendCall(
        connection: .named(1),
        first: 1,
        frames: [DeviceFrame.offer(slotLength: 0, work: nil).serialized()]
    )

    static func changed(
        _ what: String,
        _ status: Int,
        _ problem: String,
        _ headers: [String: String?],
        body: [UInt8] = offer.serialized()
    ) -> Case {
        Case(
            testDescription: what,
            request: Requests.call("send", body, replacing: headers),
            status: status,
            problem: problem
        )
    }

    /// Requests that the relay refuses when it has read the head. It then closes the connection.
    static let refusedHeads: [Case] =
        [
            changed("no length", 411, "length-required", ["Content-Length": nil], body: []),
            changed("no content type", 415, "wrong-content", ["Content-Type": nil]),
            changed("another content type", 415, "wrong-content", ["Content-Type": "application/json"]),
            changed("an empty content type", 415, "wrong-content", ["Content-Type": ""]),
            changed("a longer content type", 415, "wrong-content", ["Content-Type": "application/protobuf+x"]),
            changed("two content types", 415, "wrong-content", ["content-type": "application/protobuf"]),
            changed("compression", 415, "wrong-content", ["Content-Encoding": "gzip"]),
            changed("some compression", 415, "wrong-content", ["Content-Encoding": "identity, br"]),
            changed("an origin", 403, "foreign-origin", ["Origin": "https://example.com"]),
            changed("a browser's fetch metadata", 403, "foreign-origin", ["Sec-Fetch-Site": "none"]),
            changed(
                "another transfer coding",
                415,
                "wrong-content",
                ["Content-Length": nil, "Transfer-Encoding": "gzip, chunked"],
                body: Array("0\r\n\r\n".utf8)
            ),
            changed("a length and chunks", 400, "bad-request", ["Transfer-Encoding": "chunked"]),
            changed("a length that is none", 400, "bad-request", ["Content-Length": "1e3"]),
            changed("a long body", 413, "body-too-large", [:], body: [UInt8](repeating: 0, count: 16_385)),
            Case(
                testDescription: "another path",
                request: Requests.call("receive", []),
                status: 404,
                problem: "not-found"
            ),
            Case(
                testDescription: "a query",
                request: Requests.call("send?a=b", []),
                status: 404,
                problem: "not-found"
            ),
            Case(
                testDescription: "another version",
                request: Array("POST /easysetup/v2/send HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".utf8),
                status: 404,
                problem: "not-found"
            ),
        ]
        + ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"].map { method in
            Case(
                testDescription: method,
                request: Requests.call("poll", [], method: method),
                status: 405,
                problem: "method-not-allowed",
                allow: "POST"
            )
        }

    @Test("A request that is no call is refused with its reason, and the connection closed", arguments: refusedHeads)
    func refusesHead(_ example: Case) throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        let answer = try #require(try peer.answer(to: example.request))
        #expect(answer.status == example.status)
        #expect(answer.problem == example.problem)
        #expect(answer["allow"] == example.allow)
        #expect(answer["connection"] == "close")
        #expect(answer["cache-control"] == "no-store")
        #expect(!peer.isOpen)
    }

    @Test(
        "HEAD has no body, and Allow lists the methods",
        arguments: [("ws", "GET"), ("send", "POST"), ("poll", "POST"), ("../../health/live", "GET, HEAD")]
    )
    func headBodyAllow(_ path: String, _ allowed: String) throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        let uri = path.hasPrefix("..") ? "/health/live" : "/easysetup/v1/\(path)"
        let method = path.hasPrefix("..") ? "DELETE" : "HEAD"
        try peer.send(text: "\(method) \(uri) HTTP/1.1\r\nHost: x\r\n\r\n")
        let text = String(decoding: try peer.received(), as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
        #expect(text.contains("\r\nAllow: \(allowed)\r\n"))
        #expect(text.hasSuffix("\r\n\r\n") == (method == "HEAD"))
    }

    /// Requests that the relay refuses when the body is complete. The connection stays open.
    static let refusedBodies: [Case] =
        [
            ("an empty body", "send", [], 400, "bad-body"),
            ("no protocol buffer", "send", [0xFF, 0xFF, 0xFF], 400, "bad-body"),
            ("no connection", "poll", [0x10, 0x01], 400, "bad-body"),
            ("a short connection", "poll", [0x0A, 0x02, 1, 2], 400, "bad-body"),
            (
                "a first number of 0", "send",
                SendCall(connection: .named(1), first: 0, frames: [[1]]).serialized(), 400, "bad-body"
            ),
            (
                "a poll for nobody", "poll",
                PollCall(connection: .named(1), received: 0, wait: .seconds(1)).serialized(), 404, "unknown-connection"
            ),
            (
                "a send without frames", "send",
                SendCall(connection: .named(1), first: 1, frames: []).serialized(), 404, "unknown-connection"
            ),
            (
                "a send with a later number", "send",
                SendCall(connection: .named(1), first: 2, frames: [[1]]).serialized(), 404, "unknown-connection"
            ),
        ]
        .map { what, path, body, status, problem in
            Case(testDescription: what, request: Requests.call(path, body), status: status, problem: problem)
        }

    @Test("A call with a wrong body is refused with its reason, and the connection stays", arguments: refusedBodies)
    func refusesBody(_ example: Case) throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        let answer = try #require(try peer.answer(to: example.request))
        #expect(answer.status == example.status)
        #expect(answer.problem == example.problem)
        #expect(answer["connection"] == "keep-alive")
        #expect(try peer.answer(to: Requests.call(Self.offer))?.sendAnswer?.have == 1)
        #expect(relay.calls.callers.open == 1)
    }

    @Test(
        "Other headers change nothing",
        arguments: [
            ["Content-Type": "Application/Protobuf; charset=x"], ["Content-Encoding": "identity"],
            // A usual nginx configuration for WebSockets adds this header to every request.
            ["Connection": "upgrade"], ["X-Whatever": "a", "Accept-Encoding": "gzip", "Cookie": "b=c"],
        ]
    )
    func headersChangeNothing(_ headers: [String: String]) throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        for _ in 0..<2 {
            let request = Requests.call("send", Self.offer.serialized(), replacing: headers.mapValues { $0 })
            let answer = try #require(try peer.answer(to: request))
            #expect(answer.sendAnswer?.have == 1)
            #expect(answer["content-type"] == "application/protobuf")
            #expect(answer["cache-control"] == "no-store")
            #expect(answer["connection"] == "keep-alive")
            #expect(peer.isOpen)
        }
    }

    @Test("An upgrade to another protocol is ignored, and the connection is not kept") func otherUpgrade()
        throws
    {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        let headers = ["Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"]
        let request = Requests.call("send", Self.offer.serialized(), replacing: headers.mapValues { $0 })
        let answer = try #require(try peer.answer(to: request + Requests.call(Self.offer)))
        #expect(answer.sendAnswer?.have == 1)
        #expect(answer["connection"] == "close")
        #expect(!peer.isOpen)
    }

    @Test(
        "The connection is kept as version and header say",
        arguments: [("1.0", nil, false), ("1.0", "keep-alive", true), ("1.1", "close", false)]
    )
    func connectionKeptVersion(_ version: String, _ header: String?, _ isKept: Bool) throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        let request = Requests.call(
            "send",
            Self.offer.serialized(),
            version: version,
            replacing: ["Connection": header]
        )
        let answer = try #require(try peer.answer(to: request))
        #expect(answer.sendAnswer?.have == 1)
        #expect(answer["connection"] == (isKept ? "keep-alive" : "close"))
        #expect(peer.isOpen == isKept)
    }

    @Test("A body may come in chunks", arguments: [1, 7, 1000]) func bodyComeChunks(_ size: Int) throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        var body: [UInt8] = []
        for piece in stride(from: 0, to: Self.offer.serialized().count, by: size) {
            let chunk = Self.offer.serialized().dropFirst(piece).prefix(size)
            body += Array("\(String(chunk.count, radix: 16));x=y\r\n".utf8) + chunk + Array("\r\n".utf8)
        }
        body += Array("0\r\nTrailer: x\r\n\r\n".utf8)
        let headers: [String: String?] = ["Content-Length": nil, "Transfer-Encoding": "chunked"]
        for _ in 0..<2 {
            let answer = try peer.answer(to: Requests.call("send", body, replacing: headers))
            #expect(answer?.sendAnswer?.have == 1)
        }
    }

    @Test("A body in chunks is refused as soon as it is too large") func bodyChunksRefused() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        let headers: [String: String?] = ["Content-Length": nil, "Transfer-Encoding": "chunked"]
        let chunk = Array("1000\r\n".utf8) + [UInt8](repeating: 0, count: 4096) + Array("\r\n".utf8)
        try peer.send(Requests.call("send", [], replacing: headers))
        for _ in 0..<4 {
            #expect(try peer.answer(to: chunk) == nil)
        }
        let answer = try #require(try peer.answer(to: chunk))
        #expect(answer.status == 413)
        #expect(answer.problem == "body-too-large")
        // The relay reads the rest of the request before it closes the connection, because otherwise the peer might not
        // get the answer.
        #expect(peer.isOpen)
        try peer.send(chunk)
        try peer.send(text: "0\r\n\r\n")
        #expect(!peer.isOpen)
    }

    @Test("A peer that goes on sending a refused body is cut off") func sendsAfterRefusal() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        let answer = try peer.answer(to: Requests.call("send", [], replacing: ["Content-Length": "1000000"]))
        #expect(answer?.status == 413)
        #expect(peer.isOpen)
        relay.loop.advanceTime(by: .seconds(3))
        #expect(!peer.isOpen)
    }

    @Test("A device that waits to be asked for its body is asked once") func deviceWaitsAsked() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        let request = Requests.call("send", Self.offer.serialized(), replacing: ["Expect": "100-continue"])
        let body = Self.offer.serialized().count
        #expect(try peer.answer(to: request.dropLast(body))?.status == 100)
        #expect(try peer.answer(to: Array(request.suffix(body).dropLast())) == nil)
        #expect(try peer.answer(to: request.suffix(1))?.sendAnswer?.have == 1)
        // The relay refuses this request from its head, so it sends no `100 Continue`.
        let refused = Requests.call("send", [], replacing: ["Expect": "100-continue", "Content-Length": "99999"])
        #expect(try peer.answer(to: refused)?.status == 413)
    }

    @Test("Bytes may come one at a time") func bytesComeTime() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        for _ in 0..<3 {
            for byte in Requests.call(Self.offer).dropLast() {
                try peer.send([byte])
            }
            #expect(try peer.answer(to: Requests.call(Self.offer).suffix(1))?.sendAnswer?.have == 1)
        }
    }

    // MARK: Anything

    @Test("Any bytes are answered or end the connection, and the relay goes on") func anyBytes() throws {
        var generator = SplitMix(state: 3)
        let relay = try MemoryRelay()
        let poll = PollCall(connection: .named(1), received: 0, wait: .seconds(1))
        let seeds: [[UInt8]] = [
            Requests.call(Self.offer), Requests.call(poll), Requests.call(Self.offer) + Requests.call(poll),
            Array(Requests.upgrade().utf8),
            Requests.call(
                "send",
                Array("5\r\nhello\r\n0\r\n\r\n".utf8),
                replacing: ["Content-Length": nil, "Transfer-Encoding": "chunked"]
            ),
        ]
        for _ in 0..<1000 {
            guard var request = seeds.randomElement(using: &generator) else { continue }
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<request.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: request[place] = .random(in: 0...255, using: &generator)
                case 1: request.insert(.random(in: 0...255, using: &generator), at: place)
                case 2: request.removeSubrange(place..<min(request.count, place + 3))
                default: request.insert(contentsOf: request[place...].prefix(20), at: place)
                }
            }
            let peer = try relay.connect()
            try? peer.send(request)
            // This time is longer than two polls in a row, and longer than the relay keeps connections on which further
            // requests wait.
            relay.loop.advanceTime(by: .seconds(55))
            _ = try peer.received()
            #expect(try !peer.isOpen || peer.answer(to: Requests.call(poll)) != nil)
            try? peer.channel.close().wait()
        }
        relay.loop.advanceTime(by: .seconds(200))
        #expect(relay.worker.connections.all.isEmpty)
        #expect(relay.calls.isEmpty)
        #expect(try relay.connect().answer(to: Requests.call(Self.offer))?.sendAnswer?.have == 1)
    }
}
