import EasySetupRelayCore
import EasySetupRelayProtocol

func relayVectors() throws -> [VectorFile] {
    [relayFrames(), try tokens()]
}

private let meeting = MeetingID(Array(0x10..<0x20))!
private let otherMeeting = MeetingID(Array(0x20..<0x30))!
private let slot = Slot("K7Q")!
private let token = Token(bytes: Array(0..<85))
private let work = Work(challenge: Array(0..<34), answer: Array(1...8))

// MARK: Frames

private func relayFrames() -> VectorFile {
    let device: [DeviceFrame] = [
        .offer(slotLength: 0, work: nil), .offer(slotLength: 6, work: work), .visit(slot: slot, work: nil),
        .visit(slot: Slot("K7Q29M")!, work: work), .attachOfferer(token: token, held: []),
        .attachOfferer(
            token: token,
            held: [
                MeetingResume(meeting: meeting, acked: 1, received: 2, isSeated: true),
                MeetingResume(meeting: otherMeeting, acked: 0, received: 0, isSeated: false),
            ]
        ),
        .attachOfferer(token: token, held: [], attempt: 2),
        .attachVisitor(token: token, acked: 1, received: 300),
        .attachVisitor(token: token, acked: 1, received: 2, attempt: 3),
        .message(meeting: nil, Message(number: 1, ack: 0, body: Array("hello".utf8))),
        .message(meeting: meeting, Message(number: .max, ack: 2, body: Array("reply".utf8))),
        .ack(meeting: nil, upTo: 1), .ack(meeting: meeting, upTo: 2), .seat(meeting: meeting),
        .close(meeting: meeting, .wrongProof), .leave(.unspecified), .leave(.cancelled),
    ]
    let relay: [RelayFrame] = [
        .offered(slot: slot, token: token, expiresIn: .seconds(600)), .inLine(position: 17),
        .met(meeting: meeting, token: token, expiresIn: .milliseconds(599_999)), .visitor(meeting: meeting),
        .message(meeting: nil, Message(number: 1, ack: 1, body: Array("reply".utf8))),
        .message(meeting: meeting, Message(number: 1, ack: 0, body: Array("hello".utf8))),
        .ack(meeting: nil, upTo: 1), .ack(meeting: meeting, upTo: 1),
        .attachedOfferer(expiresIn: .zero, meetings: [], slotLost: false),
        .attachedOfferer(
            expiresIn: .seconds(300),
            meetings: [MeetingProgress(meeting: meeting, have: 2), MeetingProgress(meeting: otherMeeting, have: 0)],
            slotLost: true
        ),
        .attachedVisitor(expiresIn: .seconds(300), have: 2), .presence(meeting: nil, isPresent: true),
        .presence(meeting: meeting, isPresent: false), .seated(meeting: nil, expiresIn: .seconds(300)),
        .seated(meeting: meeting, expiresIn: .seconds(300)), .over(meeting: meeting, .tooSlow),
        .workWanted(challenge: work.challenge, difficulty: 16, expiresIn: .seconds(30)),
        .goodbye(retryAfter: .seconds(2)),
    ]
    let reasons =
        Reason.allCases.map { RelayFrame.over(meeting: nil, $0) }
        + [.refused(.noSuchCode, retryAfter: .zero), .refused(.relayFull, retryAfter: .seconds(30))]
    return VectorFile(
        name: "relay-frames.json",
        content: .object([
            ("kind", "relay-frames"),
            (
                "about",
                "Frames of relay.proto: fields (names as there, bytes in hex, defaults left out) and their bytes."
            ),
            ("device", .array(device.map { frame($0.fields, $0.serialized()) })),
            ("relay", .array((relay + reasons).map { frame($0.fields, $0.serialized()) })),
            ("bad_device", .array(badDevice())),
            ("bad_relay", .array(badRelay())),
            ("messages", .array(messages())),
        ])
    )
}

// MARK: The relay's message

/// Frames with a message of the relay's operator beside them. Where the message breaks a rule, a device reads the frame
/// alone.
private func messages() -> [JSON] {
    let offered = RelayFrame.offered(slot: slot, token: token, expiresIn: .seconds(600))
    let frames: [RelayFrame] = [
        offered, .inLine(position: 1), .met(meeting: meeting, token: token, expiresIn: .seconds(600)),
        .attachedOfferer(expiresIn: .seconds(300), meetings: [], slotLost: false),
        .attachedVisitor(expiresIn: .seconds(300), have: 2),
        .workWanted(challenge: work.challenge, difficulty: 16, expiresIn: .seconds(30)),
        .refused(.draining, retryAfter: .seconds(2)),
    ]
    let sentence = "Maintenance on 1 December from 8:00 to 9:00 UTC."
    let good =
        frames.map { ($0, "beside each frame that answers a first frame", sentence) }
        + [
            (offered, "other scripts", "Wartung am 1. Dezember · 12月1日はメンテナンスです"),
            (offered, "right to left, and an apostrophe", "תחזוקה ב-1 בדצמבר, that's all"),
            (offered, "one character", "."), (offered, "160 characters", String(repeating: "a", count: 160)),
            (offered, "320 bytes", String(repeating: "é", count: 160)),
        ]
    let bad: [(String, [UInt8])] = [
        ("161 characters", Array(repeating: UInt8(ascii: "a"), count: 161)),
        ("321 bytes", Array((String(repeating: "é", count: 159) + "一").utf8)),
        ("no UTF-8", [0x61, 0xFF]), ("UTF-8 that is cut off", [0x61, 0xC3]), ("a surrogate", [0xED, 0xA0, 0x80]),
        ("more bytes than there are", [0xC1, 0xA1]), ("a space alone", Array(" ".utf8)),
        ("two lines", Array("one\ntwo".utf8)), ("a carriage return", Array("one\rtwo".utf8)),
        ("a tab", Array("one\ttwo".utf8)), ("an escape sequence", Array("\u{1B}[2Jcode".utf8)),
        ("a control character of C1", Array("\u{9B}2J".utf8)), ("zero", [0x61, 0, 0x61]),
        ("U+2028 ends a line", Array("one\u{2028}two".utf8)),
        ("U+202E turns the direction", Array("one\u{202E}two".utf8)),
        ("U+2066 isolates", Array("one\u{2066}two".utf8)), ("U+200B has no width", Array("one\u{200B}two".utf8)),
        ("U+FEFF", Array("\u{FEFF}one".utf8)), ("a no-break space", Array("one\u{A0}two".utf8)),
        ("two spaces", Array("one  two".utf8)), ("a space at the end", Array("one ".utf8)),
        ("a quotation mark", Array("one\" two".utf8)), ("a closing quotation mark", Array("one\u{201D} two".utf8)),
        ("two apostrophes look like one", Array("one'' two".utf8)), ("a mark first", Array("\u{301}one".utf8)),
        ("five marks on a letter", Array("a\u{300}\u{308}\u{304}\u{30C}\u{323}".utf8)),
        ("not NFC", Array("e\u{301}".utf8)), ("a private character", Array("\u{E000}".utf8)),
        ("a character that is not assigned", Array("\u{378}".utf8)),
        ("a link", Array("See https://relay.example/".utf8)),
        ("a link without a scheme", Array("See WWW.relay.example".utf8)),
    ]
    return good.map { frame, why, text in message(why, frame, Array(text.utf8), read: text) }
        + bad.map { why, bytes in message(why, offered, bytes, read: nil) }
}

/// Makes a case of a frame with a message. `read` is the message that a device takes; nil if it ignores it.
private func message(_ why: String, _ frame: RelayFrame, _ message: [UInt8], read: String?) -> JSON {
    let length =
        message.count < 128 ? [UInt8(message.count)] : [UInt8(message.count & 0x7F | 0x80), UInt8(message.count >> 7)]
    return .object([
        ("why", .string(why)), ("frame", .string(frame.fields.0)), ("frame_bytes", .hex(frame.serialized())),
        ("bytes", .hex(frame.serialized() + [0x7A] + length + message)), ("message", read.map { .string($0) } ?? .null),
    ])
}

private func frame(_ fields: (String, JSON), _ bytes: [UInt8]) -> JSON {
    .object([("frame", .string(fields.0)), ("fields", fields.1), ("bytes", .hex(bytes))])
}

/// Makes a case of invalid bytes. `error` is the parser's error, which names the field if one is invalid.
private func bad(_ why: String, _ bytes: [UInt8], _ error: String) -> JSON {
    .object([("why", .string(why)), ("bytes", .hex(bytes)), ("error", .string(error))])
}

private func badDevice() -> [JSON] {
    [
        bad("no bytes: no frame", [], "unknown"),
        bad("a frame of number 100", [0xA2, 0x06, 0], "unknown"),
        bad("cut off", [0x0A, 5, 1], "malformed"),
        bad("slot that is no UTF-8", [0x12, 4, 0x0A, 2, 0xC3, 0x28], "malformed"),
        bad("4097 bytes", [UInt8](repeating: 0, count: 4097), "too long"),
        bad("slot length 2", DeviceFrame.offer(slotLength: 2, work: nil).serialized(), "slot_length"),
        bad("slot length 7", DeviceFrame.offer(slotLength: 7, work: nil).serialized(), "slot_length"),
        bad("no slot", [0x12, 0], "slot"),
        bad("slot in lower case", [0x12, 5, 0x0A, 3, 0x6B, 0x37, 0x71], "slot"),
        bad("slot of 2 symbols", [0x12, 4, 0x0A, 2, 0x4B, 0x37], "slot"),
        bad("slot with an I", [0x12, 5, 0x0A, 3, 0x49, 0x37, 0x37], "slot"),
        bad("no meeting where one must be", [0x3A, 0], "meeting"),
        bad("meeting of 1 byte", [0x3A, 3, 0x0A, 1, 1], "meeting"),
        bad(
            "empty token",
            DeviceFrame.attachVisitor(token: Token(bytes: []), acked: 0, received: 0).serialized(),
            "token"
        ),
        bad(
            "token of 129 bytes",
            DeviceFrame.attachOfferer(token: Token(bytes: [UInt8](repeating: 1, count: 129)), held: []).serialized(),
            "token"
        ),
        bad(
            "one meeting held twice",
            DeviceFrame.attachOfferer(
                token: token,
                held: (0..<2).map { _ in MeetingResume(meeting: meeting, acked: 0, received: 0, isSeated: false) }
            ).serialized(),
            "held"
        ),
        bad(
            "message number 0",
            DeviceFrame.message(meeting: nil, Message(number: 0, ack: 0, body: [1])).serialized(),
            "number"
        ),
        bad("empty body", DeviceFrame.message(meeting: nil, Message(number: 1, ack: 0, body: [])).serialized(), "body"),
        bad(
            "body of 2049 bytes",
            DeviceFrame.message(meeting: nil, Message(number: 1, ack: 0, body: [UInt8](repeating: 0, count: 2049)))
                .serialized(),
            "body"
        ),
        bad(
            "answer of 7 bytes",
            DeviceFrame.offer(slotLength: 0, work: Work(challenge: [1], answer: Array(1...7))).serialized(),
            "answer"
        ),
    ]
}

private func badRelay() -> [JSON] {
    [
        bad("no bytes: no frame", [], "unknown"),
        bad("position 0", RelayFrame.inLine(position: 0).serialized(), "position"),
        bad("no meeting where one must be", [0x22, 0], "meeting"),
        bad(
            "difficulty 25",
            RelayFrame.workWanted(challenge: [1], difficulty: 25, expiresIn: .seconds(30)).serialized(),
            "difficulty"
        ),
        bad(
            "empty challenge",
            RelayFrame.workWanted(challenge: [], difficulty: 1, expiresIn: .seconds(30)).serialized(),
            "challenge"
        ),
    ]
}

// MARK: Fields

/// Makes a JSON object of the members that do not have a field's default value, in the given order.
private func members(_ all: [(String, JSON)]) -> JSON {
    .object(
        all.filter { _, value in
            switch value {
            case .string(""), .integer(0), .boolean(false), .null, .string("unspecified"): false
            case .array(let values): !values.isEmpty
            case .string, .integer, .boolean, .object: true
            }
        }
    )
}

private func json(_ meeting: MeetingID?) -> JSON { .hex(meeting?.bytes ?? []) }
private func json(_ time: Duration) -> JSON {
    .integer(Int(time.components.seconds * 1000 + time.components.attoseconds / 1_000_000_000_000_000))
}
private func json(_ work: Work?) -> JSON {
    work.map { .object([("challenge", .hex($0.challenge)), ("answer", .hex($0.answer))]) } ?? .null
}
private func json(_ meeting: MeetingID?, _ message: Message) -> JSON {
    members([
        ("meeting", json(meeting)), ("number", .integer(Int(message.number))), ("ack", .integer(Int(message.ack))),
        ("body", .hex(message.body)),
    ])
}

extension DeviceFrame {
    fileprivate var fields: (String, JSON) {
        switch self {
        case .offer(let length, let work):
            ("offer", members([("slot_length", .integer(length)), ("work", json(work))]))
        case .visit(let slot, let work): ("visit", members([("slot", .string(slot.symbols)), ("work", json(work))]))
        case .attachOfferer(let token, let held, let attempt):
            (
                "attach_offerer",
                members([
                    ("token", .hex(token.bytes)),
                    (
                        "held",
                        .array(
                            held.map {
                                members([
                                    ("meeting", json($0.meeting)), ("acked", .integer(Int($0.acked))),
                                    ("received", .integer(Int($0.received))), ("seated", .boolean($0.isSeated)),
                                ])
                            }
                        )
                    ),
                    ("attempt", .integer(Int(attempt))),
                ])
            )
        case .attachVisitor(let token, let acked, let received, let attempt):
            (
                "attach_visitor",
                members([
                    ("token", .hex(token.bytes)), ("acked", .integer(Int(acked))),
                    ("received", .integer(Int(received))), ("attempt", .integer(Int(attempt))),
                ])
            )
        case .message(let meeting, let message): ("message", json(meeting, message))
        case .ack(let meeting, let upTo): ("ack", members([("meeting", json(meeting)), ("ack", .integer(Int(upTo)))]))
        case .seat(let meeting): ("seat", members([("meeting", json(meeting))]))
        case .close(let meeting, let reason):
            ("close", members([("meeting", json(meeting)), ("reason", .string(reason.rawValue))]))
        case .leave(let reason): ("leave", members([("reason", .string(reason.rawValue))]))
        }
    }
}

extension RelayFrame {
    fileprivate var fields: (String, JSON) {
        switch self {
        case .offered(let slot, let token, let time):
            (
                "offered",
                members([
                    ("slot", .string(slot.symbols)), ("token", .hex(token.bytes)), ("expires_in_ms", json(time)),
                ])
            )
        case .inLine(let position): ("in_line", members([("position", .integer(position))]))
        case .met(let meeting, let token, let time):
            (
                "met",
                members([("meeting", json(meeting)), ("token", .hex(token.bytes)), ("expires_in_ms", json(time))])
            )
        case .visitor(let meeting): ("visitor", members([("meeting", json(meeting))]))
        case .message(let meeting, let message): ("message", json(meeting, message))
        case .ack(let meeting, let upTo): ("ack", members([("meeting", json(meeting)), ("ack", .integer(Int(upTo)))]))
        case .attachedVisitor(let time, let have):
            ("attached_visitor", members([("expires_in_ms", json(time)), ("have", .integer(Int(have)))]))
        case .attachedOfferer(let time, let meetings, let slotLost):
            (
                "attached_offerer",
                members([
                    ("expires_in_ms", json(time)),
                    (
                        "meetings",
                        .array(
                            meetings.map {
                                members([("meeting", json($0.meeting)), ("have", .integer(Int($0.have)))])
                            }
                        )
                    ), ("slot_lost", .boolean(slotLost)),
                ])
            )
        case .presence(let meeting, let isPresent):
            ("presence", members([("meeting", json(meeting)), ("present", .boolean(isPresent))]))
        case .seated(let meeting, let time):
            ("seated", members([("meeting", json(meeting)), ("expires_in_ms", json(time))]))
        case .over(let meeting, let reason):
            ("over", members([("meeting", json(meeting)), ("reason", .string(reason.rawValue))]))
        case .refused(let reason, let time):
            ("refused", members([("reason", .string(reason.rawValue)), ("retry_after_ms", json(time))]))
        case .workWanted(let challenge, let difficulty, let time):
            (
                "work_wanted",
                members([
                    ("challenge", .hex(challenge)), ("difficulty", .integer(difficulty)), ("expires_in_ms", json(time)),
                ])
            )
        case .goodbye(let time): ("goodbye", members([("retry_after_ms", json(time))]))
        }
    }
}

// MARK: Tokens

private func tokens() throws -> VectorFile {
    let current = [UInt8](0x40..<0x60)
    let previous = [UInt8](0x60..<0x80)
    let keys = try TokenKeys(current: current)
    let offer = OfferID(Array(0x80..<0x90))!
    let all = [
        TokenClaims(slot: slot, offer: offer, meeting: nil, deadline: 2_000_000_600),
        TokenClaims(slot: slot, offer: offer, meeting: meeting, deadline: 2_000_000_600),
        TokenClaims(slot: Slot("K7Q29M")!, offer: offer, meeting: meeting, deadline: 4_102_444_800),
    ]
    let good = all[1].token(keys: keys).bytes
    func changed(_ index: Int) -> [UInt8] {
        var bytes = good
        bytes[index] ^= 1
        return bytes
    }
    return VectorFile(
        name: "tokens.json",
        content: .object([
            ("kind", "tokens"),
            ("about", "Tokens of this relay, by relay.md, \"Tokens\". They are opaque to devices."),
            ("key", .hex(current)),
            ("previous_key", .hex(previous)),
            (
                "tokens",
                .array(
                    all.map {
                        .object([
                            ("slot", .string($0.slot.symbols)), ("offer", .hex($0.offer.bytes)),
                            ("meeting", $0.meeting.map { .hex($0.bytes) } ?? .null),
                            ("deadline", .integer(Int($0.deadline))), ("token", .hex($0.token(keys: keys).bytes)),
                        ])
                    }
                )
            ),
            ("previous_token", .hex(all[0].token(keys: try TokenKeys(current: previous)).bytes)),
            (
                "bad",
                .array([
                    bad("version 0", changed(0), "invalid"), bad("another key's id", changed(1), "unknown key"),
                    bad("role changed", changed(5), "invalid"), bad("slot changed", changed(7), "invalid"),
                    bad("offer changed", changed(13), "invalid"), bad("meeting changed", changed(29), "invalid"),
                    bad("deadline changed", changed(52), "invalid"), bad("MAC changed", changed(84), "invalid"),
                    bad("cut off", Array(good.dropLast()), "invalid"), bad("a byte more", good + [0], "invalid"),
                    bad("one byte", [1], "invalid"),
                ])
            ),
        ])
    )
}
