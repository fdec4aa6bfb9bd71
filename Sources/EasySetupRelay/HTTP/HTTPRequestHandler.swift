import NIOCore
import NIOHTTP1

/// Passes the parts of a connection's HTTP requests to the ``LoopWorker``. It is the last of the HTTP handlers.
final class HTTPRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let connection: DeviceConnection
    private let requests: RequestChannel
    private let worker: LoopWorker

    init(connection: DeviceConnection, requests: RequestChannel, _ worker: LoopWorker) {
        self.connection = connection
        self.requests = requests
        self.worker = worker
    }

    func handlerAdded(context: ChannelHandlerContext) {
        requests.attach(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        requests.detach()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // While the HTTP decoder is being removed, the data that arrives is bytes for the WebSocket and not parts of a
        // request.
        guard !requests.isHandingOver else { return context.fireChannelRead(data) }
        worker.received(unwrapInboundIn(data), by: requests, on: connection)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        worker.readCompleted(by: requests, on: connection)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        worker.failed(error, requests, on: connection)
    }
}
