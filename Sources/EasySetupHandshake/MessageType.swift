/// The type of messages 3 to 6, which is the first byte of the message (`Protocol/handshake.md`, "Messages").
package enum MessageType: UInt8, Sendable {
    case visitorProof = 3
    case offererProof = 4
    case package = 5
    case receipt = 6

    /// The number of bytes in the message's plaintext, whatever the message says. A package has room for a membership
    /// (``GivenMembership``), so that nobody can see from its size whether it has one, a seed or a refusal.
    package var plaintextByteCount: Int {
        switch self {
        case .visitorProof, .offererProof, .receipt: 512
        // Message 5 is as long as message 1, so the largest message of a meeting stays the same for a relay.
        case .package: Hello.byteCount - 1 - SealedChannel.tagByteCount
        }
    }

    /// The greatest number of bytes in the message's protocol buffer.
    package var contentByteLimit: Int { plaintextByteCount - SealedChannel.lengthByteCount }

    /// The number of bytes in the sealed part of the message.
    package var sealedByteCount: Int { plaintextByteCount + SealedChannel.tagByteCount }
}
