import NIOCore
import NIOSSL

/// Passes the channel's events to the ``LoopWorker``, and forwards bytes to the HTTP handlers behind it when they are
/// for those.
final class DeviceConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: DeviceConnection
    private let worker: LoopWorker

    init(connection: DeviceConnection, worker: LoopWorker) {
        self.connection = connection
        self.worker = worker
    }

    func handlerAdded(context: ChannelHandlerContext) {
        connection.attach(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        connection.detach()
        worker.forget(connection)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !connection.carriesRequests else { return forward(unwrapInboundIn(data), context) }
        guard let bytes = worker.received(unwrapInboundIn(data), on: connection) else { return }
        do {
            let handler = HTTPRequestHandler(
                connection: connection,
                requests: worker.carryRequests(on: connection, beginningWith: bytes),
                worker
            )
            try HTTPPipeline.add(behind: context, last: handler, limits: worker.limits)
            forward(bytes, context)
        } catch {
            connection.hangUp()
        }
    }

    private func forward(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard let requests = connection.requests else { return context.fireChannelRead(wrapInboundOut(bytes)) }
        if let bytes = requests.take(bytes) { context.fireChannelRead(wrapInboundOut(bytes)) }
        worker.readBytes(by: requests, on: connection)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // While the HTTP handlers read the connection, the last of them reports the end of a batch of reads to the
        // worker.
        guard !connection.carriesRequests else { return context.fireChannelReadComplete() }
        worker.readCompleted(on: connection)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if connection.carriesRequests { context.fireChannelInactive() }
        worker.ended(connection)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case NIOSSLError.handshakeFailed = error { worker.note(.tlsFailed) }
        connection.hangUp()
    }
}
