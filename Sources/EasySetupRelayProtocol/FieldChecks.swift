import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

// This file converts fields that occur in frames of both directions. Each conversion checks a Protocol Buffers field
// and gives a value of this module's type.

/// Checks the length of a frame, and parses its bytes as `Message`. Unknown fields are ignored.
/// - Throws: ``FrameError/tooLong`` or ``FrameError/malformed``.
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
    /// The frame's encoding. Fields are in the order of their numbers, and a field that has its default value is left
    /// out.
    ///
    /// SwiftProtobuf throws only for a message that lacks a required field or has more than 2 GiB. No frame is such a
    /// message, so this function never returns an empty array because of an error.
    func frameBytes() -> [UInt8] {
        (try? serializedBytes()) ?? []
    }
}

extension MeetingID {
    /// Parses a required meeting id.
    /// - Throws: ``FrameError/badField(_:)`` unless it has 16 bytes.
    init(wire: Data) throws(FrameError) {
        guard let id = MeetingID([UInt8](wire)) else { throw .badField(.meeting) }
        self = id
    }

    /// Parses an optional meeting id. Returns nil if the field is absent, as in a visitor's frames, because a visitor
    /// has only one meeting.
    /// - Throws: ``FrameError/badField(_:)`` if the field has any other length than 0 and 16 bytes.
    static func optional(_ wire: Data) throws(FrameError) -> MeetingID? {
        wire.isEmpty ? nil : try MeetingID(wire: wire)
    }
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
}

extension Message {
    init(wire: Easysetup_Relay_V1_Message) throws(FrameError) {
        guard wire.number >= 1 else { throw .badField(.number) }
        guard WireLimits.bodyBytes.contains(wire.body.count) else { throw .badField(.body) }
        self.init(number: wire.number, ack: wire.ack, body: [UInt8](wire.body))
    }
}

extension Duration {
    /// The duration in whole milliseconds, as frames contain it. A negative duration becomes 0, a positive one becomes
    /// at least 1, and one of more than 2³² − 1 milliseconds becomes 2³² − 1.
    package var wireMilliseconds: UInt32 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = components
        // The seconds are clamped before the multiplication, because the product could overflow. The result stays the
        // same, because it is clamped to 32 bits anyway.
        let milliseconds = Int64(UInt32(clamping: seconds)) * 1000 + attoseconds / 1_000_000_000_000_000
        return UInt32(clamping: max(1, milliseconds))
    }

    init(wireMilliseconds: UInt32) {
        self = .milliseconds(Int64(wireMilliseconds))
    }
}
