/// Why a frame was refused. Every such error ends the connection with ``Reason/badFrame`` (`Protocol/relay.md`,
/// "Frames").
package enum FrameError: Error, Hashable, Sendable {
    /// The frame has more bytes than ``WireLimits/frameBytes``; its content was not parsed.
    case tooLong
    /// The bytes are not a protobuf message of this type.
    case malformed
    /// The message is none of the frames that this version knows.
    case unknown
    /// A field breaks its rule.
    case badField(Field)

    /// The field, with its name in `Protocol/relay.proto`.
    package enum Field: String, Hashable, Sendable, CaseIterable {
        case meeting
        case slot
        case slotLength = "slot_length"
        case token
        case held
        case meetings
        case challenge
        case answer
        case difficulty
        case number
        case body
        case position
    }
}
