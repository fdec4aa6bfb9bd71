import NIOCore

/// Buffers for frames on their way out, which the connections of a loop take and give back: no connection keeps one while it waits.
struct BufferPool {
    private let allocator = ByteBufferAllocator()
    private var spares: [ByteBuffer] = []

    /// The size of what one batch usually sends to one device.
    private static let usualBytes = 2 * 1024
    /// Larger buffers are not kept: they were for a device that came back to a full mailbox.
    private static let largestKept = 8 * 1024
    /// More buffers than one batch uses, because deferred frames keep theirs for a while.
    private static let mostKept = 256

    /// An empty buffer, to be given back with ``giveBack(_:)``.
    mutating func take() -> ByteBuffer {
        guard var buffer = spares.popLast() else { return allocator.buffer(capacity: Self.usualBytes) }
        buffer.clear()
        return buffer
    }

    mutating func giveBack(_ buffer: ByteBuffer) {
        guard spares.count < Self.mostKept, buffer.capacity <= Self.largestKept else { return }
        spares.append(buffer)
    }
}
