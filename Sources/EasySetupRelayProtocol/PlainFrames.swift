// This file reads and writes frames in canonical Protocol Buffers encoding without SwiftProtobuf, because SwiftProtobuf
// took a sixth of the relay's time for a pairing and made most of the relay's memory allocations. SwiftProtobuf parses
// frames in any other encoding. Tests check that both parsers give the same results.

extension DeviceFrame {
    /// Parses a frame in the encoding that devices write: each field at most once, in the order of the field numbers,
    /// in the fewest bytes. Returns nil for any other encoding and for rare kinds of frames; the caller then lets
    /// SwiftProtobuf parse them.
    init?(plain bytes: Span<UInt8>) {
        var reader = PlainReader(bytes)
        guard let kind = reader.enter(1...9) else { return nil }
        let fields: DeviceFrame? =
            switch kind {
            case 1: Self.plainOffer(&reader)
            case 2: Self.plainVisit(&reader)
            case 5: Self.plainMessage(&reader)
            case 6: Self.plainAck(&reader)
            case 7: reader.meeting().map { .seat(meeting: $0) }
            case 8: Self.plainClose(&reader)
            case 9: reader.reason(field: 1).map { .leave($0) }
            default: nil
            }
        // Bytes that are left over belong to a field out of order or of a later version. SwiftProtobuf parses such a
        // frame.
        guard let fields, reader.isAtEnd else { return nil }
        self = fields
    }

    private static func plainOffer(_ reader: inout PlainReader) -> DeviceFrame? {
        guard let length = reader.number(field: 1) else { return nil }
        guard length == 0 || Slot.lengths.contains(Int(length)) else { return nil }
        return .offer(slotLength: Int(length), work: nil)
    }

    private static func plainVisit(_ reader: inout PlainReader) -> DeviceFrame? {
        guard let symbols = reader.bytes(field: 1), let slot = Slot(reader.text(symbols)) else { return nil }
        return .visit(slot: slot, work: nil)
    }

    private static func plainMessage(_ reader: inout PlainReader) -> DeviceFrame? {
        guard let meeting = reader.optionalMeeting(), let number = reader.number(field: 2), number >= 1,
            let ack = reader.number(field: 3), let body = reader.bytes(field: 4),
            WireLimits.bodyBytes.contains(body.count)
        else { return nil }
        return .message(meeting: meeting.id, Message(number: number, ack: ack, body: reader.array(body)))
    }

    private static func plainAck(_ reader: inout PlainReader) -> DeviceFrame? {
        guard let meeting = reader.optionalMeeting(), let number = reader.number(field: 2) else { return nil }
        return .ack(meeting: meeting.id, upTo: number)
    }

    private static func plainClose(_ reader: inout PlainReader) -> DeviceFrame? {
        guard let meeting = reader.meeting(), let reason = reader.reason(field: 2) else { return nil }
        return .close(meeting: meeting, reason)
    }
}

extension RelayFrame: PlainMessage {
    /// The size of a frame's encoding. The caller needs it before the frame is written, to allocate the memory.
    package struct EncodedSize: Sendable {
        /// The bytes of the frame's fields, without the tag and the length in front of them.
        fileprivate let fields: Int
        /// The number of bytes of the whole encoding.
        package let byteCount: Int
    }

    package var encodedSize: EncodedSize {
        let fields = PlainCount.of(self)
        return EncodedSize(fields: fields, byteCount: PlainCount.ofHeader(of: fields) + fields)
    }

    /// Writes the frame's encoding to `memory`, which must have at least `size.byteCount` bytes. Fields are in the
    /// order of their numbers, and a field that has its default value is left out.
    package func encode(_ size: EncodedSize, to memory: UnsafeMutableRawBufferPointer) {
        var writer = unsafe PlainWriter(to: memory)
        writer.add(field, self, byteCount: size.fields)
    }

    /// The frame as one binary message for a device.
    package func serialized() -> [UInt8] {
        let size = encodedSize
        return unsafe [UInt8](unsafeUninitializedCapacity: size.byteCount) { buffer, count in
            unsafe encode(size, to: UnsafeMutableRawBufferPointer(buffer))
            count = size.byteCount
        }
    }

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
            sink.add(1, meeting)
            sink.add(2, message.number)
            sink.add(3, message.ack)
            sink.add(4, message.body)
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
