import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol

/// A rule of relays among others that the relays of a world leave out, to show that a law breaks without it. Those that
/// the model `Protocol/model/fleet.pml` leaves out too have its names.
package enum FleetRule: String, CaseIterable, Sendable {
    /// A gap in the numbers of a trunk breaks it.
    case trunk
    /// A trunk on which nothing is heard is broken.
    case ping
    /// A room that is not confirmed is registered each second.
    case register
    /// A relay looks each second whether the directory has lost its data.
    case epoch
    /// A miss in the directory is no proof for a while.
    case miss
    /// A home that is silent is no proof that there is no room.
    case silent
    /// Who types a code waits in line while no home can be asked.
    case line
    /// An attach that a home may have heard is never said again.
    case `repeat`
    /// A relay that has slept goes on as another run.
    case slept
    /// A home asks the directory before it says a final word.
    case final
    /// A home that does not know for certain that it is the home says no final word, whatever the directory says.
    case doubt
    /// An offerer whose count says that others had its room meanwhile makes the room again.
    case jump
    /// The counts of attaches are compared.
    case attempt
    /// The directory compares before it lets a relay have a room.
    case take
    /// A room that has lost its slot is compared, too.
    case ownKey
    /// A copy is told that another relay has taken the room over, and looks the room up by itself.
    case copy
    /// A home looks a room up before its time is over.
    case end
    /// Who is silent is not asked.
    case beats
    /// A relay that is cut off sends its rooms on.
    case sendOn
    /// A relay that is cut off sends on rooms with visitors, too, if none of these is connected to it.
    case alone
    /// A relay that drains lets devices that only begin come again.
    case drain

    /// Changes what all relays of a fleet have in common.
    func change(_ setup: inout Fleet.Setup) {
        let never = Duration.seconds(1_000_000)
        switch self {
        // Longer than any device waits.
        case .ping: setup.times.trunkSilence = .seconds(600)
        case .register: setup.sharing.takesPerSecond = 0
        case .miss: setup.times.missDoubt = .zero
        case .line: setup.times.homeReturn = .zero
        case .slept: setup.times.asleep = never
        case .copy: (setup.sharing.copyLook, setup.sharing.copyLookAtMost) = (never, never)
        case .end: setup.sharing.lastLooks = .zero
        case .beats: (setup.times.homeSilence, setup.times.suspicion) = (never, .zero)
        // Without `alone` the simulated relay sends rooms on by itself.
        case .sendOn, .alone: setup.sharing.sendOnAfter = never
        case .trunk, .epoch, .silent, .repeat, .final, .doubt, .jump, .attempt, .take, .ownKey, .drain: break
        }
    }
}

// MARK: - What a relay asks, hears and says

extension Fleet {
    /// The question that a relay asks in place of this one.
    func asked(_ question: StoreQuestion) -> StoreQuestion {
        guard setup.without == .take || setup.without == .ownKey else { return question }
        guard case .take(var request) = question else { return question }
        let found = stores.model.find(request.room, at: world.now)
        let isLost = found.atSlot.map { $0.offer != request.registration.offer } ?? false
        switch setup.without {
        // What is there counts as the relay's own.
        case .take: request.former = (isLost ? found.withoutSlot : found.atSlot)?.run
        case .ownKey where found.withoutSlot != nil: request.former = found.withoutSlot?.run
        default: return question
        }
        return .take(request)
    }

    /// The answer that a relay without asking believes to know; nil if it asks.
    func known(_ ticket: FleetTicket, to run: RunID) -> Result<StoreAnswer, StoreFailure>? {
        guard setup.without == .final, case .room(let question, _) = ticket, case .look = question.wish,
            case .device = question.asker
        else { return nil }
        let mine = Registration(offer: question.offer.bytes, run: run, attempt: 0)
        return .success(.found(FoundRooms(atSlot: mine)))
    }

    func answered(
        _ answer: Result<StoreAnswer, StoreFailure>,
        _ ticket: FleetTicket
    ) -> Result<StoreAnswer, StoreFailure> {
        switch (setup.without, ticket, answer) {
        case (.silent, .device, .success(.found(let rooms))):
            let isSilent = [rooms.atSlot, rooms.withoutSlot].contains { room in
                room.map { home in !relays.contains { $0.isAwake && $0.machine.run == home.run } } ?? false
            }
            return isSilent ? .success(.found(FoundRooms())) : answer
        case (.copy, .room, .success(.taken(var outcome))):
            // Nobody is told of the take-over.
            if case .mine = outcome.verdict { outcome.verdict = .mine(before: nil) }
            return .success(.taken(outcome))
        default: return answer
        }
    }

    /// The frame that a relay takes in place of the one that a device has sent.
    func said(_ frame: DeviceFrame, to relay: FleetRelay) -> DeviceFrame {
        switch (setup.without, frame) {
        case (.attempt, .attachOfferer(let token, let held, _)):
            return .attachOfferer(token: token, held: held, attempt: 0)
        case (.attempt, .attachVisitor(let token, let acked, let received, _)):
            return .attachVisitor(token: token, acked: acked, received: received, attempt: 0)
        case (.jump, .attachOfferer(let token, let held, let attempt)):
            // The room seems to have missed no attach.
            guard let claims = try? TokenClaims(checking: token, keys: setup.tokenKeys) else { return frame }
            let copies = [relay] + relays
            let room = copies.lazy.compactMap { $0.rendezvous.roomSummaries[claims.offer] }.first
            guard let room, attempt > room.attempt + 1 else { return frame }
            return .attachOfferer(token: token, held: held, attempt: room.attempt + 1)
        default: return frame
        }
    }

    /// The message that is heard in place of one that is lost: without its items, so that nobody notices a gap.
    func emptied(_ message: [UInt8], from run: RunID, to channel: FleetChannel) -> [UInt8]? {
        guard setup.without == .trunk, case .run(let receiver) = channel else { return nil }
        var opener = EnvelopeOpener(run: receiver, keys: setup.fleetKeys)
        guard var (_, content) = try? opener.open(message, on: channel) else { return nil }
        content.loose = []
        content.fromEntry?.items = []
        content.fromHome?.items = []
        let counter = message[13..<21].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        var sealer = EnvelopeSealer(run: run, keys: setup.fleetKeys)
        while sealer.counter + 1 < counter { _ = sealer.seal(FleetContent(), for: channel) }
        return sealer.seal(content, for: channel)
    }
}
