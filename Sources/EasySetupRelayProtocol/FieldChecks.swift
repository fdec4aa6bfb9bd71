import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

// Checks of fields that occur in frames of both directions. Each converts a field to its native type.

/// Parses the bytes of a frame as `Message`, after checking the length. Unknown fields are dropped.
func protobuf<Message: SwiftProtobuf.Message>(_ bytes: [UInt8], as type: Message.Type) throws(FrameError) -> Message {
    guard bytes.count <= WireLimits.frameBytes else { throw .tooLong }
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = 8
    options.discardUnknownFields = true
    do throws(any Error) {
        return try Message(serializedBytes: bytes, options: options)
    } catch {
        throw .malformed
    }
}

extension SwiftProtobuf.Message {
    /// The frame's encoding: fields in the order of their numbers, without defaults.
    ///
    /// Serializing fails only for a message with unset required fields or of more than 2 GiB; frames have neither.
    func frameBytes() -> [UInt8] {
        (try? serializedBytes()) ?? []
    }
}

extension MeetingID {
    /// Parses a required meeting id.
    init(wire: Data) throws(FrameError) {
        guard let id = MeetingID([UInt8](wire)) else { throw .badField(.meeting) }
        self = id
    }

    /// Parses an optional meeting id; nil when the visitor left it out.
    static func optional(_ wire: Data) throws(FrameError) -> MeetingID? {
        wire.isEmpty ? nil : try MeetingID(wire: wire)
    }

    var data: Data { Data(bytes) }
}

extension Optional<MeetingID> {
    var data: Data { self?.data ?? Data() }
}

extension Slot {
    init(wire: String) throws(FrameError) {
        guard let slot = Slot(wire) else { throw .badField(.slot) }
        self = slot
    }
}

extension Token {
    init(wire: Data) throws(FrameError) {
        guard WireLimits.tokenBytes.contains(wire.count) else { throw .badField(.token) }
        self.init(bytes: [UInt8](wire))
    }

    var data: Data { Data(bytes) }
}

extension Message {
    init(wire: Easysetup_Relay_V1_Message) throws(FrameError) {
        guard wire.number >= 1 else { throw .badField(.number) }
        guard WireLimits.bodyBytes.contains(wire.body.count) else { throw .badField(.body) }
        self.init(number: wire.number, ack: wire.ack, body: [UInt8](wire.body))
    }

    func wire(meeting: MeetingID?) -> Easysetup_Relay_V1_Message {
        .with {
            $0.meeting = meeting.data
            $0.number = number
            $0.ack = ack
            $0.body = Data(body)
        }
    }
}

extension Duration {
    /// The duration in whole milliseconds, as in frames: negative durations become 0, positive ones at least 1, and
    /// values above 32 bits are clamped.
    var wireMilliseconds: UInt32 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = components
        // Clamped before multiplying, because the product might overflow; values above 32 bits of milliseconds are
        // clamped afterwards anyway.
        let milliseconds = Int64(UInt32(clamping: seconds)) * 1000 + attoseconds / 1_000_000_000_000_000
        return UInt32(clamping: max(1, milliseconds))
    }

    init(wireMilliseconds: UInt32) {
        self = .milliseconds(Int64(wireMilliseconds))
    }
}
