// This file reads frames in canonical Protocol Buffers encoding without SwiftProtobuf, because SwiftProtobuf took a sixth
// of the relay's time for a pairing and made most of the relay's memory allocations. SwiftProtobuf parses frames in any
// other encoding. Tests check that both parsers give the same results.

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
            case 5: reader.message().map { .message(meeting: $0, $1) }
            case 6: reader.ack().map { .ack(meeting: $0, upTo: $1) }
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

    private static func plainClose(_ reader: inout PlainReader) -> DeviceFrame? {
        guard let meeting = reader.meeting(), let reason = reader.reason(field: 2) else { return nil }
        return .close(meeting: meeting, reason)
    }
}

extension RelayFrame {
    /// Parses a frame in the encoding that relays write: each field at most once, in the order of the field numbers, in
    /// the fewest bytes. Returns nil for any other encoding and for the kinds of frames that a pairing seldom has, or only
    /// its offerer; the caller then lets SwiftProtobuf parse them. A relay reads the frames that another one has for a
    /// device of its own.
    init?(plain bytes: Span<UInt8>) {
        var reader = PlainReader(bytes)
        guard let kind = reader.enter(1...14) else { return nil }
        let fields: RelayFrame? =
            switch kind {
            case 3: Self.plainMet(&reader)
            case 5: reader.message().map { .message(meeting: $0, $1) }
            case 6: reader.ack().map { .ack(meeting: $0, upTo: $1) }
            case 9: Self.plainPresence(&reader)
            case 10: Self.plainSeated(&reader)
            case 11: Self.plainOver(&reader)
            default: nil
            }
        guard let fields, reader.isAtEnd else { return nil }
        self = fields
    }

    private static func plainMet(_ reader: inout PlainReader) -> RelayFrame? {
        guard let meeting = reader.meeting(), let token = reader.bytes(field: 2),
            WireLimits.tokenBytes.contains(token.count), let time = reader.number(field: 3)
        else { return nil }
        let expiresIn = Duration(wireMilliseconds: time)
        return .met(meeting: meeting, token: Token(bytes: reader.array(token)), expiresIn: expiresIn)
    }

    private static func plainPresence(_ reader: inout PlainReader) -> RelayFrame? {
        guard let meeting = reader.optionalMeeting(), let isPresent = reader.number(field: 2), isPresent <= 1 else {
            return nil
        }
        return .presence(meeting: meeting.id, isPresent: isPresent == 1)
    }

    private static func plainSeated(_ reader: inout PlainReader) -> RelayFrame? {
        guard let meeting = reader.optionalMeeting(), let time = reader.number(field: 2) else { return nil }
        return .seated(meeting: meeting.id, expiresIn: Duration(wireMilliseconds: time))
    }

    private static func plainOver(_ reader: inout PlainReader) -> RelayFrame? {
        guard let meeting = reader.optionalMeeting(), let reason = reader.reason(field: 2) else { return nil }
        return .over(meeting: meeting.id, reason)
    }
}

extension PlainReader {
    /// Reads the fields of a message, which are the same in both directions.
    fileprivate mutating func message() -> (meeting: MeetingID?, Message)? {
        guard let meeting = optionalMeeting(), let number = number(field: 2), number >= 1,
            let ack = self.number(field: 3), let body = bytes(field: 4), WireLimits.bodyBytes.contains(body.count)
        else { return nil }
        return (meeting.id, Message(number: number, ack: ack, body: array(body)))
    }

    /// Reads the fields of an acknowledgement, which are the same in both directions.
    fileprivate mutating func ack() -> (meeting: MeetingID?, upTo: UInt32)? {
        guard let meeting = optionalMeeting(), let number = number(field: 2) else { return nil }
        return (meeting.id, number)
    }
}
