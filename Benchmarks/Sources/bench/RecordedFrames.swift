import EasySetupRelayProtocol

/// The frames of a whole pairing as two devices send them, with meaningless bodies. They have the same kinds, order and
/// sizes as real ones, and are made once. The parts that differ between pairings, a meeting ID or a slot, are filled in
/// when a frame is sent.
struct RecordedFrames {
    /// The sizes in bytes of the end-to-end messages (`Protocol/handshake.md`, "Messages"). Both proofs have one size.
    static let hello = 1250
    static let reply = 1153
    static let proof = 593
    static let package = 1250
    static let receipt = 529

    /// A frame that contains a meeting ID, and the offset of the ID's 16 bytes in it.
    struct AboutMeeting {
        private let bytes: [UInt8]
        private let place: Int

        init(_ make: (MeetingID) -> DeviceFrame) {
            let mark = [UInt8](repeating: 0xA5, count: 16)
            let frame = make(MeetingID(mark)!).serialized()
            place = (0...frame.count - 16).first { Array(frame[$0..<$0 + 16]) == mark }!
            bytes = frame
        }

        func about(_ meeting: [UInt8]) -> [UInt8] {
            var copy = bytes
            copy.replaceSubrange(place..<place + 16, with: meeting)
            return copy
        }
    }

    let offer = DeviceFrame.offer(slotLength: 0, work: nil).serialized()
    /// The visitor's messages, numbered from 1. Each pair gives the length of a body, and the offerer's message that it
    /// acknowledges.
    let visitorMessages = [(Self.hello, 0), (Self.proof, 1), (Self.receipt, 3)].enumerated().map { index, message in
        DeviceFrame.message(
            meeting: nil,
            Message(number: UInt32(index + 1), ack: UInt32(message.1), body: Self.body(message.0))
        )
        .serialized()
    }
    /// The offerer's messages, numbered from 1. Each pair gives the length of a body, and the visitor's message that it
    /// acknowledges.
    let offererMessages = [(Self.reply, 1), (Self.proof, 2), (Self.package, 2)].enumerated().map { index, message in
        AboutMeeting {
            .message(
                meeting: $0,
                Message(number: UInt32(index + 1), ack: UInt32(message.1), body: Self.body(message.0))
            )
        }
    }
    let seat = AboutMeeting { .seat(meeting: $0) }
    let receiptAck = AboutMeeting { .ack(meeting: $0, upTo: 3) }
    let leave = DeviceFrame.leave(.done).serialized()

    func visit(_ slot: [UInt8]) -> [UInt8] {
        [0x12, UInt8(slot.count + 2), 0x0A, UInt8(slot.count)] + slot
    }

    private static func body(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x5A, count: count) }
}

/// A frame from the relay, parsed only as far as a pairing needs: its kind, and its first field if that holds bytes.
struct HeardFrame {
    enum Kind: UInt8 {
        case offered = 0x0A
        case inLine = 0x12
        case met = 0x1A
        case visitor = 0x22
        case message = 0x2A
        case ack = 0x32
        case presence = 0x4A
        case seated = 0x52
        case over = 0x5A
        case refused = 0x62
        case workWanted = 0x6A
        case goodbye = 0x72
    }

    let kind: Kind
    /// The slot in `offered`, or the meeting ID in `met` and `visitor`; empty in other frames.
    let name: [UInt8]
    /// The number of a message to a visitor or an offerer; 0 in other frames.
    let number: UInt8

    /// Parses a frame; nil for any other kind.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first, let kind = Kind(rawValue: first), bytes.count >= 2 else { return nil }
        self.kind = kind
        let start = bytes[1] < 0x80 ? 2 : 3
        var rest = start
        switch kind {
        case .offered, .met, .visitor:
            guard bytes.count >= start + 2, bytes.count >= start + 2 + Int(bytes[start + 1]) else { return nil }
            name = Array(bytes[start + 2..<start + 2 + Int(bytes[start + 1])])
        default: name = []
        }
        if kind == .message, bytes.count > start + 20 {
            if bytes[rest] == 0x0A { rest += 18 }
            number = bytes[rest + 1]
        } else {
            number = 0
        }
    }
}
