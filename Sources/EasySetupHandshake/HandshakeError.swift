/// Why a meeting of two devices ended without a seed passed on. The names are those of `Protocol/handshake.md`, "Errors".
///
/// Errors from cryptography are coarse on purpose: they say that something did not verify, and to nobody why.
public enum HandshakeError: Error, Hashable, Sendable {
    /// A message has the wrong length or layout, a point does not decode or is neutral, or what is sealed makes no sense.
    case malformed
    /// The other device speaks a handshake that this one does not know.
    case wrongSuite
    /// The other device's proof does not fit: a wrong code on one of the two sides.
    case wrongProof
    /// The other device's proof fits, and what is sealed in it is not what a device sends: somebody knew the code. At an
    /// offerer it is burnt from then on.
    case codeKnown
    /// The code has been used up, by wrong tries or by somebody who knew it and is no device.
    case codeBurnt
    /// The code's time is over.
    case expired
    /// A message came that is not due now.
    case outOfOrder
    /// A meeting has an id that was seen before in this offer or visit: a replay.
    case replayed
    /// Another device has taken the seat.
    case seated
    /// Both devices hold a seed already.
    case bothHold
    /// Neither device holds a seed.
    case bothReceive
    /// A link was used in the direction that it does not have: a visitor by link receives, an offerer with a link holds.
    case linkDirection
    /// The user of the other device said no: a holder's to giving the seed, a receiver's to keeping it.
    case declined
    /// The user of the other device stopped.
    case cancelled
    /// The user of the other device had to be asked, and nobody was there to ask.
    case nobodyToAsk
    /// The user of the other device did not answer in time.
    case timedOut
    /// The receiver could not store the seed.
    case notStored
    /// The receiver holds another seed by now.
    case otherSeed
    /// The receipt names another identity than the seed's: what arrived is not what was sent.
    case wrongReceipt
}
