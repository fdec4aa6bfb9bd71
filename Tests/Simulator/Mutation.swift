import PairingClient
import RelayWire

/// A fault put into an honest party on purpose, to show that a law notices it.
package enum Mutation: Hashable, Sendable, CaseIterable {
    // Devices.
    /// Says yes without asking anybody.
    case approvesByItself
    /// Shows the same secret with every code, so that there are more than three guesses at it.
    case drawsOneSecret
    /// Says that it is paired as soon as the seed was sent.
    case saysPairedEarly
    /// Waits for ever.
    case ignoresDeadlines
    /// Tells nobody that somebody knew the code who is no device.
    case hidesKnownCode
    /// Keeps a seed without asking, where it should ask first.
    case keepsUnasked
    /// Sends nothing again after a lost connection.
    case neverSendsAgain
    // Relays.
    /// Delivers each message in place of the one after it, whoever that is for.
    case relayMixesMeetings
    /// Lets no deadline pass.
    case relayForgetsTheTime

    /// Which law has to notice it.
    package var breaks: Law {
        switch self {
        case .approvesByItself, .keepsUnasked: .seed
        case .drawsOneSecret, .hidesKnownCode: .guesses
        case .saysPairedEarly: .agreement
        case .ignoresDeadlines: .deadline
        case .neverSendsAgain, .relayMixesMeetings: .finish
        case .relayForgetsTheTime: .memory
        }
    }

    /// The kind of world in which it does harm.
    package var kind: Kind {
        switch self {
        case .approvesByItself, .saysPairedEarly, .hidesKnownCode, .keepsUnasked: .human
        case .drawsOneSecret: .betrayed
        case .ignoresDeadlines: .altered
        case .neverSendsAgain, .relayMixesMeetings, .relayForgetsTheTime: .fair
        }
    }

    func ignores(_ event: SessionEvent) -> Bool {
        if case .deadlinePassed = event { self == .ignoresDeadlines } else { false }
    }

    func changed(_ actions: [SessionAction], after event: SessionEvent) -> [SessionAction] {
        switch (self, event) {
        case (.neverSendsAgain, .frame(.attachedVisitor)), (.neverSendsAgain, .frame(.attachedOfferer)):
            return actions.filter { if case .send(.message) = $0 { false } else { true } }
        case (.hidesKnownCode, _):
            return actions.filter { if case .show(.codeKnown) = $0 { false } else { true } }
        default: return actions
        }
    }
}

extension World {
    /// Puts a fault into every device and every relay.
    package func mutate(_ mutation: Mutation) {
        for relay in relays { relay.mutation = mutation }
        for user in users {
            user.offerer.mutation = mutation
            user.visitor.mutation = mutation
        }
    }
}
