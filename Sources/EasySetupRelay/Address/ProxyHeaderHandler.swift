import NIOCore
import Rendezvous

/// Takes the PROXY header off the beginning of a connection, tells the ``Switchboard`` whom it names, and leaves. It comes before
/// TLS. A connection that is not a trusted proxy's, or does not begin so, is closed; one that is slow about it ends with the time for
/// opening.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let line: Line
    private let switchboard: Switchboard
    private var reader: ProxyHeaderReader

    init(line: Line, switchboard: Switchboard) {
        self.line = line
        self.switchboard = switchboard
        reader = ProxyHeaderReader(limits: switchboard.limits)
    }

    func channelActive(context: ChannelHandlerContext) {
        if !switchboard.isFromProxy(line) {
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
        if let source, !switchboard.proxy(line, speaksFor: source) { return context.close(promise: nil) }
        if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func refuse(_ context: ChannelHandlerContext) {
        switchboard.note(.badProxyHeader)
        context.close(promise: nil)
    }
}
