/// What both sides hold every frame to (`Protocol/limits.md`, "Frames"). A relay's own ceilings are elsewhere: these are
/// part of the wire format, and the same everywhere.
package enum WireLimits {
    /// Bytes of a frame: the largest body and everything around it, with room for fields to come.
    package static let frameBytes = 4096
    /// Bytes of the body of a call by long polling: a burst of frames, and little to hold for each call. Several times
    /// ``frameBytes``, so that one frame always fits.
    package static let callBytes = 16_384
    /// Bytes of a message's body: the largest of the handshake has about 1,300, and eight of this size fill a mailbox.
    package static let bodyBytes = 1...2048
    /// Bytes of a token: this relay's have 85, another's may have more.
    package static let tokenBytes = 1...128
    /// Bytes of a challenge: this relay's have 34, another's may have more.
    package static let challengeBytes = 1...64
    /// Bytes of an answer to a challenge: more than anybody can try.
    package static let answerBytes = 8
    /// Leading zero bits that a device works for: more than this is no work for a telephone.
    package static let difficulty = 1...24
    /// Meetings that an offerer names on coming back: as many as can be in hand at once.
    package static let heldMeetings = 16
}
