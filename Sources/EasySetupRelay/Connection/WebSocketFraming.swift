import NIOCore
import NIOWebSocket

/// Frames as a client sends them (RFC 6455, 5.2), for a server that takes whole messages of a few kilobytes.
///
/// NIO's own decoder is a handler with a buffer behind it: a kilobyte more for each device that waits, and three more allocations
/// for each message.
enum WebSocketFraming {
    struct Frame: Equatable {
        var opcode: WebSocketOpcode
        var isFinal: Bool
        /// Of all of it.
        var byteCount: Int
    }

    enum Parsed: Equatable {
        /// More bytes are needed.
        case incomplete
        case frame(Frame)
        /// It breaks the rules, or is larger than it may be; a close code for it. What follows can't be read.
        case broken(WebSocketErrorCode)
    }

    /// Reads the frame at the beginning of `bytes`, with a payload of up to `limit` bytes. What it holds, without its mask, takes
    /// the place of what is in `payload`, and uses its memory.
    static func frame(in bytes: Span<UInt8>, limit: Int, payload: inout [UInt8]) -> Parsed {
        guard bytes.count >= 2 else { return .incomplete }
        // No extension was agreed to, so the reserved bits have no meaning; and clients mask.
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
        } else if count == 127 {
            // 65,536 bytes at least.
            return .broken(.messageTooLarge)
        }
        guard count <= limit else { return .broken(.messageTooLarge) }
        guard bytes.count >= start + count else { return .incomplete }
        payload.removeAll(keepingCapacity: true)
        unmask(bytes.extracting(start..<start + count), bytes.extracting(start - 4..<start), into: &payload)
        return .frame(Frame(opcode: opcode, isFinal: isFinal, byteCount: start + count))
    }

    private static func unmask(_ masked: Span<UInt8>, _ mask: Span<UInt8>, into payload: inout [UInt8]) {
        // Eight bytes at a time, as memory has them.
        let four = mask.withUnsafeBytes { UInt64($0.loadUnaligned(as: UInt32.self)) }
        let eight = four << 32 | four
        let whole = masked.count & ~7
        masked.withUnsafeBytes { payload.append(contentsOf: $0) }
        payload.withUnsafeMutableBytes { words in
            for offset in stride(from: 0, to: whole, by: 8) {
                let word = words.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ eight
                words.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
            }
        }
        for offset in whole..<payload.count { payload[offset] ^= mask[offset & 3] }
    }
}

extension ByteBuffer {
    /// Writes a whole frame, as a server does: without a mask.
    mutating func writeFrame(_ opcode: WebSocketOpcode, _ payload: [UInt8]) {
        let first = 0x80 | UInt8(webSocketOpcode: opcode)
        if payload.count < 126 {
            writeInteger(UInt16(first) << 8 | UInt16(payload.count))
        } else {
            // None of a relay's has 65,536 bytes or more.
            writeInteger(UInt32(first) << 24 | 126 << 16 | UInt32(UInt16(clamping: payload.count)))
        }
        writeBytes(payload)
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
