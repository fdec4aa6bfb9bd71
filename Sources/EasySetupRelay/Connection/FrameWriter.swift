import NIOCore
import NIOWebSocket

/// What is to be sent on a connection: gathered in one buffer, and handed to the network in one piece.
///
/// A frame that its device waits for leaves when the batch of events ends. Others may be deferred for a while, because the frame that
/// the device does wait for is likely to follow, and then they travel with it.
struct FrameWriter {
    private var outgoing: ByteBuffer?
    private var isDue = false

    /// What writing has come to.
    enum OnWrite: Equatable {
        /// It is to be flushed when the batch ends.
        case flushAtEndOfBatch
        /// It is to be flushed later, unless something else causes it before.
        case flushLater
        /// A flush is on its way.
        case none
    }

    mutating func write(
        _ opcode: WebSocketOpcode,
        _ payload: [UInt8],
        isDeferred: Bool = false,
        _ pool: inout BufferPool
    ) -> OnWrite {
        let isFirst = outgoing == nil
        // Taken out, so that the buffer is written where it is.
        var buffer = outgoing.take() ?? pool.take()
        buffer.writeFrame(opcode, payload)
        outgoing = buffer
        return isDeferred ? (isFirst ? .flushLater : .none) : becomeDue()
    }

    /// Bytes that are no frame: the answer to the upgrade request.
    mutating func write(_ bytes: ByteBuffer) -> OnWrite {
        outgoing.setOrWriteImmutableBuffer(bytes)
        return becomeDue()
    }

    /// Deferred frames have waited for long enough.
    mutating func flushDeferred() -> OnWrite { outgoing == nil ? .none : becomeDue() }

    /// Takes out all that was written; nil when nothing was.
    mutating func take() -> ByteBuffer? {
        isDue = false
        return outgoing.take()
    }

    private mutating func becomeDue() -> OnWrite {
        guard !isDue else { return .none }
        isDue = true
        return .flushAtEndOfBatch
    }
}
