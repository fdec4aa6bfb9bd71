import NIOCore
import NIOSSL

/// Builds the handlers of a connection: for the PROXY header where a proxy sends one, for TLS, then the
/// ``DeviceConnectionHandler``. If the first request is not of the form that devices send (``UpgradeRequest``), the
/// HTTP handlers (``HTTPPipeline``) follow behind it.
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
        try pipeline.addHandler(DeviceConnectionHandler(connection: connection, worker: worker), name: "device")
    }
}
