import NIOCore
import NIOSSL

/// Builds the handlers of a connection: the PROXY header where one is expected, TLS, then the
/// ``DeviceConnectionHandler``. Behind it, for requests other than a device's plain upgrade, come the HTTP handlers
/// (``HTTPPipeline``).
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
