/// The limits of frames, which both sides enforce (`Protocol/limits.md`, "Frames"). They are part of the wire format
/// and the same everywhere; a relay's own limits are elsewhere.
package enum WireLimits {
    /// Bytes of a frame: the largest body with its other fields, and room for future fields.
    package static let frameBytes = 4096
    /// Bytes of the body of a long-polling request or answer: a burst of frames, but little memory per request. It is
    /// several times ``frameBytes``, so that one frame always fits.
    package static let callBytes = 16_384
    /// Bytes of a message's body. The largest one of the handshake has about 1,300; eight of the largest size fill a
    /// mailbox.
    package static let bodyBytes = 1...2048
    /// Bytes of a token. This relay's tokens have 85; those of other implementations may have more.
    package static let tokenBytes = 1...128
    /// Bytes of a challenge. This relay's challenges have 34; those of other implementations may have more.
    package static let challengeBytes = 1...64
    /// Bytes of an answer to a challenge: more values than any device can try.
    package static let answerBytes = 8
    /// Leading zero bits that a device computes; more would take a phone too long.
    package static let difficulty = 1...24
    /// Meetings that an offerer names when it comes back: as many as can be active in a room.
    package static let heldMeetings = 16
}
