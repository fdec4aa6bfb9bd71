/// The reason why a meeting of two devices ended without a transfer (`Protocol/handshake.md`, "Errors").
///
/// Errors of the cryptography are coarse on purpose: they tell that a verification failed, and never which.
public enum HandshakeError: Error, Hashable, Sendable {
    /// A message has a wrong length or layout, a point does not decode or is neutral, or the plaintext has a wrong
    /// format.
    case malformed
    /// The other device uses a handshake suite that this device does not know.
    case wrongSuite
    /// The other device's proof does not match: the two devices used different codes.
    case wrongProof
    /// The other device's proof matches, but its plaintext is not one that a device sends, so somebody else knows the
    /// code. The offerer rejects the code from then on.
    case codeKnown
    /// The code was used up by wrong tries, or was rejected because somebody else knew it.
    case codeBurnt
    /// The code has expired.
    case expired
    /// A message came in the wrong state.
    case outOfOrder
    /// A meeting has an id that was seen before in this offer or visit: a replay.
    case replayed
    /// Another device has taken the seat.
    case seated
    /// Both devices hold a seed already.
    case bothHold
    /// Neither device holds a seed.
    case bothReceive
    /// A link was used in the wrong direction: the device that shows a link must hold the seed, and the one that opens
    /// it receives.
    case linkDirection
    /// The user of the other device said no: a holder's user to sending the seed, a receiver's user to storing it.
    case declined
    /// The user of the other device cancelled the pairing.
    case cancelled
    /// The user of the other device had to be asked, but that device has no terminal or screen.
    case nobodyToAsk
    /// The user of the other device did not answer in time.
    case timedOut
    /// The receiver could not store the seed.
    case notStored
    /// The receiver has stored another seed meanwhile.
    case otherSeed
    /// The receipt names another user ID than the seed's, so the receiver did not get the seed that was sent.
    case wrongReceipt
}
