import NIOCore

/// The receive buffer of a loop, which all of its connections share, so that no waiting connection keeps one.
///
/// A NIO channel keeps the first buffer it gets for its lifetime, so the first one is small: the size of a device's
/// first request. Each later buffer comes from here and is returned when its bytes have been used.
struct ReceiveBuffers: RecvByteBufferAllocator {
    private let spare = Spare()
    private var hasRead = false

    /// Unchecked, because NIO asks for buffers only on the loop on which they are read and returned. A check each time
    /// was some 2 % of the cost of a message.
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

    /// The size of a device's upgrade request with a long host name. Buffers have sizes of powers of two, so one byte
    /// more would take twice the memory.
    private static let firstBytes = 256
    /// Nearly a frame of the largest size, or several usual ones.
    static let bytes = 4096

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        guard hasRead else { return allocator.buffer(capacity: Self.firstBytes) }
        guard var buffer = spare.take() else { return allocator.buffer(capacity: Self.bytes) }
        buffer.clear()
        return buffer
    }

    /// Called by NIO after each read. True makes NIO ask for another buffer.
    mutating func record(actualReadBytes: Int) -> Bool {
        hasRead = true
        return true
    }

    /// Returns a buffer. If other code still refers to it, the next use makes a copy.
    func giveBack(_ buffer: ByteBuffer) {
        if buffer.storageCapacity == Self.bytes { spare.put(buffer) }
    }
}
