import Foundation
import SeededRandom
import SwiftProtobuf
import Testing

@testable import EasySetupRelayProtocol

/// Frames that are read and written without SwiftProtobuf, compared with those of SwiftProtobuf.
@Suite("The plain form of frames") struct PlainFrameTests {
    @Test("A frame that is read plainly is the one that the general reader finds", arguments: 0..<4 as Range<UInt64>)
    func reading(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var (plain, others) = (0, 0)
        for _ in 0..<2_000 {
            let bytes = Self.changed(DeviceFrame.drawn(from: &random).serialized(), by: &random)
            guard let frame = DeviceFrame(plain: bytes.span) else {
                others += 1
                continue
            }
            plain += 1
            #expect(throws: Never.self) { try #expect(DeviceFrame(general: bytes) == frame) }
            #expect(try DeviceFrame(parsing: bytes) == frame)
        }
        // Both happen, or nothing was compared.
        #expect(plain > 200)
        #expect(others > 200)
    }

    @Test(
        "A relay's frame that is read plainly is the one that the general reader finds",
        arguments: 0..<4 as Range<UInt64>
    )
    func readingOfRelays(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var kinds: Set<UInt8> = []
        var others = 0
        for _ in 0..<4_000 {
            let bytes = Self.changed(RelayFrame.drawn(from: &random).serialized(), by: &random)
            guard let frame = RelayFrame(plain: bytes.span) else {
                others += 1
                continue
            }
            kinds.insert(bytes[0] >> 3)
            #expect(throws: Never.self) { try #expect(ReceivedFrame(general: bytes) == ReceivedFrame(frame)) }
            #expect(try ReceivedFrame(parsing: bytes) == ReceivedFrame(frame))
        }
        #expect(kinds == [3, 5, 6, 9, 10, 11])
        #expect(others > 200)
    }

    /// As it is, or with something wrong or merely unusual about it.
    static func changed(_ bytes: [UInt8], by random: inout SplitMix) -> [UInt8] {
        var changed = bytes
        switch Int.random(in: 0..<6, using: &random) {
        case 0: changed = Array(changed.prefix(Int.random(in: 0...changed.count, using: &random)))
        case 1: changed += (0..<Int.random(in: 1...3, using: &random)).map { _ in .random(in: 0...255, using: &random) }
        case 2, 3:
            // Within the first bytes, where the tags and the numbers are.
            for _ in 0..<Int.random(in: 1...2, using: &random) where !changed.isEmpty {
                let place = Int.random(in: 0..<min(changed.count, 30), using: &random)
                changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
        case 4:
            // A field more, and a length that fits again, if it was of one byte.
            guard changed.count > 1, changed[1] < 120 else { break }
            let field = UInt8.random(in: 1...6, using: &random) << 3
            let value = UInt8.random(in: 0...6, using: &random)
            changed.insert(contentsOf: [field, value], at: Bool.random(using: &random) ? 2 : changed.count)
            changed[1] += 2
        default: break
        }
        return changed
    }

    @Test(
        "Every frame that devices often write is read plainly",
        arguments: 0..<4 as Range<UInt64>
    )
    func written(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var kinds: Set<Int> = []
        for _ in 0..<2_000 {
            let frame = DeviceFrame.drawn(from: &random)
            let bytes = frame.serialized()
            let read = DeviceFrame(plain: bytes.span)
            guard frame.isPlain else {
                #expect(read == nil)
                continue
            }
            kinds.insert(Int(bytes[0] >> 3))
            #expect(read == frame)
        }
        #expect(kinds == [1, 2, 5, 6, 7, 8, 9])
    }

    @Test(
        "A frame that is not in the plainest form is left to the general reader, and is a frame all the same",
        arguments: [
            // The slot's length written out as zero; its tag as two bytes; the frame's length as two.
            ([0x0A, 2, 0x08, 0], DeviceFrame.offer(slotLength: 0, work: nil)),
            ([0x0A, 3, 0x88, 0, 4], .offer(slotLength: 4, work: nil)),
            ([0x0A, 0x82, 0, 0x08, 4], .offer(slotLength: 4, work: nil)),
            ([0x0A, 3, 0x08, 0x84, 0], .offer(slotLength: 4, work: nil)),
            // The last of two counts.
            ([0x0A, 4, 0x08, 3, 0x08, 4], .offer(slotLength: 4, work: nil)),
            ([0x4A, 2, 0x08, 1, 0x4A, 2, 0x08, 2], .leave(.cancelled)),
            // Another one before it, which does not count.
            ([0x0A, 0, 0x4A, 2, 0x08, 2], .leave(.cancelled)),
            // Numbers in another order, and one of a later version.
            ([0x2A, 5, 0x22, 1, 9, 0x10, 1], .message(meeting: nil, Message(number: 1, ack: 0, body: [9]))),
            ([0x32, 4, 0x10, 7, 0x48, 1], .ack(meeting: nil, upTo: 7)),
            // Cut to 32 bits, as protocol buffers have it.
            ([0x32, 6, 0x10, 0x81, 0x80, 0x80, 0x80, 0x10], .ack(meeting: nil, upTo: 1)),
        ] as [([UInt8], DeviceFrame)]
    )
    func unusual(bytes: [UInt8], frame: DeviceFrame) throws {
        #expect(DeviceFrame(plain: bytes.span) == nil)
        #expect(try DeviceFrame(parsing: bytes) == frame)
    }

    @Test("A device's frames have the bytes that SwiftProtobuf gives them", arguments: 0..<4 as Range<UInt64>)
    func writingOfDevices(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var kinds: Set<UInt8> = []
        for _ in 0..<2_000 {
            let frame = DeviceFrame.drawn(from: &random)
            let wanted: [UInt8] = try frame.reference.serializedBytes()
            #expect(frame.serialized() == wanted)
            kinds.insert(wanted[0] >> 3)
        }
        #expect(kinds == Set(1...9))
    }

    @Test("A relay's frames have the bytes that SwiftProtobuf gives them", arguments: 0..<4 as Range<UInt64>)
    func writing(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var kinds: Set<UInt8> = []
        for _ in 0..<2_000 {
            let frame = RelayFrame.drawn(from: &random)
            let wanted: [UInt8] = try frame.reference.serializedBytes()
            #expect(frame.serialized() == wanted)
            #expect(frame.encodedSize.byteCount == wanted.count)
            kinds.insert(wanted[0] >> 3)
        }
        #expect(kinds == Set(1...14))
    }

    @Test(
        "A length that no frame has is written as SwiftProtobuf writes it",
        arguments: [
            0, 1, 126, 127, 128, 129, 16_380, 16_381, 16_382, 16_383, 16_384, 2_097_151, 2_097_152,
        ]
    )
    func lengths(count: Int) throws {
        let body = [UInt8](repeating: 0xAB, count: count)
        for number in UInt32.edges {
            let frame = RelayFrame.message(meeting: nil, Message(number: number, ack: .max - number, body: body))
            #expect(try frame.serialized() == frame.reference.serializedBytes())
        }
    }
}

extension UInt32 {
    /// Where a number's form changes.
    static let edges: [UInt32] = [
        0, 1, 2, 126, 127, 128, 255, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455, 268_435_456,
        UInt32(Int32.max), .max - 1, .max,
    ]

    fileprivate static func drawn(from random: inout SplitMix) -> UInt32 {
        Bool.random(using: &random) ? edges.randomElement(using: &random)! : .random(in: 0 ... .max, using: &random)
    }
}

extension [UInt8] {
    fileprivate static func drawn(_ counts: ClosedRange<Int>, from random: inout SplitMix) -> [UInt8] {
        let edges = [counts.lowerBound, counts.upperBound, 100, 112, 120, 127, 128, 129].filter(counts.contains)
        let count =
            Bool.random(using: &random) ? edges.randomElement(using: &random)! : .random(in: counts, using: &random)
        return (0..<count).map { _ in .random(in: 0...255, using: &random) }
    }
}

extension MeetingID {
    fileprivate static func drawn(from random: inout SplitMix) -> MeetingID {
        // One of zeros is a meeting like any other.
        Int.random(in: 0..<8, using: &random) == 0
            ? MeetingID([UInt8](repeating: 0, count: 16))! : MeetingID(drawnFrom: &random)
    }
}

extension Slot {
    fileprivate static func drawn(from random: inout SplitMix) -> Slot {
        let symbols = (0..<Int.random(in: lengths, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
        return Slot(String(decoding: symbols, as: UTF8.self))!
    }
}

extension Duration {
    fileprivate static func drawn(from random: inout SplitMix) -> Duration {
        .milliseconds(Int64(UInt32.drawn(from: &random)))
    }
}

extension DeviceFrame {
    /// Of any kind, within the rules.
    fileprivate static func drawn(from random: inout SplitMix) -> DeviceFrame {
        let meeting = MeetingID.drawn(from: &random)
        let named = Bool.random(using: &random) ? meeting : nil
        let reason = Reason.allCases.randomElement(using: &random)!
        let work = Int.random(in: 0..<4, using: &random) == 0 ? Samples.work : nil
        switch Int.random(in: 0..<9, using: &random) {
        case 0: return .offer(slotLength: [0, 3, 4, 5, 6].randomElement(using: &random)!, work: work)
        case 1: return .visit(slot: .drawn(from: &random), work: work)
        case 2:
            let held = (0..<Int.random(in: 0...WireLimits.heldMeetings, using: &random)).map {
                MeetingResume(
                    meeting: .drawn(from: &random),
                    acked: .drawn(from: &random),
                    received: .drawn(from: &random),
                    isSeated: $0 == 0
                )
            }
            return .attachOfferer(token: Samples.token, held: held, attempt: .drawn(from: &random))
        case 3:
            return .attachVisitor(token: Samples.token, acked: .drawn(from: &random), received: .drawn(from: &random))
        case 4:
            let (number, ack) = (UInt32.drawn(from: &random), UInt32.drawn(from: &random))
            let body = [UInt8].drawn(WireLimits.bodyBytes, from: &random)
            return .message(meeting: named, Message(number: max(1, number), ack: ack, body: body))
        case 5: return .ack(meeting: named, upTo: .drawn(from: &random))
        case 6: return .seat(meeting: meeting)
        case 7: return .close(meeting: meeting, reason)
        default: return .leave(reason)
        }
    }

    /// The same as SwiftProtobuf has it.
    fileprivate var reference: Easysetup_Relay_V1_DeviceFrame {
        .with { frame in
            switch self {
            case .offer(let slotLength, let work):
                frame.offer = .with {
                    $0.slotLength = UInt32(slotLength)
                    if let work { $0.work = work.reference }
                }
            case .visit(let slot, let work):
                frame.visit = .with {
                    $0.slot = slot.symbols
                    if let work { $0.work = work.reference }
                }
            case .attachOfferer(let token, let held, let attempt):
                frame.attachOfferer = .with {
                    $0.token = Data(token.bytes)
                    $0.held = held.map { held in
                        .with {
                            $0.meeting = Data(held.meeting.bytes)
                            $0.acked = held.acked
                            $0.received = held.received
                            $0.seated = held.isSeated
                        }
                    }
                    $0.attempt = attempt
                }
            case .attachVisitor(let token, let acked, let received, let attempt):
                frame.attachVisitor = .with {
                    $0.token = Data(token.bytes)
                    $0.acked = acked
                    $0.received = received
                    $0.attempt = attempt
                }
            case .message(let meeting, let message): frame.message = message.reference(meeting)
            case .ack(let meeting, let upTo):
                frame.ack = .with {
                    $0.meeting = Data(meeting?.bytes ?? [])
                    $0.ack = upTo
                }
            case .seat(let meeting): frame.seat = .with { $0.meeting = Data(meeting.bytes) }
            case .close(let meeting, let reason):
                frame.close = .with {
                    $0.meeting = Data(meeting.bytes)
                    $0.reason = reason.wire
                }
            case .leave(let reason): frame.leave = .with { $0.reason = reason.wire }
            }
        }
    }

    /// Whether it is one of those that a relay sees often.
    fileprivate var isPlain: Bool {
        switch self {
        case .offer(_, let work), .visit(_, let work): work == nil
        case .attachOfferer, .attachVisitor: false
        case .message, .ack, .seat, .close, .leave: true
        }
    }
}

extension Work {
    fileprivate var reference: Easysetup_Relay_V1_Work {
        .with {
            $0.challenge = Data(challenge)
            $0.answer = Data(answer)
        }
    }
}

extension EasySetupRelayProtocol.Message {
    fileprivate func reference(_ meeting: MeetingID?) -> Easysetup_Relay_V1_Message {
        .with {
            $0.meeting = Data(meeting?.bytes ?? [])
            $0.number = number
            $0.ack = ack
            $0.body = Data(body)
        }
    }
}

extension RelayFrame {
    /// Of any kind, beyond the rules here and there: what is written is not checked.
    fileprivate static func drawn(from random: inout SplitMix) -> RelayFrame {
        let meeting = MeetingID.drawn(from: &random)
        let named = Bool.random(using: &random) ? meeting : nil
        let reason = Reason.allCases.randomElement(using: &random)!
        let token = Token(bytes: .drawn(0...129, from: &random))
        let time = Duration.drawn(from: &random)
        switch Int.random(in: 0..<14, using: &random) {
        case 0: return .offered(slot: .drawn(from: &random), token: token, expiresIn: time)
        case 1: return .inLine(position: Int(UInt32.drawn(from: &random)))
        case 2: return .met(meeting: meeting, token: token, expiresIn: time)
        case 3: return .visitor(meeting: meeting)
        case 4:
            let (number, ack) = (UInt32.drawn(from: &random), UInt32.drawn(from: &random))
            return .message(meeting: named, Message(number: number, ack: ack, body: .drawn(0...2048, from: &random)))
        case 5: return .ack(meeting: named, upTo: .drawn(from: &random))
        case 6: return .attachedVisitor(expiresIn: time, have: .drawn(from: &random))
        case 7:
            let meetings = (0..<Int.random(in: 0...17, using: &random)).map { _ in
                MeetingProgress(meeting: .drawn(from: &random), have: .drawn(from: &random))
            }
            return .attachedOfferer(expiresIn: time, meetings: meetings, slotLost: .random(using: &random))
        case 8: return .presence(meeting: named, isPresent: .random(using: &random))
        case 9: return .seated(meeting: named, expiresIn: time)
        case 10: return .over(meeting: named, reason)
        case 11: return .refused(reason, retryAfter: time)
        case 12:
            let challenge = [UInt8].drawn(0...140, from: &random)
            return .workWanted(challenge: challenge, difficulty: Int(UInt32.drawn(from: &random)), expiresIn: time)
        default: return .goodbye(retryAfter: time)
        }
    }

    /// The same as SwiftProtobuf has it.
    fileprivate var reference: Easysetup_Relay_V1_RelayFrame {
        .with { frame in
            switch self {
            case .offered(let slot, let token, let expiresIn):
                frame.offered = .with {
                    $0.slot = slot.symbols
                    $0.token = Data(token.bytes)
                    $0.expiresInMs = expiresIn.inMilliseconds
                }
            case .inLine(let position):
                frame.inLine = .with { $0.position = UInt32(position) }
            case .met(let meeting, let token, let expiresIn):
                frame.met = .with {
                    $0.meeting = Data(meeting.bytes)
                    $0.token = Data(token.bytes)
                    $0.expiresInMs = expiresIn.inMilliseconds
                }
            case .visitor(let meeting):
                frame.visitor = .with { $0.meeting = Data(meeting.bytes) }
            case .message(let meeting, let message): frame.message = message.reference(meeting)
            case .ack(let meeting, let upTo):
                frame.ack = .with {
                    $0.meeting = Data(meeting?.bytes ?? [])
                    $0.ack = upTo
                }
            case .attachedVisitor(let expiresIn, let have):
                frame.attachedVisitor = .with {
                    $0.expiresInMs = expiresIn.inMilliseconds
                    $0.have = have
                }
            case .attachedOfferer(let expiresIn, let meetings, let slotLost):
                frame.attachedOfferer = .with {
                    $0.expiresInMs = expiresIn.inMilliseconds
                    $0.meetings = meetings.map { have in
                        .with {
                            $0.meeting = Data(have.meeting.bytes)
                            $0.have = have.have
                        }
                    }
                    $0.slotLost = slotLost
                }
            case .presence(let meeting, let isPresent):
                frame.presence = .with {
                    $0.meeting = Data(meeting?.bytes ?? [])
                    $0.present = isPresent
                }
            case .seated(let meeting, let expiresIn):
                frame.seated = .with {
                    $0.meeting = Data(meeting?.bytes ?? [])
                    $0.expiresInMs = expiresIn.inMilliseconds
                }
            case .over(let meeting, let reason):
                frame.over = .with {
                    $0.meeting = Data(meeting?.bytes ?? [])
                    $0.reason = reason.wire
                }
            case .refused(let reason, let retryAfter):
                frame.refused = .with {
                    $0.reason = reason.wire
                    $0.retryAfterMs = retryAfter.inMilliseconds
                }
            case .workWanted(let challenge, let difficulty, let expiresIn):
                frame.workWanted = .with {
                    $0.challenge = Data(challenge)
                    $0.difficulty = UInt32(difficulty)
                    $0.expiresInMs = expiresIn.inMilliseconds
                }
            case .goodbye(let retryAfter):
                frame.goodbye = .with { $0.retryAfterMs = retryAfter.inMilliseconds }
            }
        }
    }
}

extension Duration {
    /// Of whole milliseconds.
    fileprivate var inMilliseconds: UInt32 {
        UInt32(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
    }
}
