import Foundation
import Logging
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
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("relay-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder.path)
}

/// A log handler that keeps every line of every level.
final class LogKeeper: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(keeper: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let keeper: LogKeeper
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.level) \(event.message) \(metadata) \(event.metadata ?? [:])"
            keeper.kept.withLock { $0.append(line) }
        }
    }
}

extension RelayError {
    /// Whether the relay failed because another program has the port.
    var isInUse: Bool {
        if case .cannotListen(_, _, .addressInUse) = kind { true } else { false }
    }
}
