import PairingClient
import RelayWire

/// A fault put into an honest party on purpose, to show that a law notices it.
package enum Mutation: Hashable, Sendable, CaseIterable {
    // Devices.
    /// Says yes without asking anybody.
    case approvesByItself
    /// Says that it is paired as soon as the seed was sent.
    case saysPairedEarly
    /// Waits for ever.
    case ignoresDeadlines
    /// Sends nothing again after a lost connection.
    case neverSendsAgain
    // Relays.
    /// Does not notice lost connections.
    case relayKeepsTheLost
    /// Lets no deadline pass.
    case relayForgetsTheTime

    func ignores(_ event: SessionEvent) -> Bool {
        if case .deadlinePassed = event { self == .ignoresDeadlines } else { false }
    }

    func changed(_ actions: [SessionAction], after event: SessionEvent, _ act: Act) -> [SessionAction] {
        switch (self, event) {
        case (.neverSendsAgain, .frame(.attachedVisitor)), (.neverSendsAgain, .frame(.attachedOfferer)):
            return actions.filter { if case .send(.message) = $0 { false } else { true } }
        default: return actions
        }
    }
}
