import NIOCore

/// Hands the events of a connection's channel to the loop's ``Switchboard``, and lets through what is for HTTP's handlers.
final class LineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let line: Line
    private let switchboard: Switchboard

    init(line: Line, switchboard: Switchboard) {
        self.line = line
        self.switchboard = switchboard
    }

    func handlerAdded(context: ChannelHandlerContext) {
        line.attach(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        line.detach()
        switchboard.forget(line)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !line.carriesRequests else { return context.fireChannelRead(data) }
        guard let bytes = switchboard.received(unwrapInboundIn(data), on: line) else { return }
        do {
            let handler = FrontDoorHandler(line: line, requests: switchboard.carryRequests(on: line), switchboard)
            try HTTPPipeline.add(behind: context, last: handler, limits: switchboard.limits)
            context.fireChannelRead(wrapInboundOut(bytes))
        } catch {
            line.hangUp()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // HTTP's last handler says when a batch of requests has ended.
        guard !line.carriesRequests else { return context.fireChannelReadComplete() }
        switchboard.readCompleted(on: line)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if line.carriesRequests { context.fireChannelInactive() }
        switchboard.ended(line)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        line.hangUp()
    }
}
