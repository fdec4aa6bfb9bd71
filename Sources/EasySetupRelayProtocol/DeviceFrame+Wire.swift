import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension DeviceFrame {
    /// Parses one binary message from a device and checks every field (`Protocol/relay.md`, "Frames").
    /// - Throws: ``FrameError`` with the first fault.
    package init(parsing bytes: [UInt8]) throws(FrameError) {
        try self.init(parsing: bytes.span)
    }

    package init(parsing bytes: Span<UInt8>) throws(FrameError) {
        if bytes.count <= WireLimits.frameBytes, let plain = DeviceFrame(plain: bytes) {
            self = plain
            return
        }
        try self.init(general: unsafe bytes.withUnsafeBufferPointer { unsafe [UInt8]($0) })
    }

    /// Parses any valid Protocol Buffers encoding: fields in any order, and unknown fields of later versions, which are
    /// ignored.
    init(general bytes: [UInt8]) throws(FrameError) {
        switch try protobuf(bytes, as: Easysetup_Relay_V1_DeviceFrame.self).frame {
        case .offer(let offer):
            guard offer.slotLength == 0 || Slot.lengths.contains(Int(offer.slotLength)) else {
                throw .badField(.slotLength)
            }
            self = .offer(
                slotLength: Int(offer.slotLength),
                work: offer.hasWork ? try Work(wire: offer.work) : nil
            )
        case .visit(let visit):
            self = .visit(slot: try Slot(wire: visit.slot), work: visit.hasWork ? try Work(wire: visit.work) : nil)
        case .attachOfferer(let attach):
            guard attach.held.count <= WireLimits.heldMeetings else { throw .badField(.held) }
            var held: [MeetingResume] = []
            for meeting in attach.held {
                held.append(try MeetingResume(wire: meeting))
            }
            guard Set(held.map(\.meeting)).count == held.count, held.filter(\.isSeated).count <= 1 else {
                throw .badField(.held)
            }
            self = .attachOfferer(token: try Token(wire: attach.token), held: held, attempt: attach.attempt)
        case .attachVisitor(let attach):
            self = .attachVisitor(
                token: try Token(wire: attach.token),
                acked: attach.acked,
                received: attach.received,
                attempt: attach.attempt
            )
        case .message(let message):
            self = .message(meeting: try MeetingID.optional(message.meeting), try Message(wire: message))
        case .ack(let ack):
            self = .ack(meeting: try MeetingID.optional(ack.meeting), upTo: ack.ack)
        case .seat(let seat):
            self = .seat(meeting: try MeetingID(wire: seat.meeting))
        case .close(let close):
            self = .close(meeting: try MeetingID(wire: close.meeting), Reason(wire: close.reason))
        case .leave(let leave):
            self = .leave(Reason(wire: leave.reason))
        case nil:
            throw .unknown
        }
    }

    /// The frame as one binary message for a relay.
    package func serialized() -> [UInt8] {
        var frame = Easysetup_Relay_V1_DeviceFrame()
        switch self {
        case .offer(let slotLength, let work):
            frame.offer = .with {
                $0.slotLength = UInt32(clamping: slotLength)
                if let work { $0.work = work.wire }
            }
        case .visit(let slot, let work):
            frame.visit = .with {
                $0.slot = slot.symbols
                if let work { $0.work = work.wire }
            }
        case .attachOfferer(let token, let held, let attempt):
            frame.attachOfferer = .with {
                $0.token = token.data
                $0.held = held.map(\.wire)
                $0.attempt = attempt
            }
        case .attachVisitor(let token, let acked, let received, let attempt):
            frame.attachVisitor = .with {
                $0.token = token.data
                $0.acked = acked
                $0.received = received
                $0.attempt = attempt
            }
        case .message(let meeting, let message):
            frame.message = message.wire(meeting: meeting)
        case .ack(let meeting, let upTo):
            frame.ack = .with {
                $0.meeting = meeting.data
                $0.ack = upTo
            }
        case .seat(let meeting):
            frame.seat = .with { $0.meeting = meeting.data }
        case .close(let meeting, let reason):
            frame.close = .with {
                $0.meeting = meeting.data
                $0.reason = reason.wire
            }
        case .leave(let reason):
            frame.leave = .with { $0.reason = reason.wire }
        }
        return frame.frameBytes()
    }
}

extension Work {
    fileprivate init(wire: Easysetup_Relay_V1_Work) throws(FrameError) {
        guard WireLimits.challengeBytes.contains(wire.challenge.count) else { throw .badField(.challenge) }
        guard wire.answer.count == WireLimits.answerBytes else { throw .badField(.answer) }
        self.init(challenge: [UInt8](wire.challenge), answer: [UInt8](wire.answer))
    }

    fileprivate var wire: Easysetup_Relay_V1_Work {
        .with {
            $0.challenge = Data(challenge)
            $0.answer = Data(answer)
        }
    }
}

extension MeetingResume {
    fileprivate init(wire: Easysetup_Relay_V1_Held) throws(FrameError) {
        self.init(
            meeting: try MeetingID(wire: wire.meeting),
            acked: wire.acked,
            received: wire.received,
            isSeated: wire.seated
        )
    }

    fileprivate var wire: Easysetup_Relay_V1_Held {
        .with {
            $0.meeting = meeting.data
            $0.acked = acked
            $0.received = received
            $0.seated = isSeated
        }
    }
}
