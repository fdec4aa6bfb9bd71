import NIOCore
import NIOHTTP1

/// HTTP's handlers behind a connection's own: for all that does not begin with a device's plain upgrade request.
enum HTTPPipeline {
    /// Puts them there, `last` behind them.
    ///
    /// By hand, not by NIO's shorthand: the relay's handler stands before the upgrade, and answers all that is none.
    static func add(
        behind connection: ChannelHandlerContext,
        last: any ChannelHandler,
        limits: ConnectionLimits
    ) throws {
        // Its buffer holds what comes behind an upgrade, a read of the socket or two; otherwise it keeps part of a header.
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(limits: limits), maximumBufferSize: 128 * 1024)
        let handlers: [any ChannelHandler] = [HTTPResponseEncoder(), decoder, last]
        try connection.pipeline.syncOperations.addHandlers(handlers, position: .after(connection.handler))
    }

    /// Takes them away again, and calls `completion` with what they had read and not used. `last` is the context of the last one.
    static func remove(_ last: ChannelHandlerContext, completion: @escaping (ByteBuffer) -> Void) {
        let pipeline = last.pipeline.syncOperations
        let behind = BytesBehind()
        do {
            try pipeline.addHandler(behind, position: .after(last.handler))
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let encoder = try pipeline.handler(type: HTTPResponseEncoder.self)
            pipeline.removeHandler(decoder).assumeIsolated().whenSuccess {
                pipeline.removeHandler(encoder, promise: nil)
                pipeline.removeHandler(context: last, promise: nil)
                pipeline.removeHandler(behind, promise: nil)
                completion(behind.bytes)
            }
        } catch {
            last.close(promise: nil)
        }
    }

    /// Keeps the bytes behind the last request.
    private final class BytesBehind: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = ByteBuffer
        private(set) var bytes = ByteBuffer()

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes.writeImmutableBuffer(unwrapInboundIn(data))
        }
    }
}

extension HTTPRequestDecoder {
    fileprivate convenience init(limits: ConnectionLimits) {
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderListSize = limits.headerBytes
        decoder.maxHeaderFieldSize = limits.headerBytes
        decoder.maxHeaderFieldCount = limits.headerFields
        self.init(leftOverBytesStrategy: .forwardBytes, limitConfiguration: decoder)
    }
}
