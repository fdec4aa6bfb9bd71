import SwiftProtobuf

extension SwiftProtobuf.Message {
    /// The message's bytes. Writing can fail only for required fields and for more than 2 GB, and our messages have
    /// neither.
    func plainBytes() -> [UInt8] {
        do { return try serializedBytes() } catch { preconditionFailure("a message of ours can be written") }
    }
}
