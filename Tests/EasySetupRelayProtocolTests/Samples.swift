import EasySetupRelayProtocol

/// One of every frame, fields filled.
enum Samples {
    static let meeting = MeetingID(Array(0x10..<0x20))!
    static let other = MeetingID(Array(0x20..<0x30))!
    static let slot = Slot("K7Q")!
    static let token = Token(bytes: Array(0..<85))
    static let work = Work(challenge: Array(0..<34), answer: [1, 2, 3, 4, 5, 6, 7, 8])
    static let message = Message(number: 3, ack: 2, body: Array("sealed".utf8))

    static let device: [DeviceFrame] =
        [
            .offer(slotLength: 0, work: nil),
            .offer(slotLength: 6, work: work),
            .visit(slot: slot, work: nil),
            .visit(slot: Slot("K7Q29M")!, work: work),
            .attachOfferer(token: token, held: []),
            .attachOfferer(
                token: token,
                held: [
                    MeetingResume(meeting: meeting, acked: 1, received: 2, isSeated: true),
                    MeetingResume(meeting: other, acked: 0, received: 0, isSeated: false),
                ]
            ),
            .attachVisitor(token: token, acked: 7, received: .max, attempt: .max),
            .attachOfferer(token: token, held: [], attempt: 1),
            .message(meeting: nil, message),
            .message(meeting: meeting, Message(number: .max, ack: .max, body: [UInt8](repeating: 0xAB, count: 2048))),
            .ack(meeting: nil, upTo: 1),
            .ack(meeting: meeting, upTo: 9),
            .seat(meeting: meeting),
            .leave(.cancelled),
        ] + Reason.allCases.map { .close(meeting: meeting, $0) }

    static let relay: [RelayFrame] =
        [
            .offered(slot: slot, token: token, expiresIn: .seconds(600)),
            .inLine(position: 17),
            .met(meeting: meeting, token: token, expiresIn: .milliseconds(599_999)),
            .visitor(meeting: meeting),
            .message(meeting: nil, message),
            .message(meeting: meeting, message),
            .ack(meeting: nil, upTo: 4),
            .ack(meeting: meeting, upTo: 4),
            .attachedVisitor(expiresIn: .zero, have: 5),
            .attachedOfferer(expiresIn: .seconds(1), meetings: [], slotLost: false),
            .attachedOfferer(
                expiresIn: .seconds(1),
                meetings: [MeetingProgress(meeting: meeting, have: 2), MeetingProgress(meeting: other, have: 0)],
                slotLost: true
            ),
            .presence(meeting: nil, isPresent: true),
            .presence(meeting: meeting, isPresent: false),
            .seated(meeting: nil, expiresIn: .seconds(300)),
            .seated(meeting: meeting, expiresIn: .seconds(300)),
            .over(meeting: meeting, .tooSlow),
            .workWanted(challenge: work.challenge, difficulty: 16, expiresIn: .seconds(30)),
            .goodbye(retryAfter: .seconds(2)),
        ] + Reason.allCases.map { .over(meeting: nil, $0) }
        + Reason.allCases.map { .refused($0, retryAfter: .seconds(30)) }
}
