import NIOCore
import NIOHTTP1

/// Hands the parts of a connection's requests to the loop's ``Switchboard``. It is the last of HTTP's handlers.
final class FrontDoorHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let line: Line
    private let requests: RequestChannel
    private let switchboard: Switchboard

    init(line: Line, requests: RequestChannel, _ switchboard: Switchboard) {
        self.line = line
        self.requests = requests
        self.switchboard = switchboard
    }

    func handlerAdded(context: ChannelHandlerContext) {
        requests.attach(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        requests.detach()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Bytes that come while the decoder leaves are no parts.
        guard !requests.isHandingOver else { return context.fireChannelRead(data) }
        switchboard.received(unwrapInboundIn(data), by: requests, on: line)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        switchboard.readCompleted(by: requests, on: line)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switchboard.failed(error, requests, on: line)
    }
}
