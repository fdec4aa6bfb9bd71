import EasySetupRelayProtocol
import NIOCore
import NIOWebSocket

/// The pending output of a connection: frames are gathered in one buffer, which is written to the network in one piece
/// when the batch of events ends.
struct FrameWriter {
    private var outgoing: ByteBuffer?

    /// Whether the caller must schedule a flush of the written bytes.
    enum OnWrite: Equatable {
        /// The caller must flush at the end of the batch of events.
        case flushAtEndOfBatch
        /// The caller need do nothing, because a flush is scheduled already.
        case none
    }

    mutating func write(_ frame: RelayFrame, _ pool: BufferPool) -> OnWrite {
        write(pool) { $0.writeFrame(frame) }
    }

    mutating func write(_ opcode: WebSocketOpcode, _ payload: [UInt8], _ pool: BufferPool) -> OnWrite {
        write(pool) { $0.writeFrame(opcode, payload) }
    }

    private mutating func write(_ pool: BufferPool, _ body: (inout ByteBuffer) -> Void) -> OnWrite {
        let isFirst = outgoing == nil
        // The buffer is taken out of the property, so that its memory has one owner and is changed in place.
        var buffer = outgoing.take() ?? pool.take()
        body(&buffer)
        outgoing = buffer
        return isFirst ? .flushAtEndOfBatch : .none
    }

    /// Writes the answer to the upgrade request, which is not a WebSocket frame.
    mutating func write(_ bytes: ByteBuffer) -> OnWrite {
        let isFirst = outgoing == nil
        outgoing.setOrWriteImmutableBuffer(bytes)
        return isFirst ? .flushAtEndOfBatch : .none
    }

    /// Removes and returns all pending bytes; nil when there are none.
    mutating func take() -> ByteBuffer? { outgoing.take() }
}
