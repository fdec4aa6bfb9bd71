import NIOCore

/// A pool of output buffers that the connections of a loop share, so that no waiting connection keeps a buffer.
final class BufferPool {
    private let allocator = ByteBufferAllocator()
    private var spares: [ByteBuffer] = []

    /// The capacity of a new buffer, in bytes: what a batch of events usually sends to one device.
    private static let usualBytes = 2 * 1024
    /// The capacity, in bytes, above which the pool does not keep a buffer. Larger buffers occur when a device comes
    /// back to a full mailbox.
    private static let largestKept = 8 * 1024
    /// The most buffers that the pool keeps. A batch of events usually needs fewer.
    private static let mostKept = 256

    /// An empty buffer. The caller returns it with ``giveBack(_:)``.
    func take() -> ByteBuffer {
        guard var buffer = spares.popLast() else { return allocator.buffer(capacity: Self.usualBytes) }
        buffer.clear()
        return buffer
    }

    func giveBack(_ buffer: ByteBuffer) {
        guard spares.count < Self.mostKept, buffer.capacity <= Self.largestKept else { return }
        spares.append(buffer)
    }
}
