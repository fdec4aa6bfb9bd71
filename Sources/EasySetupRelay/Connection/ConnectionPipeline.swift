import NIOCore
import NIOSSL

/// The handlers of a connection: the PROXY header where one is expected, TLS, then the ``DeviceConnectionHandler``; and behind it, for requests other
/// than a device's plain upgrade, HTTP's (``HTTPPipeline``).
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
