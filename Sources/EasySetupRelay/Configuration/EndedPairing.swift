import EasySetupRelayCore

/// A pairing that has ended: how, and how long it took. It says nothing of the devices.
public struct EndedPairing: Hashable, Sendable {
    /// How it ended, by the words of the metric `easysetup_relay_pairings_ended_total` (`docs/metrics.md`), such as `done`.
    public let outcome: String
    /// The time since the offer of the code, in whole seconds.
    public let sinceOffer: Duration
    /// The time since the visitor got the seat; nil if that was before a restart of the relay.
    public let sinceSeat: Duration?

    init(_ ending: PairingEnding) {
        outcome = ending.outcome.name
        sinceOffer = ending.sinceOffer
        sinceSeat = ending.sinceSeat
    }
}
