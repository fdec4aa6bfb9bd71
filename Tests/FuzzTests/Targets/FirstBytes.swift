import EasySetupRelayProtocol
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOWebSocket

@testable import EasySetupRelay

// The relay's own parsers for the first bytes, compared with the library's.

private let routes = HTTPRoutes(allowedOrigins: [])

/// The HTTP parser and the routes accept every request that the fast path recognises, with the same key; and in
/// whatever pieces it arrives, the fast path recognises it with its last byte.
@Sendable func upgradeRequest(_ input: [UInt8]) throws(BrokenRule) {
    let whole = UpgradeRequest.recognise(input.span)
    guard case .request(let request) = whole else { return }
    try hold(request.byteCount <= input.count, "a request is longer than what came")
    for count in 0..<input.count {
        let part = UpgradeRequest.recognise(input.span.extracting(first: count))
        try hold(part == (count < request.byteCount ? .incomplete : whole), "a request changes with what follows it")
    }
    guard let head = readHead(Array(input.prefix(request.byteCount))) else {
        throw BrokenRule(description: "a request is recognised that HTTP does not read")
    }
    let answer = routes.answer(to: head)
    try hold(answer == .upgrade, "a request is recognised that the HTTP handlers refuse")
    let isSame = head.headers["sec-websocket-key"].map { Array($0.utf8) } == [request.key]
    try hold(isSame, "a request's key is another for HTTP")
}

/// The one request in these bytes, if they end with it.
private func readHead(_ bytes: [UInt8]) -> HTTPRequestHead? {
    let (channel, parts) = (EmbeddedChannel(), Parts())
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
    guard (try? channel.pipeline.syncOperations.addHandlers([decoder, parts])) != nil,
        (try? channel.writeInbound(ByteBuffer(bytes: bytes))) != nil
    else { return nil }
    return parts.isWhole ? parts.head : nil
}

private final class Parts: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    private(set) var head: HTTPRequestHead?
    private(set) var isWhole = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end: isWhole = true
        }
    }
}

/// Each frame is the same when it is read byte by byte, and it is known as soon as it is complete.
@Sendable func webSocketFrame(_ input: [UInt8]) throws(BrokenRule) {
    var place = 0
    var payload: [UInt8] = []
    while place < input.count {
        let rest = Array(input[place...])
        let parsed = WebSocketFraming.frame(in: rest.span, limit: WireLimits.frameBytes, payload: &payload)
        for count in 0..<min(rest.count, 16) {
            var other: [UInt8] = []
            let part = WebSocketFraming.frame(
                in: rest.span.extracting(first: count),
                limit: WireLimits.frameBytes,
                payload: &other
            )
            try hold(part == .incomplete || part == parsed, "a frame changes with what follows it")
        }
        guard case .frame(let frame) = parsed else { return }
        try hold(frame.byteCount <= rest.count, "a frame is longer than what came")
        var short: [UInt8] = []
        let cut = WebSocketFraming.frame(
            in: rest.span.extracting(first: frame.byteCount - 1),
            limit: WireLimits.frameBytes,
            payload: &short
        )
        try hold(cut == .incomplete, "a frame is known too early")
        // The mask and the payload are the frame's last parts.
        let start = frame.byteCount - frame.payloadCount
        let plain = (0..<frame.payloadCount).map { rest[start + $0] ^ rest[start - 4 + $0 % 4] }
        try hold(plain == Array(payload.prefix(frame.payloadCount)), "a mask is taken off wrongly")
        try hold(rest[0] & 0x0F == UInt8(webSocketOpcode: frame.opcode), "a frame is of another kind")
        try hold((rest[0] & 0x80 != 0) == frame.isFinal, "a frame is final, or not")
        place += frame.byteCount
    }
}
