import NIOCore

/// The head of a socket that listens. Leaves connections in the backlog while the relay is full, where they cost it nothing, and
/// makes ready each one that is taken.
///
/// It does so itself, at once, and hands the connection past the bootstrap's own handler, which would do the same by way of six
/// futures: a twentieth of what the relay's side of a pairing takes.
final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = any Channel

    private let worker: LoopWorker
    private let configure: (any Channel) throws -> Void
    private var context: ChannelHandlerContext?
    /// Behind the bootstrap's handler.
    private var exit: ChannelHandlerContext?
    private var isReadHeld = false

    /// `configure` makes an accepted connection ready; one for which it throws is closed.
    init(worker: LoopWorker, configure: @escaping (any Channel) throws -> Void) {
        self.worker = worker
        self.configure = configure
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        worker.addListener(ObjectIdentifier(self)) { [weak self] in self?.release() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        exit = nil
        worker.removeListener(ObjectIdentifier(self))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let accepted = unwrapInboundIn(data)
        do {
            let exit = try exit(of: context)
            try configure(accepted)
            exit.fireChannelRead(data)
        } catch {
            accepted.close(promise: nil)
        }
    }

    /// The bootstrap has put its own handler there by the time that the first connection comes.
    private func exit(of context: ChannelHandlerContext) throws -> ChannelHandlerContext {
        if let exit { return exit }
        let pipeline = context.pipeline.syncOperations
        let last = Exit()
        try pipeline.addHandler(last, position: .last)
        let exit = try pipeline.context(handler: last)
        self.exit = exit
        return exit
    }

    private final class Exit: ChannelInboundHandler {
        typealias InboundIn = any Channel
    }

    func read(context: ChannelHandlerContext) {
        if worker.isFull {
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
