import NIOCore

/// A pool of output buffers for the connections of a loop, so that no connection keeps a buffer while it waits.
final class BufferPool {
    private let allocator = ByteBufferAllocator()
    private let spares = LoopList<ByteBuffer>()

    /// The capacity of a new buffer, in bytes: as much as a batch of events usually sends to one device.
    private static let usualBytes = 2 * 1024
    /// The largest capacity of a buffer that the pool keeps, in bytes. Larger buffers occur when a device comes back to
    /// many stored messages.
    private static let largestKept = 8 * 1024
    /// The most buffers that the pool keeps. A batch of events usually needs fewer.
    private static let mostKept = 256

    /// Returns an empty buffer. The caller must return it to the pool with ``giveBack(_:)``.
    func take() -> ByteBuffer {
        guard var buffer = spares.popLast() else { return allocator.buffer(capacity: Self.usualBytes) }
        // `clear` looks at the memory for its size, which has not changed.
        buffer.moveReaderIndex(to: 0)
        buffer.moveWriterIndex(to: 0)
        return buffer
    }

    func giveBack(_ buffer: ByteBuffer) {
        guard spares.count < Self.mostKept, buffer.capacity <= Self.largestKept else { return }
        spares.append(buffer)
    }
}
