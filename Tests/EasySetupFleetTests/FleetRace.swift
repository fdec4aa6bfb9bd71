import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import SeededRandom

/// Devices that race at three relays of a fleet, while all that is under way happens in a random order: the steps of
/// questions to the directory, and messages between relays. Some connections break, and a device comes back at another relay.
final class FleetRace {
    /// Slots in the same order for each relay, so that all relays claim the same, and other ids.
    private struct SameSlots: RandomNumberGenerator, Sendable {
        var shared: SplitMix
        var own: SplitMix

        mutating func next() -> UInt64 {
            (shared.next() & 0xFFFF_FFFF_0000_0000) | (own.next() & 0xFFFF_FFFF)
        }
    }

    /// An offerer's device: it compares three guesses, gives one seat, and listens on its newest connection alone.
    final class Offerer {
        var relay: Int
        var connection: ConnectionID
        var read = 0
        var isAway = false
        var attempt: UInt32 = 0
        var slot: Slot?
        var token: Token?
        /// The guesses that it has compared, and the meetings that it still has, with the last message of each.
        var guesses = 0
        var meetings: [MeetingID: UInt32] = [:]
        var seat: MeetingID?
        /// The reason of its end.
        var end: Reason?
        /// Whether a visitor's message is a right proof.
        let isProof: Bool

        init(_ relay: Int, _ connection: ConnectionID, isProof: Bool) {
            (self.relay, self.connection, self.isProof) = (relay, connection, isProof)
        }
    }

    /// A visitor's device, which says one message.
    final class Visitor {
        var relay: Int
        var connection: ConnectionID
        var read = 0
        var isAway = false
        var attempt: UInt32 = 0
        var token: Token?
        var hasSaid = false
        var isSeated = false
        var end: Reason?

        init(_ relay: Int, _ connection: ConnectionID) {
            (self.relay, self.connection) = (relay, connection)
        }
    }

    let things = SharedThings()
    private(set) var relays: [FleetRelay] = []
    var random: SplitMix
    private var lastConnection: UInt64 = 0
    private(set) var offerer: Offerer?
    private(set) var visitors: [Visitor] = []

    /// - Parameter isRotating: whether keys are being rotated, so that one relay has another first key than the others.
    init(seed: UInt64, isRotating: Bool = false) throws {
        random = SplitMix(state: seed)
        var limits = Limits()
        (limits.offersPerPrefix, limits.visitsPerPrefix, limits.missesPerPrefix) = (1_000_000, 1_000_000, 1_000_000)
        (limits.restoresPerPrefix, limits.waitingPerPrefix) = (1_000_000, 1_000_000)
        var sharing = SharingLimits()
        sharing.claims = 16
        for number in 1...UInt64(3) {
            let entropy = SameSlots(shared: SplitMix(state: seed), own: SplitMix(state: seed &+ number))
            let keys =
                isRotating
                ? number == 2
                    ? EnvelopeTests.keys(EnvelopeTests.other, [EnvelopeTests.key])
                    : EnvelopeTests.keys(EnvelopeTests.key, [EnvelopeTests.other]) : EnvelopeTests.keys()
            relays.append(
                try FleetRelay(number, things, keys: keys, limits: limits, sharing: sharing, entropy: entropy)
            )
        }
        things.isHeld = true
        // Slots that others have claimed are claimed anew, so that each has its stock.
        settle(seconds: 3)
    }

    // MARK: The order of events

    func any(_ range: Range<Int>) -> Int { .random(in: range, using: &random) }
    func chance(_ part: Int) -> Bool { any(0..<part) == 0 }

    /// Lets up to so many steps happen.
    func steps(_ count: Int) {
        for _ in 0..<count {
            guard things.stepAtRandom(using: &random) else { return }
            react()
        }
    }

    /// Lets all happen, and so many seconds pass.
    func settle(seconds: Int, until isOver: () -> Bool = { false }) {
        for _ in 0..<seconds {
            repeat { react() } while things.stepAtRandom(using: &random)
            guard !isOver() else { return }
            things.now += .seconds(1)
            for relay in relays { relay.passTime() }
            comeBack()
        }
        repeat { react() } while things.stepAtRandom(using: &random)
    }

    private func react() {
        if let offerer { react(offerer) }
        for visitor in visitors { react(visitor) }
    }

    private func comeBack() {
        if let offerer, offerer.isAway, offerer.end == nil { attach(offerer, at: any(0..<3)) }
        for visitor in visitors where visitor.isAway && visitor.end == nil { attach(visitor, at: any(0..<3)) }
    }

    private func connection() -> ConnectionID {
        lastConnection += 1
        return ConnectionID(number: lastConnection)
    }

    // MARK: The offerer

    /// A room with so many visitors in meetings, each at a relay of its own choice.
    func meet(visitors count: Int, isProof: Bool) {
        let (relay, connection) = (any(0..<3), connection())
        offerer = Offerer(relay, connection, isProof: isProof)
        visitors = []
        relays[relay].come(connection, .offer(slotLength: 0, work: nil))
        settle(seconds: 2) { [self] in offerer?.slot != nil }
        guard let slot = offerer?.slot else { return }
        for _ in 0..<count {
            let (relay, connection) = (any(0..<3), self.connection())
            visitors.append(Visitor(relay, connection))
            relays[relay].come(connection, .visit(slot: slot, work: nil))
        }
        settle(seconds: 10) { [self] in
            visitors.allSatisfy { $0.token != nil } && offerer?.meetings.count == count
        }
    }

    /// Ends the room, so that the next race finds the relays empty.
    func leave() {
        if let offerer, offerer.end == nil {
            relays[offerer.relay].say(offerer.connection, .leave(.cancelled))
            offerer.end = .cancelled
        }
        for visitor in visitors where visitor.end == nil { relays[visitor.relay].lose(visitor.connection) }
        settle(seconds: 1)
        (offerer, visitors) = (nil, [])
    }

    /// Attaches anew. What the connection before still hears is nobody's.
    func attach(_ offerer: Offerer, at relay: Int) {
        guard let token = offerer.token else { return }
        (offerer.relay, offerer.connection, offerer.read, offerer.isAway) = (relay, connection(), 0, false)
        offerer.attempt += 1
        let held = offerer.meetings.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }.map {
            MeetingResume(meeting: $0.key, acked: 0, received: $0.value, isSeated: $0.key == offerer.seat)
        }
        relays[relay].come(
            offerer.connection,
            .attachOfferer(token: token, held: held, attempt: offerer.attempt)
        )
    }

    private func react(_ offerer: Offerer) {
        let heard = relays[offerer.relay].heard[offerer.connection] ?? []
        guard offerer.read < heard.count, offerer.end == nil else { return }
        let (relay, connection) = (relays[offerer.relay], offerer.connection)
        for frame in heard[offerer.read...] {
            offerer.read += 1
            switch frame {
            case .offered(let slot, let token, _): (offerer.slot, offerer.token) = (slot, token)
            case .visitor(let meeting): if offerer.seat == nil { offerer.meetings[meeting] = 0 }
            case .message(let meeting?, let message):
                guard let last = offerer.meetings[meeting], message.number == last + 1 else { break }
                offerer.meetings[meeting] = message.number
                judge(offerer, meeting, relay, connection)
            case .over(let meeting?, _): if meeting != offerer.seat { offerer.meetings[meeting] = nil }
            case .over(nil, let reason), .refused(let reason, _): offerer.end = reason
            case .goodbye: offerer.isAway = true
            default: break
            }
            guard offerer.end == nil else { return }
        }
    }

    private func judge(_ offerer: Offerer, _ meeting: MeetingID, _ relay: FleetRelay, _ connection: ConnectionID) {
        if offerer.isProof {
            guard offerer.seat == nil else { return }
            offerer.seat = meeting
            offerer.meetings = offerer.meetings.filter { $0.key == meeting }
            relay.say(connection, .seat(meeting: meeting))
        } else {
            guard offerer.guesses < 3 else { return }
            offerer.guesses += 1
            offerer.meetings[meeting] = nil
            relay.say(connection, .close(meeting: meeting, .wrongProof))
            guard offerer.guesses == 3 else { return }
            relay.say(connection, .leave(.codeBurnt))
            offerer.end = .codeBurnt
        }
    }

    // MARK: Visitors

    /// All visitors say their message, some of them while their connection or the offerer's breaks.
    func sayAll() {
        for visitor in visitors {
            steps(any(0..<6))
            say(visitor)
            if chance(4) { cut(visitor) }
        }
        if let offerer, chance(2) { cut(offerer) }
    }

    private func say(_ visitor: Visitor) {
        guard visitor.token != nil, visitor.end == nil else { return }
        visitor.hasSaid = true
        guard !visitor.isAway else { return }
        relays[visitor.relay].say(visitor.connection, .message(meeting: nil, Message(number: 1, ack: 0, body: [1])))
    }

    /// Breaks a connection, which its relay may not notice, and comes back elsewhere.
    private func cut(_ visitor: Visitor) {
        steps(any(0..<4))
        guard visitor.end == nil else { return }
        if chance(2) { relays[visitor.relay].lose(visitor.connection) }
        attach(visitor, at: any(0..<3))
    }

    private func cut(_ offerer: Offerer) {
        for _ in 0..<any(1..<3) {
            steps(any(0..<8))
            guard offerer.end == nil else { return }
            if chance(2) { relays[offerer.relay].lose(offerer.connection) }
            attach(offerer, at: any(0..<3))
        }
    }

    private func attach(_ visitor: Visitor, at relay: Int) {
        guard let token = visitor.token else { return }
        (visitor.relay, visitor.connection, visitor.read, visitor.isAway) = (relay, connection(), 0, false)
        visitor.attempt += 1
        relays[relay].come(
            visitor.connection,
            .attachVisitor(token: token, acked: 0, received: 0, attempt: visitor.attempt)
        )
    }

    private func react(_ visitor: Visitor) {
        let heard = relays[visitor.relay].heard[visitor.connection] ?? []
        guard visitor.read < heard.count, visitor.end == nil else { return }
        for frame in heard[visitor.read...] {
            visitor.read += 1
            switch frame {
            case .met(_, let token, _): visitor.token = token
            case .attachedVisitor(_, let have): if visitor.hasSaid, have == 0 { say(visitor) }
            case .seated: visitor.isSeated = true
            case .over(_, let reason), .refused(let reason, _): visitor.end = reason
            case .goodbye: visitor.isAway = true
            default: break
            }
        }
    }
}
