import EasySetupRelayProtocol

/// Makes the vectors of the bodies of long-poll requests and answers (`Protocol/http.md`, "Calls").
func callVectors() -> [VectorFile] {
    [
        VectorFile(
            name: "calls.json",
            content: .object([
                ("kind", "calls"),
                (
                    "about",
                    "Bodies of http.proto: fields (names as there, bytes in hex, defaults left out) and their bytes."
                ),
                ("send_call", .array(sends.map { body($0.fields, $0.serialized()) })),
                ("send_answer", .array(sendAnswers.map { body([number("have", $0.have)], $0.serialized()) })),
                ("poll_call", .array(polls.map { body($0.fields, $0.serialized()) })),
                ("poll_answer", .array(pollAnswers.map { body($0.fields, $0.serialized()) })),
                ("bad", .array(badBodies())),
            ])
        )
    ]
}

private let connection = LongPollConnectionID(Array(0x30..<0x40))!
private let offer = DeviceFrame.offer(slotLength: 0, work: nil).serialized()
private let hello = DeviceFrame.message(meeting: nil, Message(number: 1, ack: 0, body: Array("hello".utf8)))
    .serialized()
private let leave = DeviceFrame.leave(.done).serialized()
private let inLine = RelayFrame.inLine(position: 17).serialized()
private let over = RelayFrame.over(meeting: nil, .done).serialized()

private let sends = [
    SendCall(connection: connection, first: 1, frames: [offer]),
    SendCall(connection: connection, first: 300, frames: [hello, leave], isClosing: true),
    SendCall(connection: connection, first: .max, frames: []),
]
private let sendAnswers = [SendAnswer(have: 0), SendAnswer(have: 1), SendAnswer(have: .max)]
private let polls = [
    PollCall(connection: connection, received: 0, wait: .seconds(20)),
    PollCall(connection: connection, received: 300, wait: .zero),
]
private let pollAnswers = [
    PollAnswer(first: 1, frames: []),
    PollAnswer(first: 1, frames: [inLine]),
    PollAnswer(first: 300, frames: [inLine, over], isClosed: true),
]

private func badBodies() -> [JSON] {
    [
        bad("no bytes", "send_call", [], "malformed"),
        bad("cut off", "send_call", sends[0].serialized().dropLast(), "malformed"),
        bad(
            "first 0",
            "send_call",
            SendCall(connection: connection, first: 0, frames: [offer]).serialized(),
            "malformed"
        ),
        bad("connection of 2 bytes", "poll_call", [0x0A, 2, 1, 2], "malformed"),
        bad("no connection", "poll_call", [0x10, 1], "malformed"),
        bad("16,385 bytes", "poll_call", [UInt8](repeating: 0, count: 16_385), "too long"),
        bad("first 0", "poll_answer", PollAnswer(first: 0, frames: [inLine]).serialized(), "malformed"),
        bad("no protocol buffer", "send_answer", [0xFF], "malformed"),
    ]
}

private func body(_ fields: [(String, JSON)?], _ bytes: [UInt8]) -> JSON {
    .object([("fields", .object(fields.compactMap(\.self))), ("bytes", .hex(bytes))])
}

private func bad(_ why: String, _ body: String, _ bytes: some Sequence<UInt8>, _ error: String) -> JSON {
    .object([("why", .string(why)), ("body", .string(body)), ("bytes", .hex(bytes)), ("error", .string(error))])
}

/// Makes a member of a JSON object; nil for the default value of a field, because the encoded bytes leave it out too.
private func number(_ name: String, _ value: UInt32) -> (String, JSON)? {
    value == 0 ? nil : (name, .integer(Int(value)))
}

private func list(_ name: String, _ frames: [[UInt8]]) -> (String, JSON)? {
    frames.isEmpty ? nil : (name, .array(frames.map { .hex($0) }))
}

extension SendCall {
    fileprivate var fields: [(String, JSON)?] {
        [
            ("connection", .hex(connection.bytes)), number("first", first), list("frames", frames),
            isClosing ? ("closing", true) : nil,
        ]
    }
}

extension PollCall {
    fileprivate var fields: [(String, JSON)?] {
        let milliseconds = UInt32(wait / .milliseconds(1))
        return [("connection", .hex(connection.bytes)), number("received", received), number("wait_ms", milliseconds)]
    }
}

extension PollAnswer {
    fileprivate var fields: [(String, JSON)?] {
        [number("first", first), list("frames", frames), isClosed ? ("closed", true) : nil]
    }
}
