import NIOCore
import NIOHTTP1

/// Answers the one request of a connection at the admin port, and closes the connection. It also closes a connection
/// that takes too long, whether with the request or with reading the answer.
final class AdminRequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let routes: AdminRoutes
    private let time: TimeAmount
    private var isAnswered = false
    private var deadline: Scheduled<Void>?

    init(routes: AdminRoutes, limits: AdminLimits) {
        self.routes = routes
        time = TimeAmount(limits.adminTime)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data), !isAnswered else { return }
        isAnswered = true
        let isHead = head.method == .HEAD
        switch routes.answer(to: head) {
        case .refuse(let response): respond(response, isHead: isHead, context)
        case .route(let route, let request):
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            route.answer(request, context.eventLoop).hop(to: context.eventLoop).whenComplete { result in
                let (handler, context) = bound.value
                let failed = AdminResponse.text(.serviceUnavailable, "The relay has ended.\n")
                handler.respond((try? result.get()) ?? failed, isHead: isHead, context)
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isAnswered, error is HTTPParserError else { return context.close(promise: nil) }
        isAnswered = true
        let reason = "The request does not parse, or its headers are too large.\n"
        respond(.text(.badRequest, reason), isHead: false, context)
    }

    private func respond(_ response: AdminResponse, isHead: Bool, _ context: ChannelHandlerContext) {
        let body = ByteBuffer(string: response.body)
        var headers = response.allHeaders
        headers.add(name: "Content-Length", value: String(body.readableBytes))
        let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}
