/// The reason why a message is not taken. Its sender is then as good as silent.
package enum EnvelopeError: Error, Hashable, Sendable {
    /// The message is shorter than one without content, or longer than ``EnvelopeLimits/messageBytes``.
    case badLength
    /// The message has a version that this relay does not speak.
    case version(UInt8)
    /// The sender has a key that this relay does not have.
    case unknownKey
    /// The message is the receiver's own, as it hears its beats.
    case own
    /// Somebody else has made the message, or changed it, or published it on another channel.
    case forged
    /// The message was heard before, or after one that was sealed later.
    case repeated
    /// The content breaks a rule.
    case content(ContentError)

    /// Whether a relay of another version may have made the message as it should be.
    package var isOfUnknownVersion: Bool {
        switch self {
        case .version, .content: true
        case .badLength, .unknownKey, .own, .forged, .repeated: false
        }
    }
}
