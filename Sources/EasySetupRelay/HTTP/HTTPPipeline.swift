import NIOCore
import NIOHTTP1

/// The HTTP handlers of a connection. The relay adds them behind the connection's own handler, unless the first request
/// is an upgrade request in a device's form (``UpgradeRequest``), which the connection's own handler reads itself.
enum HTTPPipeline {
    /// Adds the HTTP handlers behind the handler of `connection`, with `last` at the end.
    ///
    /// SwiftNIO's function that adds HTTP handlers is not used, because the relay's handler must come before the
    /// upgrade to a WebSocket and answer all other requests.
    static func add(
        behind connection: ChannelHandlerContext,
        last: any ChannelHandler,
        limits: ConnectionLimits
    ) throws {
        // The decoder's buffer must have room for the bytes behind an upgrade request, which come from one or two reads
        // of the socket. At any other time the buffer holds only a part of a header.
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(limits: limits), maximumBufferSize: 128 * 1024)
        let handlers: [any ChannelHandler] = [HTTPResponseEncoder(), decoder, last]
        try connection.pipeline.syncOperations.addHandlers(handlers, position: .after(connection.handler))
    }

    /// Removes the HTTP handlers, and calls `completion` with the bytes that they had received but not parsed. `last`
    /// is the context of the last HTTP handler.
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

    /// A handler that keeps the bytes behind an upgrade request until the HTTP handlers are removed.
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
