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
}

extension Work {
    fileprivate init(wire: Easysetup_Relay_V1_Work) throws(FrameError) {
        guard WireLimits.challengeBytes.contains(wire.challenge.count) else { throw .badField(.challenge) }
        guard wire.answer.count == WireLimits.answerBytes else { throw .badField(.answer) }
        self.init(challenge: [UInt8](wire.challenge), answer: [UInt8](wire.answer))
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
}
