/// The reason why a meeting, one visitor's run of the handshake with an offerer, ended without a transfer of the seed
/// (`Protocol/handshake.md`, "Errors").
///
/// The error of a cryptographic check says only that a check failed, and not which one, so that it does not help an
/// attacker.
@nonexhaustive public enum HandshakeError: Error, Hashable, Sendable {
    /// A message has a wrong length or layout, a point or key in it is invalid, or its plaintext does not decrypt or
    /// has a wrong format.
    case malformed
    /// The other device uses a handshake suite that this device does not know.
    case wrongSuite
    /// The other device's proof does not match, because the two devices used different codes or somebody changed a
    /// message between them.
    case wrongProof
    /// The other side's proof matches, but its plaintext is not one that a device sends, so somebody else knows the
    /// code. The offerer rejects the code and the link from then on.
    case codeKnown
    /// The offerer rejects the code, because three wrong proofs have come, or because somebody else knows the code.
    case codeBurnt
    /// The code has expired.
    case expired
    /// A message came that does not fit the state of the meeting, or the relay announced more meetings than a device
    /// allows.
    case outOfOrder
    /// The relay gave a meeting an id that this device has seen before in the same offer or try.
    case replayed
    /// Another visitor has taken the seat: it was the first to prove that it knows the code, and an offerer pairs with
    /// one visitor only.
    case seated
    /// Both devices hold a seed already, and the two seeds differ.
    case bothHold
    /// Both devices hold the same seed, so they are paired already.
    case alreadyPaired
    /// Neither device holds a seed.
    case bothReceive
    /// A link was used in the wrong direction: the device that shows a link must hold the seed, and the one that opens
    /// it receives.
    case linkDirection
    /// The user of the other device said no. A holder's user refused to send the seed, or a receiver's user refused to
    /// store it.
    case declined
    /// The user of the other device cancelled the pairing.
    case cancelled
    /// The other device has to ask its user, but has no terminal or screen for the question.
    case nobodyToAsk
    /// The user of the other device did not answer in time.
    case timedOut
    /// The receiver could not store what it got.
    case notStored
    /// The receiver has stored another seed since the pairing began.
    case otherSeed
    /// The receipt names another user ID than the seed's, so the receiver has not stored the seed that this device
    /// sent.
    case wrongReceipt
}
