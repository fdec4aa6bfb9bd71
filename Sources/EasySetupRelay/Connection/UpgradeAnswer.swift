import Crypto
import EasySetupRelayProtocol
import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The answer to a device's upgrade request (RFC 6455, 4.2.2).
struct UpgradeAnswer {
    /// The value of the request's `Sec-WebSocket-Key`.
    let key: [UInt8]

    func write(into buffer: inout ByteBuffer) {
        buffer.writeString(Self.head)
        buffer.writeString(accept)
        buffer.writeString("\r\n\r\n")
    }

    /// The relay accepts no extension: the usual one is compression, and the length of compressed data reveals secrets.
    private static let head = """
        HTTP/1.1 101 Switching Protocols\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Protocol: \(Subprotocol.name)\r
        Sec-WebSocket-Accept:\u{20}
        """

    /// The `Sec-WebSocket-Accept` value. RFC 6455 requires SHA-1; nothing relies on its security.
    private var accept: String {
        var hash = Insecure.SHA1()
        hash.update(data: key)
        hash.update(data: Self.acceptSuffix)
        return Data(hash.finalize()).base64EncodedString()
    }

    private static let acceptSuffix = Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)
}
