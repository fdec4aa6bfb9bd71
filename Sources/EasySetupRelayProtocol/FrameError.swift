/// Why a frame was refused. All of them end the connection with ``Reason/badFrame`` (`Protocol/relay.md`, "Frames").
package enum FrameError: Error, Hashable, Sendable {
    /// More bytes than ``WireLimits/frameBytes``; they were not looked at.
    case tooLong
    /// Not a protocol buffer of this type.
    case malformed
    /// None of the frames that this version knows.
    case unknown
    /// A field that breaks its rule.
    case badField(Field)

    /// The field, by its name in `Protocol/relay.proto`.
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
