import NIOCore
import NIOHTTP1

/// Answers the one request of a connection, or lets it on to the WebSocket upgrade. Everything is decided in ``FrontDoor``.
final class FrontDoorHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case waiting
        case upgrading
        case answered
    }

    private let switchboard: Switchboard
    private var state = State.waiting

    init(switchboard: Switchboard) {
        self.switchboard = switchboard
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (state, unwrapInboundIn(data)) {
        case (.waiting, .head(let head)):
            switch switchboard.answer(to: head) {
            case .upgrade:
                state = .upgrading
                context.fireChannelRead(data)
            case .health(let isWell, let isHead):
                respond(
                    isWell ? .ok : .serviceUnavailable,
                    contentType: "text/plain",
                    body: isWell ? "ok" : "draining",
                    isHead: isHead,
                    context: context
                )
            case .refuse(let refusal):
                refuse(refusal, isHead: head.method == .HEAD, context: context)
            }
        case (.upgrading, _):
            context.fireChannelRead(data)
        case (.waiting, _), (.answered, _):
            break
        }
    }

    /// The parser's errors: it reads nothing more on this connection.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (state, error) {
        case (.waiting, HTTPParserError.headerOverflow):
            refuse(.headersTooLarge, isHead: false, context: context)
        case (.waiting, is HTTPParserError):
            refuse(.badRequest, isHead: false, context: context)
        case (.waiting, _), (.upgrading, _):
            context.close(promise: nil)
        case (.answered, _):
            break
        }
    }

    private func refuse(_ refusal: FrontDoor.Refusal, isHead: Bool, context: ChannelHandlerContext) {
        switchboard.note(.refusedRequest)
        respond(
            refusal.status,
            contentType: "application/problem+json",
            headers: refusal.headers,
            body: refusal.problem,
            isHead: isHead,
            context: context
        )
    }

    private func respond(
        _ status: HTTPResponseStatus,
        contentType: String,
        headers extra: [(String, String)] = [],
        body: String,
        isHead: Bool,
        context: ChannelHandlerContext
    ) {
        state = .answered
        var headers = HTTPHeaders([
            ("Connection", "close"),
            ("Cache-Control", "no-store"),
            ("Content-Type", contentType),
            ("Content-Length", String(body.utf8.count)),
        ])
        headers.add(contentsOf: extra)
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))),
            promise: nil
        )
        if !isHead {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        }
        let loopBoundContext = context.loopBound
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            loopBoundContext.value.close(promise: nil)
        }
    }
}
