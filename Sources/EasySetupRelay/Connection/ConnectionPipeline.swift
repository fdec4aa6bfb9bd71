import NIOCore
import NIOSSL

/// Builds the handlers of a connection: the PROXY header where a proxy sends one, TLS, then the
/// ``DeviceConnectionHandler``. If the first request is no plain upgrade request, the HTTP handlers (``HTTPPipeline``)
/// follow behind it.
enum ConnectionPipeline {
    static func configure(_ channel: any Channel, worker: LoopWorker, certificate: NIOSSLContext?) throws {
        guard let connection = worker.accepted(from: channel.remoteAddress.flatMap(PeerAddress.init)) else {
            channel.close(promise: nil)
            return
        }
        let pipeline = channel.pipeline.syncOperations
        if worker.usesProxyProtocol {
            try pipeline.addHandler(ProxyHeaderHandler(connection: connection, worker: worker))
        }
        if let certificate {
            try pipeline.addHandler(NIOSSLServerHandler(context: certificate))
        }
        try pipeline.addHandler(DeviceConnectionHandler(connection: connection, worker: worker))
    }
}
