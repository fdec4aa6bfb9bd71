import NIOCore

/// A pool of output buffers that the connections of a loop share, so that no waiting connection keeps a buffer.
final class BufferPool {
    private let allocator = ByteBufferAllocator()
    private var spares: [ByteBuffer] = []

    /// The size of the output that one batch usually has for one device.
    private static let usualBytes = 2 * 1024
    /// Larger buffers are not kept. They occur when a device comes back to a full mailbox.
    private static let largestKept = 8 * 1024
    /// More buffers than one batch usually needs.
    private static let mostKept = 256

    /// An empty buffer, to be given back with ``giveBack(_:)``.
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
