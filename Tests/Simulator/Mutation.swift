import EasySetupPairingSession
import EasySetupRelayCore
import EasySetupRelayProtocol

/// A deliberate fault in honest devices or relays, to show that a law detects it.
package enum Mutation: Hashable, Sendable, CaseIterable {
    // Devices.
    /// The device approves without asking the user.
    case approvesByItself
    /// The device shows the same secret with every code, so that more than three guesses at it are possible.
    case drawsOneSecret
    /// The device reports success as soon as it has sent the seed.
    case saysPairedEarly
    /// The device waits without a deadline.
    case ignoresDeadlines
    /// The device does not tell the user that a stranger knew the code.
    case hidesKnownCode
    /// The device stores a seed without asking, although it should ask first.
    case keepsUnasked
    /// The device that visits takes part as if it held no seed.
    case forgetsItsSeed
    /// The device gives its seed, although its user wants to give a membership.
    case givesMore
    /// The device sends no message again after it has lost its connection.
    case neverSendsAgain
    // Relays.
    /// The relay delivers each message's body in place of the next one's, even in another meeting.
    case relayMixesMeetings
    /// The relay handles no deadlines.
    case relayForgetsTheTime
    /// The relay forgets a key as soon as the key is replaced.
    case relayForgetsReplacedKeys
    // Relays among strangers who take places.
    /// The relay counts each connection under an address of its own, so that no share limits anyone.
    case relayCountsNoAddress
    /// The relay ends a living room for a new one once half of all rooms are taken.
    case relayThrowsOut
    /// The relay has no places for returning devices once half of its rooms are taken.
    case relayTurnsAwayReturners
    /// The relay accepts any number of frames.
    case relayCountsNoFrames
    /// The relay demands no work after visits that find no room.
    case relayAsksNoPrice
    /// The relay tells strangers for an hour how a code ended.
    case relayTellsForAnHour

    /// The law that must detect the mutation.
    package var breaks: Law {
        switch self {
        case .approvesByItself, .keepsUnasked, .forgetsItsSeed, .givesMore: .seed
        case .drawsOneSecret, .hidesKnownCode: .guesses
        case .saysPairedEarly: .agreement
        case .ignoresDeadlines: .deadline
        case .neverSendsAgain, .relayMixesMeetings, .relayForgetsReplacedKeys, .relayCountsNoAddress: .finish
        case .relayForgetsTheTime: .memory
        case .relayThrowsOut: .living
        case .relayTurnsAwayReturners: .comeback
        case .relayCountsNoFrames, .relayAsksNoPrice, .relayTellsForAnHour: .strangers
        }
    }

    /// The kind of world in which the mutation does harm.
    package var kind: Kind {
        switch self {
        case .approvesByItself, .saysPairedEarly, .hidesKnownCode, .keepsUnasked, .givesMore: .human
        case .drawsOneSecret: .betrayed
        case .ignoresDeadlines: .altered
        case .forgetsItsSeed: .sameSeed
        case .neverSendsAgain, .relayMixesMeetings, .relayForgetsTheTime, .relayForgetsReplacedKeys: .fair
        case .relayCountsNoAddress, .relayThrowsOut, .relayTurnsAwayReturners, .relayCountsNoFrames, .relayAsksNoPrice,
            .relayTellsForAnHour:
            .filled
        }
    }

    /// Changes a relay's limits as this mutation demands.
    func change(_ limits: inout Limits) {
        switch self {
        case .relayCountsNoFrames: limits.framesPerInterval = 1_000_000
        case .relayAsksNoPrice: limits.missesPerPrefix = 1_000_000
        case .relayTellsForAnHour: limits.endedTold = .seconds(3_600)
        default: break
        }
    }

    /// Whether the mutated relay refuses a first frame, although it has a place for the device.
    func turnsAway(_ frame: DeviceFrame, _ statistics: Statistics, _ limits: Limits) -> Bool {
        guard self == .relayTurnsAwayReturners, statistics.rooms * 2 >= limits.rooms else { return false }
        return switch frame {
        case .attachOfferer, .attachVisitor: true
        default: false
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
    /// Applies a mutation to every device and every relay.
    package func mutate(_ mutation: Mutation) {
        for relay in relays { relay.mutate(mutation) }
        for user in users {
            user.offerer.mutation = mutation
            user.visitor.mutation = mutation
        }
    }
}
