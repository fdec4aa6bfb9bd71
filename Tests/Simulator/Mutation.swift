import EasySetup
import EasySetupRelayCore
import EasySetupRelayProtocol

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
    /// Forgets a key as soon as another one takes its place.
    case relayForgetsReplacedKeys
    // Relays among strangers who take places.
    /// Takes each connection for one from an address of its own, so that nobody has a share to keep to.
    case relayCountsNoAddress
    /// Ends a living room for a new one once half of all are taken.
    case relayThrowsOut
    /// Has no places for devices that come back once half of its rooms are taken.
    case relayTurnsAwayReturners
    /// Hears any number of frames.
    case relayCountsNoFrames
    /// Asks for no work after visits that find nothing.
    case relayAsksNoPrice
    /// Tells strangers for an hour how a code ended.
    case relayTellsForAnHour

    /// Which law has to notice it.
    package var breaks: Law {
        switch self {
        case .approvesByItself, .keepsUnasked: .seed
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

    /// The kind of world in which it does harm.
    package var kind: Kind {
        switch self {
        case .approvesByItself, .saysPairedEarly, .hidesKnownCode, .keepsUnasked: .human
        case .drawsOneSecret: .betrayed
        case .ignoresDeadlines: .altered
        case .neverSendsAgain, .relayMixesMeetings, .relayForgetsTheTime, .relayForgetsReplacedKeys: .fair
        case .relayCountsNoAddress, .relayThrowsOut, .relayTurnsAwayReturners, .relayCountsNoFrames, .relayAsksNoPrice,
            .relayTellsForAnHour:
            .filled
        }
    }

    /// What it makes of a relay's limits.
    func change(_ limits: inout Limits) {
        switch self {
        case .relayCountsNoFrames: limits.framesPerInterval = 1_000_000
        case .relayAsksNoPrice: limits.missesPerPrefix = 1_000_000
        case .relayTellsForAnHour: limits.endedTold = .seconds(3_600)
        default: break
        }
    }

    /// Whether it turns a first frame away for which there is a place.
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
    /// Puts a fault into every device and every relay.
    package func mutate(_ mutation: Mutation) {
        for relay in relays { relay.mutate(mutation) }
        for user in users {
            user.offerer.mutation = mutation
            user.visitor.mutation = mutation
        }
    }
}
