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
        case .package: 1_233
        }
    }

    /// The greatest number of bytes in the message's protocol buffer.
    package var contentByteLimit: Int { plaintextByteCount - Self.lengthByteCount }

    /// The number of bytes in the sealed part of the message.
    package var sealedByteCount: Int { plaintextByteCount + Self.tagByteCount }

    /// The number of bytes in which a plaintext has the length of its content.
    static let lengthByteCount = 2
    /// The number of bytes by which a sealed part is longer than its plaintext.
    static let tagByteCount = 16
}
