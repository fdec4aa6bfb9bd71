import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The id of a long-polling session: 16 random bytes that the device draws (`Protocol/http.md`, "Connections"). Anybody
/// who has the id can use the session, so its description and its mirror show no byte.
package struct LongPollConnectionID: Hashable, Sendable {
    /// The number of bytes of a long-polling session's id.
    package static let byteCount = 16
    package let bytes: [UInt8]

    /// Makes an id from its 16 bytes; nil for another number of bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
}

extension LongPollConnectionID: CustomStringConvertible, CustomReflectable {
    package var description: String { "CallConnection" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The reason why the reader of a long-polling request or answer refuses its body (`Protocol/http.md`, "Errors").
package enum LongPollBodyError: Error, Hashable, Sendable {
    /// The body has more bytes than ``WireLimits/callBytes``, so its content was not parsed.
    case tooLong
    /// The body is not a Protocol Buffers message of the type for this request or answer, or a field has a forbidden
    /// value.
    case malformed
}

/// The body of a long-polling request with which a device sends frames. The frames are not parsed yet.
package struct SendCall: Hashable, Sendable {
    package var connection: LongPollConnectionID
    /// The number of the first frame in `frames`, or of the device's next frame if `frames` is empty. A device numbers
    /// its frames of a session from 1.
    package var first: UInt32
    /// The encoded ``DeviceFrame``s.
    package var frames: [[UInt8]]
    /// Whether the device closes the session after these frames.
    package var isClosing: Bool

    package init(connection: LongPollConnectionID, first: UInt32, frames: [[UInt8]], isClosing: Bool = false) {
        self.connection = connection
        self.first = first
        self.frames = frames
        self.isClosing = isClosing
    }

    package init(parsing bytes: [UInt8]) throws(LongPollBodyError) {
        let wire = try call(bytes, as: Easysetup_Relay_V1_SendCall.self)
        connection = try LongPollConnectionID(wire: wire.connection)
        guard wire.first >= 1 else { throw .malformed }
        first = wire.first
        frames = wire.frames.map { [UInt8]($0) }
        isClosing = wire.closing
    }

    package func serialized() -> [UInt8] {
        Easysetup_Relay_V1_SendCall.with {
            $0.connection = Data(connection.bytes)
            $0.first = first
            $0.frames = frames.map { Data($0) }
            $0.closing = isClosing
        }
        .frameBytes()
    }
}

/// The body of a relay's answer to a ``SendCall``.
package struct SendAnswer: Hashable, Sendable {
    /// The number of the device's last frame that the relay has received without a gap before it; 0 for none.
    package var have: UInt32

    package init(have: UInt32) {
        self.have = have
    }

    package init(parsing bytes: [UInt8]) throws(LongPollBodyError) {
        have = try call(bytes, as: Easysetup_Relay_V1_SendAnswer.self).have
    }

    package func serialized() -> [UInt8] {
        Easysetup_Relay_V1_SendAnswer.with { $0.have = have }.frameBytes()
    }
}

/// The body of a long-polling request with which a device asks for frames of the relay.
package struct PollCall: Hashable, Sendable {
    package var connection: LongPollConnectionID
    /// The number of the relay's last frame that the device has received without a gap before it; 0 for none.
    package var received: UInt32
    /// The longest time for which the relay may delay its answer while it has no frames for the device.
    package var wait: Duration

    package init(connection: LongPollConnectionID, received: UInt32, wait: Duration) {
        self.connection = connection
        self.received = received
        self.wait = wait
    }

    package init(parsing bytes: [UInt8]) throws(LongPollBodyError) {
        let wire = try call(bytes, as: Easysetup_Relay_V1_PollCall.self)
        connection = try LongPollConnectionID(wire: wire.connection)
        received = wire.received
        wait = Duration(wireMilliseconds: wire.waitMs)
    }

    package func serialized() -> [UInt8] {
        Easysetup_Relay_V1_PollCall.with {
            $0.connection = Data(connection.bytes)
            $0.received = received
            $0.waitMs = wait.wireMilliseconds
        }
        .frameBytes()
    }
}

/// The body of a relay's answer to a ``PollCall``. The frames are not parsed yet.
package struct PollAnswer: Hashable, Sendable {
    /// The number of the first frame in `frames`, or of the relay's next frame if `frames` is empty. A relay numbers
    /// its frames of a session from 1.
    package var first: UInt32
    /// The encoded ``RelayFrame``s.
    package var frames: [[UInt8]]
    /// Whether the relay has closed the long-polling session. This answer's frames are then the last of the session.
    package var isClosed: Bool

    package init(first: UInt32, frames: [[UInt8]], isClosed: Bool = false) {
        self.first = first
        self.frames = frames
        self.isClosed = isClosed
    }

    package init(parsing bytes: [UInt8]) throws(LongPollBodyError) {
        let wire = try call(bytes, as: Easysetup_Relay_V1_PollAnswer.self)
        guard wire.first >= 1 else { throw .malformed }
        first = wire.first
        frames = wire.frames.map { [UInt8]($0) }
        isClosed = wire.closed
    }

    package func serialized() -> [UInt8] {
        Easysetup_Relay_V1_PollAnswer.with {
            $0.first = first
            $0.frames = frames.map { Data($0) }
            $0.closed = isClosed
        }
        .frameBytes()
    }
}

/// Checks the length of the body of a long-polling request or answer, and parses it as `Body`. Unknown fields are
/// ignored.
private func call<Body: SwiftProtobuf.Message>(_ bytes: [UInt8], as type: Body.Type) throws(LongPollBodyError) -> Body {
    guard bytes.count <= WireLimits.callBytes else { throw .tooLong }
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = 4
    options.discardUnknownFields = true
    do throws(any Error) {
        return try Body(serializedBytes: bytes, options: options)
    } catch {
        throw .malformed
    }
}

extension LongPollConnectionID {
    fileprivate init(wire: Data) throws(LongPollBodyError) {
        guard let connection = LongPollConnectionID([UInt8](wire)) else { throw .malformed }
        self = connection
    }
}
