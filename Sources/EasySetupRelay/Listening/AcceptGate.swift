import NIOCore

/// The first handler of a listening socket. While the relay is full, this handler leaves new connections in the
/// system's queue of connections that are not accepted (the backlog), where they cost the relay nothing. It also sets
/// up each accepted connection.
///
/// It sets up connections synchronously, and so bypasses the handler of SwiftNIO's `ServerBootstrap`, which would do
/// the same with six futures. That saves a twentieth of the relay's cost of a pairing.
final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = any Channel

    private let worker: LoopWorker
    private let configure: (any Channel) throws -> Void
    private var context: ChannelHandlerContext?
    /// The pipeline context at the end of the pipeline, behind the handler of `ServerBootstrap`; nil until the first
    /// connection is accepted.
    private var exit: ChannelHandlerContext?
    private var isReadHeld = false

    /// - Parameter configure: sets up an accepted connection. If it throws, this handler closes the connection.
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

    /// Finds or makes the pipeline context behind the handler of `ServerBootstrap`. When the first connection arrives,
    /// the bootstrap has added its own handler already.
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
