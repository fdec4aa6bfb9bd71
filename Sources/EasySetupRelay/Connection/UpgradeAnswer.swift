import Crypto
import EasySetupRelayProtocol
import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The answer to a device's WebSocket upgrade request (RFC 6455, 4.2.2).
struct UpgradeAnswer {
    /// The value of the request's `Sec-WebSocket-Key`.
    let key: [UInt8]

    func write(into buffer: inout ByteBuffer) {
        buffer.writeString(Self.head)
        buffer.writeString(accept)
        buffer.writeString("\r\n\r\n")
    }

    /// The fixed part of the answer to a WebSocket upgrade request. The answer accepts no WebSocket extension: the
    /// usual extension is compression, and the length of compressed data can reveal secrets.
    private static let head = """
        HTTP/1.1 101 Switching Protocols\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Protocol: \(Subprotocol.name)\r
        Sec-WebSocket-Accept:\u{20}
        """

    /// The value of `Sec-WebSocket-Accept`. RFC 6455 requires SHA-1 for it; no security depends on the hash.
    private var accept: String {
        var hash = Insecure.SHA1()
        hash.update(data: key)
        hash.update(data: Self.acceptSuffix)
        return Data(hash.finalize()).base64EncodedString()
    }

    private static let acceptSuffix = Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)
}
