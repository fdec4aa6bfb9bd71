import NIOCore

/// Leaves connections in the listen backlog while the relay is full, where they cost it nothing.
final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = any Channel

    private let switchboard: Switchboard
    private var context: ChannelHandlerContext?
    private var isReadHeld = false

    init(switchboard: Switchboard) {
        self.switchboard = switchboard
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        switchboard.roomAgain = { [weak self] in self?.release() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        switchboard.roomAgain = {}
    }

    func read(context: ChannelHandlerContext) {
        if switchboard.isFull {
            isReadHeld = true
        } else {
            context.read()
        }
    }

    private func release() {
        guard isReadHeld else { return }
        isReadHeld = false
        context?.read()
    }
}
