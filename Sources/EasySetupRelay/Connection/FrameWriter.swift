import EasySetupRelayProtocol
import NIOCore
import NIOWebSocket

/// The pending output of a connection, gathered in one buffer and written to the network in one piece when the batch of
/// events ends.
struct FrameWriter {
    private var outgoing: ByteBuffer?

    /// When the connection must flush the written bytes.
    enum OnWrite: Equatable {
        /// Flush at the end of the batch.
        case flushAtEndOfBatch
        /// A flush is already scheduled.
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

    /// Writes bytes that are no frame: the answer to the upgrade request.
    mutating func write(_ bytes: ByteBuffer) -> OnWrite {
        let isFirst = outgoing == nil
        outgoing.setOrWriteImmutableBuffer(bytes)
        return isFirst ? .flushAtEndOfBatch : .none
    }

    /// Takes all pending bytes; nil when there are none.
    mutating func take() -> ByteBuffer? { outgoing.take() }
}
