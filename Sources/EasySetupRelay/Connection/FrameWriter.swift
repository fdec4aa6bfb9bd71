import NIOCore
import NIOWebSocket

/// The pending output of a connection, gathered in one buffer and written to the network in one piece.
///
/// Most frames are written when the batch of events ends. A frame that the device can't use before the next one is
/// deferred for a while, and is sent together with that frame.
struct FrameWriter {
    private var outgoing: ByteBuffer?
    private var isDue = false

    /// When the written bytes are to be flushed.
    enum OnWrite: Equatable {
        /// Flush at the end of the batch.
        case flushAtEndOfBatch
        /// Flush after a delay, unless another frame causes a flush before.
        case flushLater
        /// A flush is already scheduled.
        case none
    }

    mutating func write(
        _ opcode: WebSocketOpcode,
        _ payload: [UInt8],
        isDeferred: Bool = false,
        _ pool: inout BufferPool
    ) -> OnWrite {
        let isFirst = outgoing == nil
        // Taken out of the property, so that it is uniquely referenced and changed in place.
        var buffer = outgoing.take() ?? pool.take()
        buffer.writeFrame(opcode, payload)
        outgoing = buffer
        return isDeferred ? (isFirst ? .flushLater : .none) : becomeDue()
    }

    /// Writes bytes that are no frame: the answer to the upgrade request.
    mutating func write(_ bytes: ByteBuffer) -> OnWrite {
        outgoing.setOrWriteImmutableBuffer(bytes)
        return becomeDue()
    }

    /// The delay of deferred frames is over.
    mutating func flushDeferred() -> OnWrite { outgoing == nil ? .none : becomeDue() }

    /// Takes all pending bytes; nil when there are none.
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
