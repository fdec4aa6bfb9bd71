import Foundation
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import TestSupport

@testable import EasySetupRelay

/// Sends a text over TCP, waits for the end of the connection, and returns the received text.
func exchange(_ text: String, host: String = "127.0.0.1", port: Int) async throws -> String {
    let collector = Collector()
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(collector) }
        }
        .connect(host: host, port: port).get()
    // The relay may close the connection before it has the whole text. This is no error.
    try? await channel.writeAndFlush(ByteBuffer(string: text))
    try await channel.closeFuture.get()
    return collector.text.withLock { $0 }
}

private final class Collector: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    let text = Mutex("")

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let more = String(buffer: unwrapInboundIn(data))
        text.withLock { $0 += more }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// Makes a temporary folder, which exists while `body` runs.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let folder = ScratchFolder()
    defer { withExtendedLifetime(folder) {} }
    return try await body(folder.path)
}

extension RelayError {
    /// Whether the relay failed because another program has the port.
    var isInUse: Bool {
        if case .cannotListen(_, _, .addressInUse) = kind { true } else { false }
    }
}
