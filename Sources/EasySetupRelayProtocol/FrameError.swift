/// The reason why a reader refuses a frame. A relay ends the connection with ``Reason/badFrame`` for each of them
/// (`Protocol/relay.md`, "Frames").
package enum FrameError: Error, Hashable, Sendable {
    /// The frame has more bytes than ``WireLimits/frameBytes``, so its content was not parsed.
    case tooLong
    /// The bytes are not a Protocol Buffers message of this type.
    case malformed
    /// The message contains no frame, or a kind of frame that this version does not know.
    case unknown
    /// A field breaks its rule in `Protocol/relay.md`: it has a wrong length, for example.
    case badField(Field)

    /// The field that breaks its rule, by its name in `Protocol/relay.proto`.
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
