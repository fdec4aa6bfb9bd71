import EasySetupRelayCore
import NIOCore

/// Removes the PROXY header from the beginning of a connection, and passes the source address in it to the
/// ``LoopWorker``. Then the handler removes itself from the pipeline, where it stood before TLS. It closes a connection
/// that does not come from a trusted proxy, or does not begin with a PROXY header. The relay closes a connection whose
/// header is not complete after ``ConnectionLimits/openingTime``.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: DeviceConnection
    private let worker: LoopWorker
    private var reader: ProxyHeaderReader

    init(connection: DeviceConnection, worker: LoopWorker) {
        self.connection = connection
        self.worker = worker
        reader = ProxyHeaderReader(limits: worker.limits)
    }

    func channelActive(context: ChannelHandlerContext) {
        if !worker.isFromProxy(connection) {
            reader.refuse()
            refuse(context)
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch reader.received(unwrapInboundIn(data)) {
        case .header(let source, let rest): passed(source, rest, context)
        case .refuse: refuse(context)
        case .passOn(let bytes): context.fireChannelRead(wrapInboundOut(bytes))
        case .none: break
        }
    }

    private func passed(_ source: PeerAddress?, _ rest: ByteBuffer, _ context: ChannelHandlerContext) {
        if let source, !worker.setSource(source, of: connection) { return context.close(promise: nil) }
        if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func refuse(_ context: ChannelHandlerContext) {
        worker.note(.badProxyHeader)
        context.close(promise: nil)
    }
}
