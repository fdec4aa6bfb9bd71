import EasySetupRelayProtocol
import SeededRandom
import Testing

@Suite("Frames on the wire") struct FrameTests {
    @Test("A device's frame comes out as it went in", arguments: Samples.device)
    func deviceRoundTrip(frame: DeviceFrame) throws {
        #expect(try DeviceFrame(parsing: frame.serialized()) == frame)
        #expect(frame.serialized().count <= WireLimits.frameBytes)
    }

    @Test("A relay's frame comes out as it went in", arguments: Samples.relay)
    func relayRoundTrip(frame: RelayFrame) throws {
        #expect(try RelayFrame(parsing: frame.serialized()) == frame)
        #expect(frame.serialized().count <= WireLimits.frameBytes)
    }

    @Test("The bytes of frames are canonical protocol buffers") func exactBytes() {
        #expect(DeviceFrame.offer(slotLength: 0, work: nil).serialized() == [0x0A, 0])
        #expect(
            DeviceFrame.visit(slot: Samples.slot, work: nil).serialized()
                == [0x12, 5, 0x0A, 3] + Array("K7Q".utf8)
        )
        #expect(
            DeviceFrame.message(meeting: nil, Message(number: 1, ack: 0, body: [9])).serialized()
                == [0x2A, 5, 0x10, 1, 0x22, 1, 9]
        )
        #expect(RelayFrame.inLine(position: 300).serialized() == [0x12, 3, 0x08, 0xAC, 2])
    }

    @Test(
        "A time that does not fit becomes the nearest one that does",
        arguments: [
            (Duration.seconds(-5), Duration.zero), (.zero, .zero), (.nanoseconds(1), .milliseconds(1)),
            (.milliseconds(4_294_967_001), .milliseconds(4_294_967_001)),
            (.microseconds(2_999), .milliseconds(2)), (.seconds(1 << 40), .milliseconds(Int64(UInt32.max))),
        ]
    )
    func durations(given: Duration, expected: Duration) throws {
        let bytes = RelayFrame.goodbye(retryAfter: given).serialized()
        #expect(try RelayFrame(parsing: bytes) == .goodbye(retryAfter: expected))
    }

    @Test("A reason of a later version is unspecified") func unknownReason() throws {
        #expect(try DeviceFrame(parsing: [0x4A, 3, 0x08, 0xE7, 0x07]) == .leave(.unspecified))
    }

    @Test("Fields of a later version are ignored") func unknownField() throws {
        #expect(try DeviceFrame(parsing: [0x4A, 5, 0x08, 2, 0x92, 0x03, 0]) == .leave(.cancelled))
    }
}

@Suite("Bad frames") struct BadFrameTests {
    static let longToken = Token(bytes: [UInt8](repeating: 1, count: 129))
    static let held = MeetingResume(meeting: Samples.meeting, acked: 0, received: 0, isSeated: true)

    @Test(
        "A device's bad field is named",
        arguments: [
            (DeviceFrame.offer(slotLength: 2, work: nil), FrameError.Field.slotLength),
            (.offer(slotLength: 7, work: nil), .slotLength),
            (.offer(slotLength: 3, work: Work(challenge: [], answer: Samples.work.answer)), .challenge),
            (
                .offer(
                    slotLength: 3,
                    work: Work(challenge: [UInt8](repeating: 0, count: 65), answer: Samples.work.answer)
                ), .challenge
            ),
            (.visit(slot: Samples.slot, work: Work(challenge: [1], answer: [1, 2, 3, 4, 5, 6, 7])), .answer),
            (.attachVisitor(token: Token(bytes: []), acked: 0, received: 0), .token),
            (.attachVisitor(token: longToken, acked: 0, received: 0), .token),
            (.attachOfferer(token: longToken, held: []), .token),
            (.attachOfferer(token: Samples.token, held: [held, held]), .held),
            (
                .attachOfferer(
                    token: Samples.token,
                    held: [held, MeetingResume(meeting: Samples.other, acked: 0, received: 0, isSeated: true)]
                ), .held
            ),
            (
                .attachOfferer(
                    token: Samples.token,
                    held: (0..<17).map {
                        MeetingResume(
                            meeting: MeetingID([UInt8](repeating: $0, count: 16))!,
                            acked: 0,
                            received: 0,
                            isSeated: false
                        )
                    }
                ), .held
            ),
            (.message(meeting: nil, Message(number: 0, ack: 0, body: [1])), .number),
            (.message(meeting: nil, Message(number: 1, ack: 0, body: [])), .body),
            (.message(meeting: nil, Message(number: 1, ack: 0, body: [UInt8](repeating: 1, count: 2049))), .body),
        ]
    )
    func device(frame: DeviceFrame, field: FrameError.Field) {
        #expect(throws: FrameError.badField(field)) { try DeviceFrame(parsing: frame.serialized()) }
    }

    @Test(
        "A relay's bad field is named",
        arguments: [
            (RelayFrame.inLine(position: 0), FrameError.Field.position),
            (.offered(slot: Samples.slot, token: longToken, expiresIn: .zero), .token),
            (.workWanted(challenge: [], difficulty: 1, expiresIn: .zero), .challenge),
            (.workWanted(challenge: [1], difficulty: 0, expiresIn: .zero), .difficulty),
            (.workWanted(challenge: [1], difficulty: 25, expiresIn: .zero), .difficulty),
            (.message(meeting: nil, Message(number: 0, ack: 0, body: [1])), .number),
            (
                .attachedOfferer(
                    expiresIn: .zero,
                    meetings: [
                        MeetingProgress(meeting: Samples.meeting, have: 0),
                        MeetingProgress(meeting: Samples.meeting, have: 1),
                    ],
                    slotLost: false
                ), .meetings
            ),
        ]
    )
    func relay(frame: RelayFrame, field: FrameError.Field) {
        #expect(throws: FrameError.badField(field)) { try RelayFrame(parsing: frame.serialized()) }
    }

    @Test(
        "Bytes of no frame are refused",
        arguments: [
            ([], FrameError.unknown),
            ([0xF2, 0x06, 0], .unknown),
            ([0x0A], .malformed),
            ([0x0A, 5, 1], .malformed),
            ([0x12, 4, 0x0A, 2, 0xC3, 0x28], .malformed),
            ([0x12, 5, 0x0A, 3, 0x6B, 0x37, 0x71], .badField(.slot)),
            ([0x12, 4, 0x0A, 2, 0x4B, 0x37], .badField(.slot)),
            ([0x12, 0], .badField(.slot)),
            ([0x3A, 0], .badField(.meeting)),
            ([0x3A, 3, 0x0A, 1, 1], .badField(.meeting)),
            ([0x2A, 8, 0x0A, 1, 1, 0x10, 1, 0x22, 1, 9], .badField(.meeting)),
            ([UInt8](repeating: 0, count: 4097), .tooLong),
        ] as [([UInt8], FrameError)]
    )
    func bytes(bytes: [UInt8], error: FrameError) {
        #expect(throws: error) { try DeviceFrame(parsing: bytes) }
    }

    @Test("A frame that is cut or changed gives a frame or an error, and never more", arguments: 0..<20)
    func mutations(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let frames = Samples.device.map { $0.serialized() } + Samples.relay.map { $0.serialized() }
        for bytes in frames {
            for _ in 0..<20 {
                var changed = bytes
                switch Int.random(in: 0..<4, using: &random) {
                case 0: changed = Array(changed.prefix(Int.random(in: 0...changed.count, using: &random)))
                case 1: changed.insert(.random(in: 0...255, using: &random), at: 0)
                case 2: changed += (0..<5).map { _ in UInt8.random(in: 0...255, using: &random) }
                default: break
                }
                for _ in 0..<3 where !changed.isEmpty {
                    changed[Int.random(in: changed.indices, using: &random)] ^=
                        1 << UInt8.random(in: 0..<8, using: &random)
                }
                // A frame that parses keeps the rules, so it can be written and parsed again.
                if let frame = try? DeviceFrame(parsing: changed) {
                    #expect(try DeviceFrame(parsing: frame.serialized()) == frame)
                }
                if let frame = try? RelayFrame(parsing: changed) {
                    #expect(try RelayFrame(parsing: frame.serialized()) == frame)
                }
            }
        }
    }
}
