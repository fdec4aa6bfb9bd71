import EasySetupRelayProtocol
import NIOCore
import NIOEmbedded
import NIOHTTP1
import SeededRandom
import Testing

@testable import EasySetupRelay

/// The parser for upgrade requests in their plain form. It leaves all others to the HTTP handlers.
@Suite("Upgrade requests in their usual form") struct UpgradeRequestTests {
    static let key = Array("dGhlIHNhbXBsZSBub25jZQ==".utf8)
    /// The upgrade request as the client of this project writes it.
    static let plain = Requests.lines([
        "Host: relay.example:8080", "Connection: upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: easysetup.v1",
    ])

    /// The request without its last line end, which is one `Character` of CR and LF.
    static let withoutEnd = String(plain.dropLast())

    static func recognise(_ text: String) -> UpgradeRequest.Recognised {
        let bytes = Array(text.utf8)
        return UpgradeRequest.recognise(bytes.span)
    }

    @Test("A device's request is recognised, whatever follows it") func deviceRequestRecognised() {
        for behind in ["", "\r\n", "x", "GET / HTTP/1.1\r\n\r\n", String(repeating: "\u{0}", count: 5000)] {
            let request = UpgradeRequest(key: Self.key, byteCount: Self.plain.utf8.count)
            #expect(Self.recognise(Self.plain + behind) == .request(request))
        }
    }

    @Test(
        "Order, capitals and blanks don't matter",
        arguments: [
            ["host: x", "UPGRADE: WebSocket", "connection: UPGRADE", "sec-websocket-version:13"],
            [
                "Host: x", "Upgrade:\t websocket", "Connection:Upgrade", "Sec-WebSocket-Version: 13",
                "User-Agent: any \"one\" (at all)",
            ],
            [
                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits", "Host: x", "Upgrade: websocket",
                "Connection: Upgrade", "Sec-WebSocket-Version: 13",
            ],
        ]
    )
    func orderCapitalsBlanks(_ lines: [String]) {
        let ours = ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: easysetup.v1"]
        for lines in [lines + ours, ours + lines] {
            let text = Requests.lines(lines)
            #expect(Self.recognise(text) == .request(UpgradeRequest(key: Self.key, byteCount: text.utf8.count)))
        }
    }

    @Test("Every beginning of a request is recognised as one") func beginningRequestRecognised() {
        let bytes = Array(Self.plain.utf8)
        for count in 0..<bytes.count {
            #expect(UpgradeRequest.recognise(bytes.span.extracting(first: count)) == .incomplete)
        }
    }

    static let others: [String] =
        [
            // Only the HTTP handlers can decide about these headers.
            "Origin: https://example.org", "Sec-Fetch-Site: none", "Forwarded: for=192.0.2.1",
            "X-Forwarded-For: 192.0.2.1",
            "Content-Length: 0", "Transfer-Encoding: chunked", "X-Anything: 1", "Cookie: a=b", "TE: trailers",
            // These headers occur twice in the request, with the same value or another.
            "Host: other", "Connection: upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: easysetup.v1",
            // These lines are no valid headers.
            "nothing", ":", ": x", " folded: x", "Host : x", "User-Agent: \u{1}", "User-Agent: \u{E4}",
            "User-Agent: a\rb",
            "User-Agent: a\nOrigin: b", "user-agenT\u{0}: x", "[ost: x", "\u{48}\u{F3}st: x",
        ].map { withoutEnd + $0 + "\r\n\r\n" }
        + [
            ("GET ", "GET  "), ("GET", "get"), ("GET", "POST"), ("/easysetup/v1/ws", "/easysetup/v1/ws?x"),
            ("/ws ", "/ws/ "),
            ("HTTP/1.1", "HTTP/1.0"), ("HTTP/1.1\r\n", "HTTP/1.1\n"), ("GET", "\r\nGET"), ("13", "8"), ("13", "13, 8"),
            ("13", ""),
            ("websocket\r\n", "websocket, h2c\r\n"), ("websocket\r\n", "h2c\r\n"), ("upgrade", "upgrade, keep-alive"),
            ("upgrade", "keep-alive"), ("easysetup.v1", "EasySetup.v1"), ("easysetup.v1", "easysetup.v1, easysetup.v2"),
            ("easysetup.v1", "easysetup.v2"), ("ZQ==", "ZQ="), ("ZQ==", "ZQ==="), ("ZQ==", "ZQaa"), ("dGhl", "dGh"),
            ("dGhl", "!!!!"), ("dGhl", "dGh-"), ("ZQ==", "Z==="), ("ZQ==", "Z Q="), ("dGhl", "dG l"),
            // NIO's HTTP decoder keeps blanks after a value, so the value is another one.
            ("websocket\r\n", "websocket \r\n"), ("ZQ==", "ZQ==\t"), ("13\r\n", "13 \r\n"),
        ].map { plain.replacing($0.0, with: $0.1) }
        + ["Host", "Connection", "Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol"].map
    { name in
        // Each header of the request is missing once. The parser does not need the host, so that request has a foreign
        // header.
        Requests.lines(
            plain.split(separator: "\r\n").dropFirst().map(String.init)
                .filter { !$0.hasPrefix(name + ":") }
        )
    }

    @Test("Any other request is left to the HTTP handlers", arguments: others)
    func requestLeftHTTP(_ text: String) {
        #expect(Self.recognise(text) == .other)
    }

    @Test("A request that is long, or never ends, is left to the HTTP handlers") func longRequest() {
        let start = Self.withoutEnd
        let room = 1024 - start.utf8.count - "User-Agent: ".utf8.count
        func asking(_ count: Int) -> String { start + "User-Agent: " + String(repeating: "a", count: count) }
        #expect(Self.recognise(asking(room - 1)) == .incomplete)
        #expect(Self.recognise(asking(room)) == .other)
        #expect(
            Self.recognise(asking(room - 2) + "\r\n\r\n") == .request(UpgradeRequest(key: Self.key, byteCount: 1026))
        )
        #expect(Self.recognise(asking(room - 1) + "\r\n\r\n") == .other)
        #expect(Self.recognise(asking(100_000)) == .other)
    }

    // MARK: Held against HTTP

    @Test("The HTTP handlers accept each recognised request, with the same key", arguments: 0..<4 as Range<UInt64>)
    func httpHandlersAccept(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var (recognised, others) = (0, 0)
        for _ in 0..<800 {
            let bytes = Self.drawn(from: &random)
            guard case .request(let request) = UpgradeRequest.recognise(bytes.span) else {
                others += 1
                continue
            }
            recognised += 1
            let read = try #require(try HTTPReading(bytes), "\(String(decoding: bytes, as: UTF8.self))")
            #expect(read.answer == .upgrade)
            #expect(read.key == request.key)
            #expect(read.isWhole)
            #expect(read.behind == Array(bytes.dropFirst(request.byteCount)))
        }
        #expect(recognised > 100)
        #expect(others > 100)
    }

    @Test("A key is base64, for the HTTP handlers too") func keyBase64HTTP() throws {
        let symbols = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let place = try #require(Self.plain.utf8.firstRange(of: Self.key)).lowerBound
        let start = Self.plain.utf8.distance(from: Self.plain.startIndex, to: place)
        for byte in UInt8(0x21)...0x7E {
            for index in [0, 21, 22, 23] {
                var bytes = Array(Self.plain.utf8)
                bytes[start + index] = byte
                let isKey = index < 22 ? symbols.contains(byte) : byte == UInt8(ascii: "=")
                #expect((UpgradeRequest.recognise(bytes.span) != .other) == isKey)
                #expect(try HTTPReading(bytes)?.answer == (isKey ? .upgrade : .refuse(.badUpgrade)))
            }
        }
    }

    @Test("A request in two pieces is recognised as in one", arguments: 0..<3 as Range<UInt64>)
    func requestTwoPieces(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        for _ in 0..<60 {
            let bytes = Self.drawn(from: &random)
            let whole = UpgradeRequest.recognise(bytes.span)
            for count in 0..<bytes.count {
                // A decision on a part of the request must be the decision on the whole. A valid request is accepted at
                // its last byte.
                let part = UpgradeRequest.recognise(bytes.span.extracting(first: count))
                if part != .incomplete { #expect(part == whole) }
                if case .request(let request) = whole { #expect((part == whole) == (count >= request.byteCount)) }
            }
        }
    }

    static let offers = [
        "easysetup.v1, easysetup.v2", "easysetup.v2, easysetup.v1", "easysetup.v1,easysetup.v1", "easysetup.v1,",
        "easysetup.v1.0", "EasySetup.v1", "easysetup.v2", "easysetup.v", "",
    ]

    /// A request with its lines in random order, some repeated, missing or unusual, and single bytes changed.
    static func drawn(from random: inout SplitMix) -> [UInt8] {
        var lines = plain.split(separator: "\r\n").dropFirst().map(String.init).shuffled(using: &random)
        let more = [
            "User-Agent: any", "Sec-WebSocket-Extensions: x", "Origin: https://example.org", "X-Other: 1", "Host:",
            "User-Agent:  ",
            "Upgrade: websocket", "Connection: keep-alive", "Content-Length: 0", "Content-Length: 5",
            "Transfer-Encoding: chunked", "Expect: 100-continue", "User-Agent: a, b; c=\"d\\\"", "User-Agent:\ta\tb",
        ]
        for _ in 0..<[0, 0, 0, 1, 2].randomElement(using: &random)! {
            lines.insert(more.randomElement(using: &random)!, at: Int.random(in: 0...lines.count, using: &random))
        }
        if Int.random(in: 0..<12, using: &random) == 0 { lines.removeLast() }
        if Int.random(in: 0..<3, using: &random) == 0, let place = lines.firstIndex(where: { $0.contains("easysetup") })
        {
            lines[place] = "Sec-WebSocket-Protocol: " + offers.randomElement(using: &random)!
        }
        lines = lines.map { line in
            switch Int.random(in: 0..<10, using: &random) {
            case 0: line.uppercased()
            case 1: line.replacing(": ", with: ":")
            case 2: line.replacing(": ", with: ": \t ") + [" ", "\t", "  "].randomElement(using: &random)!
            case 3: line.lowercased()
            default: line
            }
        }
        var bytes = Array(Requests.lines(lines).utf8)
        if Int.random(in: 0..<3, using: &random) == 0 {
            let signs: [UInt8] = [0, 9, 10, 13, 0x20, 0x2C, 0x3A, 0x3B, 0x7F, 0x80, 0xFF, 0x41, 0x61, 0x30, 0x3D, 0x22]
            bytes[Int.random(in: bytes.indices, using: &random)] = signs.randomElement(using: &random)!
        }
        let behind =
            Int.random(in: 0..<3, using: &random) == 0 ? [UInt8.random(in: 0...255, using: &random), 0x0D, 0x0A] : []
        return bytes + behind
    }
}

extension Requests {
    /// An upgrade request with these headers.
    static func lines(_ headers: [String]) -> String {
        "GET /easysetup/v1/ws HTTP/1.1\r\n" + headers.map { $0 + "\r\n" }.joined() + "\r\n"
    }
}

/// An upgrade request as NIO's decoder and ``HTTPRoutes`` read it; nil if they find no request.
struct HTTPReading {
    let answer: HTTPRoutes.Answer
    let key: [UInt8]
    let isWhole: Bool
    let behind: [UInt8]

    init?(_ bytes: [UInt8]) throws {
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
        let (channel, parts, behind) = (EmbeddedChannel(), Parts(), Behind())
        try channel.pipeline.syncOperations.addHandlers([decoder, parts, behind])
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
        // When the decoder is removed, it passes on the bytes behind the upgrade request.
        channel.pipeline.syncOperations.removeHandler(decoder, promise: nil)
        channel.embeddedEventLoop.run()
        _ = try? channel.finish(acceptAlreadyClosed: true)
        guard let head = parts.head else { return nil }
        answer = HTTPRoutes(allowedOrigins: []).answer(to: head)
        key = Array((head.headers.first(name: "sec-websocket-key") ?? "").utf8)
        isWhole = parts.isWhole
        self.behind = behind.bytes
    }

    private final class Parts: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        var head: HTTPRequestHead?
        var isWhole = false

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            // After an upgrade, the input consists of bytes and not of request parts.
            guard !isWhole else { return context.fireChannelRead(data) }
            switch unwrapInboundIn(data) {
            case .head(let head): if self.head == nil { self.head = head }
            case .body: break
            case .end: isWhole = true
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }

    private final class Behind: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var bytes: [UInt8] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes += Array(buffer: unwrapInboundIn(data))
        }
    }
}
