import NIOCore

/// Where a loop's connections read into: memory that all of them share, and none keeps while it waits.
///
/// A channel of NIO's holds the first buffer that it was given for as long as it lives; so that one is small, as large as a device's
/// first request. Each later one comes from here, and goes back when what was read has been used.
struct ReceiveBuffers: RecvByteBufferAllocator {
    private let spares: NIOLoopBoundBox<[ByteBuffer]>
    private var hasRead = false

    /// What a device's upgrade request has, with a frame in it and a host's name of thirty letters. One byte more, and the buffer takes
    /// twice as much.
    private static let firstBytes = 256
    /// A frame of the largest size, but for its beginning; several of the usual.
    static let bytes = 4096
    /// Reads follow each other; more than one buffer is out where what was read is kept until the rest comes.
    private static let most = 16

    /// To be made on the loop.
    init(loop: any EventLoop) {
        spares = NIOLoopBoundBox([], eventLoop: loop)
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        guard hasRead else { return allocator.buffer(capacity: Self.firstBytes) }
        guard var buffer = spares.value.popLast() else { return allocator.buffer(capacity: Self.bytes) }
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
        guard spares.value.count < Self.most, buffer.storageCapacity == Self.bytes else { return }
        spares.value.append(buffer)
    }
}
