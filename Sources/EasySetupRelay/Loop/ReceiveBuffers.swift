import NIOCore

/// The receive buffer of a loop, which all of the loop's connections share, so that no connection keeps a buffer while
/// it waits.
///
/// A NIO channel keeps its first buffer for its lifetime, so the first one is small: the size of a device's first
/// request. Each later buffer comes from this pool, and returns to the pool when its bytes have been used.
struct ReceiveBuffers: RecvByteBufferAllocator {
    private let spare = Spare()
    private var hasRead = false

    /// `@unchecked Sendable` is safe, because one event loop takes the buffer from here, reads its bytes and returns
    /// it. A check of the event loop at each access would take some 2 % of the time of a message.
    private final class Spare: @unchecked Sendable {
        private var buffer: ByteBuffer?

        func take() -> ByteBuffer? {
            buffer.take()
        }

        func put(_ buffer: ByteBuffer) {
            // A swap leaves the release of the buffer before to the end, so that the runtime need not check the access.
            var kept: ByteBuffer? = buffer
            swap(&kept, &self.buffer)
        }
    }

    /// The size of a channel's first buffer, in bytes: enough for an upgrade request with a long host name. NIO rounds
    /// sizes up to powers of two, so a larger one would take twice the memory or more.
    private static let firstBytes = 256
    /// The size in bytes of each receive buffer of a channel after its first one: the size of the largest frame without
    /// its header, or of several usual frames.
    static let bytes = 4096

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        guard hasRead else { return allocator.buffer(capacity: Self.firstBytes) }
        guard var buffer = spare.take() else { return allocator.buffer(capacity: Self.bytes) }
        buffer.moveReaderIndex(to: 0)
        buffer.moveWriterIndex(to: 0)
        return buffer
    }

    /// NIO calls this after each read. The result true makes NIO ask for a new buffer before the next read.
    mutating func record(actualReadBytes: Int) -> Bool {
        hasRead = true
        return true
    }

    /// Returns a buffer to the pool. If other code still refers to the buffer's bytes, the next read gets new memory.
    func giveBack(_ buffer: ByteBuffer) {
        if buffer.capacity == Self.bytes { spare.put(buffer) }
    }
}
