import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

// The checks that frames of both directions share: each takes a field as it came and gives its native type.

/// Parses one frame's bytes as `Message`, sizes first. Unknown fields are dropped.
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
    /// The frame's bytes: fields in the order of their numbers, defaults left out.
    ///
    /// Writing fails only for a message with required fields unset or of more than 2 GiB; ours have neither.
    func frameBytes() -> [UInt8] {
        (try? serializedBytes()) ?? []
    }
}

extension MeetingID {
    /// A meeting that must be named.
    init(wire: Data) throws(FrameError) {
        guard let id = MeetingID([UInt8](wire)) else { throw .badField(.meeting) }
        self = id
    }

    /// A meeting that a visitor leaves out; nil when it is.
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
    /// Whole milliseconds as they travel: nothing below zero, nothing over 32 bits; more than nothing never becomes zero.
    var wireMilliseconds: UInt32 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = components
        // Beyond 32 bits of seconds the product might not fit; beyond 32 bits of milliseconds it is cut anyway.
        let milliseconds = Int64(UInt32(clamping: seconds)) * 1000 + attoseconds / 1_000_000_000_000_000
        return UInt32(clamping: max(1, milliseconds))
    }

    init(wireMilliseconds: UInt32) {
        self = .milliseconds(Int64(wireMilliseconds))
    }
}
