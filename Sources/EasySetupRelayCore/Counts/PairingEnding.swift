/// How a pairing ended, and how long it took.
package struct PairingEnding: Hashable, Sendable {
    package let outcome: RoomOutcome
    /// The time since the offer of the code, in whole seconds.
    package let sinceOffer: Duration
    /// The time since the visitor got the seat; nil if that was before a restart of the relay.
    package let sinceSeat: Duration?
}
