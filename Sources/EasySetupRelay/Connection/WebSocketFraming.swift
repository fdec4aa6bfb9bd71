import EasySetupRelayProtocol
import NIOCore
import NIOWebSocket

/// Parses WebSocket frames from a client (RFC 6455, 5.2), for a server whose messages are a few kilobytes and each come
/// in one frame.
///
/// NIO's decoder is not used, because it is a channel handler with a buffer: it takes one more kilobyte for each
/// waiting device, and three more allocations for each message.
enum WebSocketFraming {
    struct Frame: Equatable {
        var opcode: WebSocketOpcode
        var isFinal: Bool
        /// The length of the whole frame, including its header.
        var byteCount: Int
        var payloadCount: Int
    }

    enum Parsed: Equatable {
        /// The bytes are the beginning of a frame, and more bytes are needed.
        case incomplete
        case frame(Frame)
        /// The frame is invalid or too large, as the close code tells. The bytes after it can't be parsed, because its
        /// end is unknown.
        case broken(WebSocketErrorCode)
    }

    /// Parses the frame at the beginning of `bytes`, and refuses one with more than `limit` bytes of payload. The
    /// unmasked payload replaces the first bytes of `payload`, which grows if it is too small.
    static func frame(in bytes: Span<UInt8>, limit: Int, payload: inout [UInt8]) -> Parsed {
        guard bytes.count >= 2 else { return .incomplete }
        // The reserved bits must be zero, because the relay negotiated no extension. A client must mask its frames.
        guard bytes[0] & 0x70 == 0, bytes[1] & 0x80 != 0,
            let opcode = WebSocketOpcode(encodedWebSocketOpcode: bytes[0] & 0x0F), opcode.isKnown
        else { return .broken(.protocolError) }
        let isFinal = bytes[0] & 0x80 != 0
        var count = Int(bytes[1] & 0x7F)
        if opcode.isControlOpcode, !isFinal || count > 125 { return .broken(.protocolError) }
        var start = 6
        if count == 126 {
            guard bytes.count >= 4 else { return .incomplete }
            count = Int(bytes[2]) << 8 | Int(bytes[3])
            start = 8
            // The length of a payload must be written in the fewest bytes that can express it.
            guard count >= 126 else { return .broken(.protocolError) }
        } else if count == 127 {
            guard bytes.count >= 10 else { return .incomplete }
            var length: UInt64 = 0
            for index in 2..<10 { length = length << 8 | UInt64(bytes[index]) }
            // The first bit of a length in eight bytes must be zero. A valid one is at least 65,536, because shorter
            // lengths have a shorter form; that is more than a relay accepts.
            return .broken(length < 65_536 || length >> 63 == 1 ? .protocolError : .messageTooLarge)
        }
        guard count <= limit else { return .broken(.messageTooLarge) }
        guard bytes.count >= start + count else { return .incomplete }
        unmask(bytes.extracting(start..<start + count), bytes.extracting(start - 4..<start), into: &payload)
        return .frame(Frame(opcode: opcode, isFinal: isFinal, byteCount: start + count, payloadCount: count))
    }

    private static func unmask(_ masked: Span<UInt8>, _ mask: Span<UInt8>, into payload: inout [UInt8]) {
        if payload.count < masked.count { payload += repeatElement(0, count: masked.count - payload.count) }
        // Unmasks eight bytes at a time, in the machine's byte order.
        let four = mask.withUnsafeBytes { UInt64($0.loadUnaligned(as: UInt32.self)) }
        let eight = four << 32 | four
        masked.withUnsafeBytes { masked in
            payload.withUnsafeMutableBytes { payload in
                let whole = masked.count & ~7
                for offset in stride(from: 0, to: whole, by: 8) {
                    let word = masked.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ eight
                    payload.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
                }
                withUnsafeBytes(of: eight) { mask in
                    for offset in whole..<masked.count { payload[offset] = masked[offset] ^ mask[offset & 7] }
                }
            }
        }
    }
}

extension ByteBuffer {
    /// Writes a WebSocket frame without a mask, because a server must not mask its frames.
    mutating func writeFrame(_ opcode: WebSocketOpcode, _ payload: [UInt8]) {
        let first = 0x80 | UInt8(webSocketOpcode: opcode)
        if payload.count < 126 {
            writeInteger(UInt16(first) << 8 | UInt16(payload.count))
        } else {
            // A relay sends no frame of 65,536 bytes or more.
            writeInteger(UInt32(first) << 24 | 126 << 16 | UInt32(UInt16(clamping: payload.count)))
        }
        writeBytes(payload)
    }

    /// Writes a frame for a device as one binary WebSocket frame without a mask.
    mutating func writeFrame(_ frame: RelayFrame) {
        let size = frame.encodedSize
        let header = size.byteCount < 126 ? 2 : 4
        writeWithUnsafeMutableBytes(minimumWritableBytes: header + size.byteCount) { memory in
            memory[0] = 0x80 | UInt8(webSocketOpcode: .binary)
            if header == 2 {
                memory[1] = UInt8(size.byteCount)
            } else {
                memory[1] = 126
                memory[2] = UInt8(size.byteCount >> 8)
                memory[3] = UInt8(size.byteCount & 0xFF)
            }
            frame.encode(size, to: UnsafeMutableRawBufferPointer(rebasing: memory[header..<header + size.byteCount]))
            return header + size.byteCount
        }
    }
}

extension WebSocketOpcode {
    fileprivate var isKnown: Bool {
        switch self {
        case .continuation, .text, .binary, .connectionClose, .ping, .pong: true
        default: false
        }
    }
}
