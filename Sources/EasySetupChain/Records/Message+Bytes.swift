import EasySetupSeed
import SwiftProtobuf

extension SwiftProtobuf.Message {
    /// The message's bytes. Writing can fail only for required fields and for more than 2 GB, and our messages have
    /// neither.
    func plainBytes() -> [UInt8] {
        do { return try serializedBytes() } catch { preconditionFailure("a message of ours can be written") }
    }

    /// Reads a message that is written in the one form that there is (`Protocol/chain.md`, "One form"); nil otherwise.
    init?(inOneForm bytes: [UInt8]) {
        guard let message = try? Self(serializedBytes: bytes), message.isWritten(as: bytes) else { return nil }
        self = message
    }

    /// Whether writing the message gives these bytes. Fields that this version does not know are written behind the known
    /// ones, as they came. It takes 20,000 instructions of the 180,000 in which a small record is read from its name.
    func isWritten(as bytes: [UInt8]) -> Bool {
        var own = plainBytes()
        // Some messages have keys in them.
        defer { Sodium.wipe(&own) }
        return own == bytes
    }
}
