import NIOCore
import NIOSSL

/// The handlers of a connection: the PROXY header where one is expected, TLS, then the ``LineHandler``; and behind it, for requests other
/// than a device's plain upgrade, HTTP's (``HTTPPipeline``).
enum ConnectionPipeline {
    static func configure(_ channel: any Channel, switchboard: Switchboard, certificate: NIOSSLContext?) throws {
        guard let line = switchboard.accepted(from: channel.remoteAddress.flatMap(PeerAddress.init)) else {
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
        try pipeline.addHandler(LineHandler(line: line, switchboard: switchboard))
    }
}
