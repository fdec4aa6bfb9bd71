import NIOCore

/// Where a loop's connections read into: a buffer that all of them share, and none keeps while it waits.
///
/// A channel of NIO's holds the first buffer that it was given for as long as it lives; so that one is small, as large as a device's
/// first request. Each later one comes from here, and goes back when what was read has been used.
struct ReceiveBuffers: RecvByteBufferAllocator {
    private let spare = Spare()
    private var hasRead = false

    /// Unchecked, because NIO asks for buffers only on the loop that they are read on, and they are given back there: a check each time
    /// was some 2 % of what a message costs.
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

    /// What a device's upgrade request has, with a long host's name. One byte more, and the buffer takes twice as much.
    private static let firstBytes = 256
    /// A frame of the largest size, but for its beginning; several of the usual.
    static let bytes = 4096

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        guard hasRead else { return allocator.buffer(capacity: Self.firstBytes) }
        guard var buffer = spare.take() else { return allocator.buffer(capacity: Self.bytes) }
        buffer.clear()
        return buffer
    }

    /// Called after each read. True: the next buffer is another one.
    mutating func record(actualReadBytes: Int) -> Bool {
        hasRead = true
        return true
    }

    /// Takes back what was read into. Whoever still holds it keeps it: then it is copied when it is used next.
    func giveBack(_ buffer: ByteBuffer) {
        if buffer.storageCapacity == Self.bytes { spare.put(buffer) }
    }
}
