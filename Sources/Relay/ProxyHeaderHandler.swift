import NIOCore
import Rendezvous

/// Takes the PROXY header off the beginning of a connection, tells the ``Switchboard`` whom it names, and leaves. It comes before
/// TLS. A connection that is not a trusted proxy's, or does not begin so, is closed (`Protocol/operating.md`, "Behind a proxy"); one
/// that is slow about it ends with the time for opening.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private enum State {
        /// What has come of the header.
        case reading(ByteBuffer)
        case passed
        case refused
    }

    private let line: Line
    private let switchboard: Switchboard
    private var state = State.reading(ByteBuffer())

    init(line: Line, switchboard: Switchboard) {
        self.line = line
        self.switchboard = switchboard
    }

    func channelActive(context: ChannelHandlerContext) {
        if !line.isFromProxy { refuse(context) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .reading(var bytes):
            bytes.writeImmutableBuffer(unwrapInboundIn(data))
            state = .reading(bytes)
            read(bytes, context)
        case .passed:
            context.fireChannelRead(data)
        case .refused:
            break
        }
    }

    private func read(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        switch ProxyHeader.parse(bytes.readableBytesView, limits: switchboard.limits) {
        case .incomplete:
            break
        case .malformed:
            refuse(context)
        case .header(let header):
            state = .passed
            if let source = header.source, !switchboard.isProxied(line, for: source) {
                return context.close(promise: nil)
            }
            var rest = bytes
            rest.moveReaderIndex(forwardBy: header.byteCount)
            if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }

    private func refuse(_ context: ChannelHandlerContext) {
        state = .refused
        switchboard.note(.badProxyHeader)
        context.close(promise: nil)
    }
}
