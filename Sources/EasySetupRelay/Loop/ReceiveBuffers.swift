import NIOCore

/// The receive buffer of a loop, which all of its connections share, so that no waiting connection keeps one.
///
/// A NIO channel keeps its first buffer for its lifetime, so the first one is small: the size of a device's first
/// request. Each later buffer comes from this pool, and returns to it when its bytes have been used.
struct ReceiveBuffers: RecvByteBufferAllocator {
    private let spare = Spare()
    private var hasRead = false

    /// `@unchecked Sendable` is safe: the event loop that takes a buffer from here is the same one that reads its bytes
    /// and returns it. A check of the loop at each access took some 2 % of the time of a message.
    private final class Spare: @unchecked Sendable {
        private var buffer: ByteBuffer?

        func take() -> ByteBuffer? {
            let taken = buffer
            buffer = nil
            return taken
        }

        func put(_ buffer: ByteBuffer) {
            self.buffer = buffer
        }
    }

    /// The size of a channel's first buffer, in bytes: enough for an upgrade request with a long host name. NIO rounds
    /// sizes up to powers of two, so one byte more would take twice the memory.
    private static let firstBytes = 256
    /// The size of each later buffer, in bytes: nearly a frame of the largest size, or several usual ones.
    static let bytes = 4096

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        guard hasRead else { return allocator.buffer(capacity: Self.firstBytes) }
        guard var buffer = spare.take() else { return allocator.buffer(capacity: Self.bytes) }
        buffer.clear()
        return buffer
    }

    /// NIO calls this after each read. True makes NIO ask for a new buffer for the next read.
    mutating func record(actualReadBytes: Int) -> Bool {
        hasRead = true
        return true
    }

    /// Returns a buffer. If other code still refers to its bytes, the next read gets new memory.
    func giveBack(_ buffer: ByteBuffer) {
        if buffer.storageCapacity == Self.bytes { spare.put(buffer) }
    }
}
