import NIOCore
import NIOHTTP1

/// The HTTP handlers, which are added behind a connection's own handler for all requests but a device's plain upgrade
/// request.
enum HTTPPipeline {
    /// Adds the handlers, with `last` at the end.
    ///
    /// NIO's helper is not used, because the relay's handler must stand before the upgrade and answer all other
    /// requests.
    static func add(
        behind connection: ChannelHandlerContext,
        last: any ChannelHandler,
        limits: ConnectionLimits
    ) throws {
        // The buffer must hold what follows an upgrade request (one or two reads of the socket); otherwise it holds
        // part of a header.
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(limits: limits), maximumBufferSize: 128 * 1024)
        let handlers: [any ChannelHandler] = [HTTPResponseEncoder(), decoder, last]
        try connection.pipeline.syncOperations.addHandlers(handlers, position: .after(connection.handler))
    }

    /// Removes the handlers, and calls `completion` with the bytes that they had read and not used. `last` is the
    /// context of the last handler.
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

    /// Keeps the bytes that follow the last request.
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
