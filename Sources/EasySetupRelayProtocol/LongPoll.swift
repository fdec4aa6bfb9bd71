import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A device's connection by long polling: 16 random bytes that the device draws, as secret as a token, so it has no
/// description (`Protocol/http.md`, "Connections").
package struct LongPollConnectionID: Hashable, Sendable {
    /// Always 16.
    package static let byteCount = 16
    package let bytes: [UInt8]

    /// Nil when there are not exactly 16 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
}

extension LongPollConnectionID: CustomStringConvertible, CustomReflectable {
    package var description: String { "CallConnection" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a call's body was refused (`Protocol/http.md`, "Errors").
package enum LongPollBodyError: Error, Hashable, Sendable {
    /// More bytes than ``WireLimits/callBytes``; they were not looked at.
    case tooLong
    /// Not a protocol buffer of this type, or a field breaks its rule.
    case malformed
}

/// Frames of a device, not yet parsed.
package struct SendCall: Hashable, Sendable {
    package var connection: LongPollConnectionID
    /// The number of the first of the frames, from 1.
    package var first: UInt32
    /// Each the bytes of a ``DeviceFrame``.
    package var frames: [[UInt8]]
    /// The device closes the connection after these frames.
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

/// What a relay answers to a ``SendCall``.
package struct SendAnswer: Hashable, Sendable {
    /// The highest number of the device's frames that the relay has, without a gap.
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

/// A device asks for frames of the relay.
package struct PollCall: Hashable, Sendable {
    package var connection: LongPollConnectionID
    /// The highest number of the relay's frames that the device has, without a gap.
    package var received: UInt32
    /// How long the relay may keep the call when there is nothing to say.
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

/// What a relay answers to a ``PollCall``: frames, not yet parsed.
package struct PollAnswer: Hashable, Sendable {
    /// The number of the first of the frames, from 1.
    package var first: UInt32
    /// Each the bytes of a ``RelayFrame``.
    package var frames: [[UInt8]]
    /// The relay has closed the connection; these are its last frames.
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

/// Parses a call's body, its size first. Unknown fields are dropped.
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
