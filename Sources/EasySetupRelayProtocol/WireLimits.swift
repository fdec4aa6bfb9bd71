/// The limits of frames, which devices and relays enforce (`Protocol/limits.md`, "Frames"). They are a part of the wire
/// format, so they are the same at every relay. The limits that a relay sets for itself are in `EasySetupRelayCore`.
package enum WireLimits {
    /// The length of the longest frame, in bytes. It has room for the longest body, the other fields, and fields of
    /// later versions.
    package static let frameBytes = 4096
    /// The length of the longest body of a long-polling request or answer, in bytes. It has room for several frames of
    /// any length, but a request needs little memory.
    package static let callBytes = 16_384
    /// The allowed lengths of a message's body, in bytes. The longest body of the handshake has 1,250 bytes.
    package static let bodyBytes = 1...2048
    /// The allowed lengths of a token, in bytes. A token of EasySetup's own relay has 85 bytes, but one of another
    /// implementation may have more.
    package static let tokenBytes = 1...128
    /// The allowed lengths of a challenge, in bytes. The challenges of EasySetup's own relay have 34 bytes, but those
    /// of other implementations may have more.
    package static let challengeBytes = 1...64
    /// The length of an answer to a challenge, in bytes. Eight bytes have more values than any device can try.
    package static let answerBytes = 8
    /// The allowed difficulties of a proof of work: how many leading zero bits its hash must have. More than 24 would
    /// take a phone too long.
    package static let difficulty = 1...24
    /// The most meetings that an offerer names when it comes back to its room, because a relay must not let more be
    /// active in one room.
    package static let heldMeetings = 16
    /// The allowed lengths of a relay's message, in bytes of UTF-8: a sentence, and few lines of a small window.
    package static let relayMessageBytes = 1...320
    /// The most characters of a relay's message, counted as Unicode scalars.
    package static let relayMessageScalars = 160
}
