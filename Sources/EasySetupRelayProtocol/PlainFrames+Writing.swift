// This file writes frames in canonical Protocol Buffers encoding without SwiftProtobuf, for the same reason as they are
// read without it. Tests check that SwiftProtobuf writes the same bytes.

/// The size of a frame's encoding. The caller needs it before the frame is written, to allocate the memory.
package struct EncodedSize: Sendable {
    /// The bytes of the frame's fields, without the tag and the length in front of them.
    fileprivate let fields: Int
    /// The number of bytes of the whole encoding.
    package let byteCount: Int

    fileprivate init(of frame: some PlainMessage) {
        fields = PlainCount.of(frame)
        byteCount = PlainCount.ofHeader(of: fields) + fields
    }
}

extension PlainMessage {
    /// The frame, whose field has this number, in one binary message.
    fileprivate func serialized(as field: UInt8) -> [UInt8] {
        let size = EncodedSize(of: self)
        return unsafe [UInt8](unsafeUninitializedCapacity: size.byteCount) { buffer, count in
            unsafe encode(field, size, to: UnsafeMutableRawBufferPointer(buffer))
            count = size.byteCount
        }
    }

    fileprivate func encode(_ field: UInt8, _ size: EncodedSize, to memory: UnsafeMutableRawBufferPointer) {
        var writer = unsafe PlainWriter(to: memory)
        writer.add(field, self, byteCount: size.fields)
    }
}

extension DeviceFrame: PlainMessage {
    /// The frame as one binary message for a relay. Fields are in the order of their numbers, and a field that has its
    /// default value is left out.
    package func serialized() -> [UInt8] { serialized(as: field) }

    /// The number of this frame's field in the message `DeviceFrame` of `relay.proto`.
    private var field: UInt8 {
        switch self {
        case .offer: 1
        case .visit: 2
        case .attachOfferer: 3
        case .attachVisitor: 4
        case .message: 5
        case .ack: 6
        case .seat: 7
        case .close: 8
        case .leave: 9
        }
    }

    func writeFields(to sink: inout some FieldSink) {
        switch self {
        case .offer(let slotLength, let work):
            sink.add(1, UInt32(clamping: slotLength))
            if let work { sink.add(2, work) }
        case .visit(let slot, let work):
            sink.add(1, slot.symbols)
            if let work { sink.add(2, work) }
        case .attachOfferer(let token, let held, let attempt):
            sink.add(1, token.bytes)
            for meeting in held { sink.add(2, meeting) }
            sink.add(3, attempt)
        case .attachVisitor(let token, let acked, let received, let attempt):
            sink.add(1, token.bytes)
            sink.add(2, acked)
            sink.add(3, received)
            sink.add(4, attempt)
        case .message(let meeting, let message):
            sink.add(meeting, message)
        case .ack(let meeting, let upTo):
            sink.add(1, meeting)
            sink.add(2, upTo)
        case .seat(let meeting):
            sink.add(1, meeting)
        case .close(let meeting, let reason):
            sink.add(1, meeting)
            sink.add(2, reason.wireNumber)
        case .leave(let reason):
            sink.add(1, reason.wireNumber)
        }
    }
}

extension Work: PlainMessage {
    func writeFields(to sink: inout some FieldSink) {
        sink.add(1, challenge)
        sink.add(2, answer)
    }
}

extension MeetingResume: PlainMessage {
    func writeFields(to sink: inout some FieldSink) {
        sink.add(1, meeting)
        sink.add(2, acked)
        sink.add(3, received)
        sink.add(4, isSeated ? 1 : 0)
    }
}

extension RelayFrame: PlainMessage {
    package var encodedSize: EncodedSize { EncodedSize(of: self) }

    /// Writes the frame's encoding to `memory`, which must have at least `size.byteCount` bytes. Fields are in the
    /// order of their numbers, and a field that has its default value is left out.
    package func encode(_ size: EncodedSize, to memory: UnsafeMutableRawBufferPointer) {
        unsafe encode(field, size, to: memory)
    }

    /// The frame as one binary message for a device.
    package func serialized() -> [UInt8] { serialized(as: field) }

    /// The number of this frame's field in the message `RelayFrame` of `relay.proto`.
    private var field: UInt8 {
        switch self {
        case .offered: 1
        case .inLine: 2
        case .met: 3
        case .visitor: 4
        case .message: 5
        case .ack: 6
        case .attachedOfferer: 7
        case .attachedVisitor: 8
        case .presence: 9
        case .seated: 10
        case .over: 11
        case .refused: 12
        case .workWanted: 13
        case .goodbye: 14
        }
    }

    func writeFields(to sink: inout some FieldSink) {
        switch self {
        case .offered(let slot, let token, let expiresIn):
            sink.add(1, slot.symbols)
            sink.add(2, token.bytes)
            sink.add(3, expiresIn.wireMilliseconds)
        case .inLine(let position):
            sink.add(1, UInt32(clamping: position))
        case .met(let meeting, let token, let expiresIn):
            sink.add(1, meeting)
            sink.add(2, token.bytes)
            sink.add(3, expiresIn.wireMilliseconds)
        case .visitor(let meeting):
            sink.add(1, meeting)
        case .message(let meeting, let message):
            sink.add(meeting, message)
        case .ack(let meeting, let upTo):
            sink.add(1, meeting)
            sink.add(2, upTo)
        case .attachedVisitor(let expiresIn, let have):
            sink.add(1, expiresIn.wireMilliseconds)
            sink.add(2, have)
        case .attachedOfferer(let expiresIn, let meetings, let slotLost):
            sink.add(1, expiresIn.wireMilliseconds)
            for progress in meetings { sink.add(2, progress) }
            sink.add(3, slotLost ? 1 : 0)
        case .presence(let meeting, let isPresent):
            sink.add(1, meeting)
            sink.add(2, isPresent ? 1 : 0)
        case .seated(let meeting, let expiresIn):
            sink.add(1, meeting)
            sink.add(2, expiresIn.wireMilliseconds)
        case .over(let meeting, let reason):
            sink.add(1, meeting)
            sink.add(2, reason.wireNumber)
        case .refused(let reason, let retryAfter):
            sink.add(1, reason.wireNumber)
            sink.add(2, retryAfter.wireMilliseconds)
        case .workWanted(let challenge, let difficulty, let expiresIn):
            sink.add(1, challenge)
            sink.add(2, UInt32(clamping: difficulty))
            sink.add(3, expiresIn.wireMilliseconds)
        case .goodbye(let retryAfter):
            sink.add(1, retryAfter.wireMilliseconds)
        }
    }
}

extension MeetingProgress: PlainMessage {
    func writeFields(to sink: inout some FieldSink) {
        sink.add(1, meeting)
        sink.add(2, have)
    }
}

extension FieldSink {
    /// Adds the fields of a frame `message`, which has the same fields from a device and to one.
    fileprivate mutating func add(_ meeting: MeetingID?, _ message: Message) {
        add(1, meeting)
        add(2, message.number)
        add(3, message.ack)
        add(4, message.body)
    }
}
