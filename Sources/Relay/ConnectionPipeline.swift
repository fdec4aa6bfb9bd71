import NIOCore
import NIOHTTP1
import NIOSSL
import NIOWebSocket
import RelayWire
import Rendezvous

/// The handlers of a connection: the PROXY header where one is expected, TLS, then the ``Line``; and behind it, for requests other than
/// a device's plain upgrade, HTTP with the front door.
enum ConnectionPipeline {
    static func configure(_ channel: any Channel, switchboard: Switchboard, certificate: NIOSSLContext?) throws {
        guard let line = switchboard.accepted(channel) else {
            channel.close(promise: nil)
            return
        }
        let pipeline = channel.pipeline.syncOperations
        if switchboard.usesProxyProtocol {
            try pipeline.addHandler(ProxyHeaderHandler(line: line, switchboard: switchboard))
        }
        if let certificate {
            try pipeline.addHandler(NIOSSLServerHandler(context: certificate))
        }
        try pipeline.addHandler(line)
    }

    /// Puts HTTP behind a line, with the door that answers.
    ///
    /// By hand, not by NIO's shorthand: the front door stands before the upgrade, and answers all that is none.
    static func addHTTP(_ line: ChannelHandlerContext, door: FrontDoorHandler, limits: ConnectionLimits) throws {
        // Its buffer holds what comes behind an upgrade, a read of the socket or two; otherwise it keeps part of a header.
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(limits: limits), maximumBufferSize: 128 * 1024)
        let pipeline = line.pipeline.syncOperations
        try pipeline.addHandlers([HTTPResponseEncoder(), decoder, door], position: .after(line.handler))
    }

    /// Takes HTTP away again, and calls `completion` with what it had read and not used.
    static func removeHTTP(_ door: ChannelHandlerContext, completion: @escaping (ByteBuffer) -> Void) {
        let pipeline = door.pipeline.syncOperations
        let behind = BytesBehind()
        do {
            try pipeline.addHandler(behind, position: .after(door.handler))
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let encoder = try pipeline.handler(type: HTTPResponseEncoder.self)
            pipeline.removeHandler(decoder).assumeIsolated().whenSuccess {
                pipeline.removeHandler(encoder, promise: nil)
                pipeline.removeHandler(context: door, promise: nil)
                pipeline.removeHandler(behind, promise: nil)
                completion(behind.bytes)
            }
        } catch {
            door.close(promise: nil)
        }
    }
    /// Keeps what came behind the last request.
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
