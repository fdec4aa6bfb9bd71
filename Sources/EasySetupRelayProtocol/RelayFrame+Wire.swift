import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension RelayFrame {
    /// Parses one binary message from a relay and checks every field (`Protocol/relay.md`, "Frames").
    /// - Throws: ``FrameError`` with the first fault.
    package init(parsing bytes: [UInt8]) throws(FrameError) {
        self = try ReceivedFrame(parsing: bytes).frame
    }

    fileprivate init(wire: Easysetup_Relay_V1_RelayFrame) throws(FrameError) {
        switch wire.frame {
        case .offered(let offered):
            self = .offered(
                slot: try Slot(wire: offered.slot),
                token: try Token(wire: offered.token),
                expiresIn: Duration(wireMilliseconds: offered.expiresInMs)
            )
        case .inLine(let inLine):
            guard inLine.position >= 1 else { throw .badField(.position) }
            self = .inLine(position: Int(inLine.position))
        case .met(let met):
            self = .met(
                meeting: try MeetingID(wire: met.meeting),
                token: try Token(wire: met.token),
                expiresIn: Duration(wireMilliseconds: met.expiresInMs)
            )
        case .visitor(let visitor):
            self = .visitor(meeting: try MeetingID(wire: visitor.meeting))
        case .message(let message):
            self = .message(meeting: try MeetingID.optional(message.meeting), try Message(wire: message))
        case .ack(let ack):
            self = .ack(meeting: try MeetingID.optional(ack.meeting), upTo: ack.ack)
        case .attachedOfferer(let attached):
            guard attached.meetings.count <= WireLimits.heldMeetings else { throw .badField(.meetings) }
            var meetings: [MeetingProgress] = []
            for have in attached.meetings {
                meetings.append(MeetingProgress(meeting: try MeetingID(wire: have.meeting), have: have.have))
            }
            guard Set(meetings.map(\.meeting)).count == meetings.count else { throw .badField(.meetings) }
            self = .attachedOfferer(
                expiresIn: Duration(wireMilliseconds: attached.expiresInMs),
                meetings: meetings,
                slotLost: attached.slotLost
            )
        case .attachedVisitor(let attached):
            self = .attachedVisitor(
                expiresIn: Duration(wireMilliseconds: attached.expiresInMs),
                have: attached.have
            )
        case .presence(let presence):
            self = .presence(meeting: try MeetingID.optional(presence.meeting), isPresent: presence.present)
        case .seated(let seated):
            self = .seated(
                meeting: try MeetingID.optional(seated.meeting),
                expiresIn: Duration(wireMilliseconds: seated.expiresInMs)
            )
        case .over(let over):
            self = .over(meeting: try MeetingID.optional(over.meeting), Reason(wire: over.reason))
        case .refused(let refused):
            self = .refused(
                Reason(wire: refused.reason),
                retryAfter: Duration(wireMilliseconds: refused.retryAfterMs)
            )
        case .workWanted(let wanted):
            guard WireLimits.challengeBytes.contains(wanted.challenge.count) else { throw .badField(.challenge) }
            guard let difficulty = Int(exactly: wanted.difficulty), WireLimits.difficulty.contains(difficulty) else {
                throw .badField(.difficulty)
            }
            self = .workWanted(
                challenge: [UInt8](wanted.challenge),
                difficulty: difficulty,
                expiresIn: Duration(wireMilliseconds: wanted.expiresInMs)
            )
        case .goodbye(let goodbye):
            self = .goodbye(retryAfter: Duration(wireMilliseconds: goodbye.retryAfterMs))
        case nil:
            throw .unknown
        }
    }
}

/// A frame as a device receives it, with the message of the relay's operator that may stand beside it.
package struct ReceivedFrame: Hashable, Sendable {
    package let frame: RelayFrame
    /// The operator's message. Nil also if it breaks a rule: the device then acts as one that does not know the field,
    /// because a pairing must not fail for a sentence beside it.
    package let message: RelayMessage?

    package init(_ frame: RelayFrame, message: RelayMessage? = nil) {
        self.frame = frame
        self.message = message
    }

    /// Parses one binary message from a relay.
    /// - Throws: ``FrameError`` with the first fault of the frame.
    package init(parsing bytes: [UInt8]) throws(FrameError) {
        if bytes.count <= WireLimits.frameBytes, let plain = RelayFrame(plain: bytes.span) {
            self.init(plain)
            return
        }
        try self.init(general: bytes)
    }

    /// Parses any valid Protocol Buffers encoding: fields in any order, and unknown fields of later versions, which are
    /// ignored.
    init(general bytes: [UInt8]) throws(FrameError) {
        let wire = try protobuf(bytes, as: Easysetup_Relay_V1_RelayFrame.self)
        frame = try RelayFrame(wire: wire)
        message = wire.relayMessage.isEmpty ? nil : try? RelayMessage(parsing: [UInt8](wire.relayMessage))
    }

    /// The frame and the message as one binary message for a device.
    package func serialized() -> [UInt8] { frame.serialized() + (message?.field ?? []) }
}

extension RelayMessage {
    /// The message as a field of a relay's frame. It stands behind the frame's own field, whose number is lower.
    package var field: [UInt8] {
        Easysetup_Relay_V1_RelayFrame.with { $0.relayMessage = Data(description.utf8) }.frameBytes()
    }
}
