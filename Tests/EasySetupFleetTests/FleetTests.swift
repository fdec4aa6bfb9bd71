import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import SeededRandom
import Testing

/// Whole ways of devices over relays: core, entry, trunks, sealed messages, a directory and a bus in memory.
@Suite("Relays of a fleet") struct FleetTests {
    static let (b, a) = (ConnectionID(number: 1), ConnectionID(number: 2))
    static let (bAgain, aAgain) = (ConnectionID(number: 3), ConnectionID(number: 4))

    private static func message(_ number: UInt32, ack: UInt32 = 0) -> Message {
        Message(number: number, ack: ack, body: [UInt8(number)])
    }

    /// Two relays, the offerer at the first and a visitor at the second, in a meeting.
    private struct Met {
        let things = SharedThings()
        let home: FleetRelay
        let entry: FleetRelay
        let slot: Slot
        let offerToken: Token
        let visitToken: Token
        let meeting: MeetingID

        init() throws {
            let home = try FleetRelay(1, things)
            let entry = try FleetRelay(2, things)
            home.come(FleetTests.b, .offer(slotLength: 0, work: nil))
            guard case .offered(let slot, let offerToken, _) = home.last(FleetTests.b) else {
                throw Missing(what: "offered: \(home.heard)")
            }
            entry.come(FleetTests.a, .visit(slot: slot, work: nil))
            guard case .met(let meeting, let visitToken, _) = entry.last(FleetTests.a) else {
                throw Missing(what: "met: \(entry.heard)")
            }
            (self.home, self.entry, self.slot, self.meeting) = (home, entry, slot, meeting)
            (self.offerToken, self.visitToken) = (offerToken, visitToken)
        }
    }

    struct Missing: Error { let what: String }

    @Test("Two devices at different relays meet, and what each says reaches the other") func across() throws {
        let met = try Met()
        #expect(met.home.last(Self.b) == .visitor(meeting: met.meeting))
        #expect(met.home.farCount == 1)
        met.entry.say(Self.a, .message(meeting: nil, Self.message(1)))
        #expect(met.home.last(Self.b) == .message(meeting: met.meeting, Self.message(1)))
        met.home.say(Self.b, .message(meeting: met.meeting, Self.message(1, ack: 1)))
        #expect(met.entry.last(Self.a) == .message(meeting: nil, Self.message(1, ack: 1)))
        met.home.say(Self.b, .leave(.cancelled))
        #expect(met.entry.closed.contains(Self.a) && met.home.farCount == 0)
        guard case .over = met.entry.last(Self.a) else {
            Issue.record("\(met.entry.heard)")
            return
        }
    }

    @Test("A relay counts once that it is cut off, however often it tries to join") func cutOnce() throws {
        let things = SharedThings()
        let relay = try FleetRelay(1, things)
        for cuts in 1...2 {
            things.stores.goAway()
            things.settle()
            for _ in 0..<3 { relay.told(.cutOff(.unreachable)) }
            #expect(relay.machine.counts.cuts == cuts && !relay.machine.isJoined)
            things.stores.comeBack()
            things.settle()
            #expect(relay.machine.isJoined)
        }
    }

    @Test("Of two stores one is enough: it may be another one for each pair of relays, and each may be lost")
    func twoStores() throws {
        let things = SharedThings(stores: 2)
        let (home, entry) = (try FleetRelay(1, things), try FleetRelay(2, things))
        // The relays have only the second store in common.
        home.parts[0].isCut = true
        things.settle()
        func beat() {
            things.now += .seconds(2)
            home.passTime()
            entry.passTime()
        }
        // Each knows after a few beats where it hears the other.
        for _ in 0..<3 { beat() }
        home.come(Self.b, .offer(slotLength: 0, work: nil))
        guard case .offered(let slot, _, _) = home.last(Self.b) else { throw Missing(what: "\(home.heard)") }
        entry.come(Self.a, .visit(slot: slot, work: nil))
        guard case .met(let meeting, _, _) = entry.last(Self.a) else { throw Missing(what: "\(entry.heard)") }
        #expect(home.last(Self.b) == .visitor(meeting: meeting))
        // Then the first one alone, and both hear each other there within a few beats.
        home.parts[0].isCut = false
        things.settle()
        for _ in 0..<2 { beat() }
        things.all[1].goAway()
        things.settle()
        for _ in 0..<4 { beat() }
        entry.say(Self.a, .message(meeting: nil, Self.message(1)))
        #expect(home.last(Self.b) == .message(meeting: meeting, Self.message(1)))
        #expect(entry.machine.counts.brokenLegs == 0)
    }

    @Test("A code that no relay has is refused at once by a relay that can know it") func nobody() throws {
        let things = SharedThings()
        let relay = try FleetRelay(1, things)
        let slot = try #require(Slot("ZZZ"))
        relay.come(Self.a, .visit(slot: slot, work: nil))
        // It has just joined: others may have the room.
        #expect(relay.last(Self.a) == .inLine(position: 1))
    }

    @Test("The home is killed: both devices come again at the other relay, which makes the room from their words")
    func killed() throws {
        let met = try Met()
        met.entry.say(Self.a, .message(meeting: nil, Self.message(1)))
        met.home.kill()
        // Nobody hears what the visitor says: it has a token, and comes again.
        met.entry.say(Self.a, .ack(meeting: nil, upTo: 0))
        #expect(met.entry.last(Self.a) == .goodbye(retryAfter: .milliseconds(300)))
        #expect(met.entry.closed.contains(Self.a))
        // The offerer attaches where its home can't be asked, and the room is taken.
        met.entry.come(
            Self.bAgain,
            .attachOfferer(
                token: met.offerToken,
                held: [MeetingResume(meeting: met.meeting, acked: 0, received: 1, isSeated: false)],
                attempt: 1
            )
        )
        guard case .attachedOfferer(_, let meetings, slotLost: false) = met.entry.heard[Self.bAgain]?.first else {
            Issue.record("\(met.entry.heard)")
            return
        }
        #expect(meetings.map(\.meeting) == [met.meeting])
        // The visitor attaches at a third relay, whose home is the second by now.
        let third = try FleetRelay(3, met.things)
        third.come(Self.aAgain, .attachVisitor(token: met.visitToken, acked: 1, received: 0, attempt: 1))
        guard case .attachedVisitor(_, have: 1) = third.heard[Self.aAgain]?.first else {
            Issue.record("\(third.heard)")
            return
        }
        met.entry.say(Self.bAgain, .message(meeting: met.meeting, Self.message(1, ack: 1)))
        #expect(third.last(Self.aAgain) == .message(meeting: nil, Self.message(1, ack: 1)))
        #expect(met.entry.farCount == 1)
    }

    @Test("What a relay has counted of an address counts at another one after its next beat") func counts() throws {
        let things = SharedThings()
        let (one, two) = (try FleetRelay(1, things), try FleetRelay(2, things))
        let visit = DeviceFrame.visit(slot: try #require(Slot("ABCD")), work: nil)
        for number in 0..<UInt64(60) { one.come(ConnectionID(number: 100 + number), visit) }
        two.come(Self.a, visit)
        #expect(two.last(Self.a) == .inLine(position: 1))
        things.now += .seconds(2)
        one.passTime()
        two.come(Self.aAgain, visit)
        guard case .workWanted(_, difficulty: 14, _) = two.last(Self.aAgain) else {
            Issue.record("\(two.heard)")
            return
        }
    }

    @Test("Relays with other limits are told by name, as far as both tell them") func otherLimits() throws {
        let things = SharedThings()
        var limits = Limits()
        (limits.codeLifetime, limits.meetings) = (.seconds(3600), 8)
        let relays = [
            try FleetRelay(1, things), try FleetRelay(2, things), try FleetRelay(3, things, limits: limits),
        ]
        things.now += .seconds(2)
        for relay in relays { relay.passTime() }
        let told = relays.map { $0.machine.status(now: things.now) }
        #expect(told.map(\.others) == [2, 2, 2] && told.map(\.othersUnlike) == [1, 1, 2])
        #expect(told.allSatisfy { $0.differingLimits == ["codeLifetime", "meetings"] })
        let (own, other) = (CommonLimits(Limits()), CommonLimits(limits))
        #expect(CommonLimits.names.count == own.values.count && own.places(differingFrom: other) == [0, 2])
        #expect(own.places(differingFrom: CommonLimits(values: [3600])) == [0])
        #expect(own.places(differingFrom: CommonLimits(values: own.values + [1])) == [])
    }

    // MARK: Keys that are replaced

    private static let oldFirst = EnvelopeTests.keys(EnvelopeTests.key, [EnvelopeTests.other])
    private static let newFirst = EnvelopeTests.keys(EnvelopeTests.other, [EnvelopeTests.key])

    @Test("Relays with another first key find each other's rooms, and take them where they are")
    func otherFirstKey() throws {
        let things = SharedThings()
        let home = try FleetRelay(1, things, keys: Self.oldFirst)
        let entry = try FleetRelay(2, things, keys: Self.newFirst)
        home.come(Self.b, .offer(slotLength: 0, work: nil))
        let (slot, token) = try #require(home.last(Self.b).offered)
        entry.come(Self.a, .visit(slot: slot, work: nil))
        guard case .met(let meeting, _, _) = entry.last(Self.a) else {
            throw Missing(what: "met: \(entry.heard)")
        }
        home.kill()
        let held = [MeetingResume(meeting: meeting, acked: 0, received: 0, isSeated: false)]
        entry.come(Self.bAgain, .attachOfferer(token: token, held: held, attempt: 1))
        #expect(entry.heard[Self.bAgain]?.first?.isAttachedOfferer == true)
        // The directory has the room once, and each relay finds its new home: one that does not know the new key, too.
        for (number, keys) in [(3, Self.newFirst), (4, Self.oldFirst), (5, EnvelopeTests.keys(EnvelopeTests.key))] {
            let other = try FleetRelay(UInt64(number), things, keys: keys)
            let device = ConnectionID(number: 100 + UInt64(number))
            other.come(device, .visit(slot: slot, work: nil))
            guard number < 5 else {
                // It finds the room, and can't open what its home says.
                #expect(other.last(device) == nil)
                continue
            }
            guard case .met = other.last(device) else {
                throw Missing(what: "met at \(number): \(other.heard)")
            }
        }
    }

    @Test("No slot is given out twice by relays with other first keys", arguments: [true, false])
    func sameSlot(isSameKey: Bool) throws {
        let things = SharedThings()
        // Both draw the same slots.
        let one = try FleetRelay(1, things, keys: Self.oldFirst, entropy: SplitMix(state: 9))
        let keys = isSameKey ? Self.oldFirst : Self.newFirst
        let two = try FleetRelay(2, things, keys: keys, entropy: SplitMix(state: 9))
        one.come(Self.b, .offer(slotLength: 0, work: nil))
        two.come(Self.a, .offer(slotLength: 0, work: nil))
        let (slot, other) = (try #require(one.last(Self.b).offered).slot, try #require(two.last(Self.a).offered).slot)
        #expect(slot.symbols.utf8.count == 4 && other != slot)
    }

    @Test("A relay that gets another first key gives out no slot of before") func newFirstKey() throws {
        let things = SharedThings()
        let one = try FleetRelay(1, things, keys: Self.oldFirst)
        one.replaceKeys(by: Self.newFirst)
        one.come(Self.b, .offer(slotLength: 0, work: nil))
        let slot = try #require(one.last(Self.b).offered).slot
        #expect(slot.symbols.utf8.count == 4)
        // The old key goes, and the code is still found.
        let two = try FleetRelay(2, things, keys: EnvelopeTests.keys(EnvelopeTests.other))
        two.come(Self.a, .visit(slot: slot, work: nil))
        guard case .met = two.last(Self.a) else { throw Missing(what: "met: \(two.heard)") }
        #expect(one.farCount == 1)
    }

    // MARK: The operator's message

    @Test("A device hears the operator's message once, although it waits here and is let in elsewhere") func message()
        throws
    {
        let things = SharedThings()
        let (home, entry) = (try FleetRelay(1, things), try FleetRelay(2, things))
        (home.message, entry.message) = (try RelayMessage("Away at 8:00."), try RelayMessage("Away at 9:00."))
        home.come(Self.b, .offer(slotLength: 0, work: nil))
        let slot = try #require(home.last(Self.b).offered).slot
        // Nothing that it says arrives, so that its home is suspected.
        things.stores.loses = { _, _ in true }
        entry.come(Self.a, .visit(slot: slot, work: nil))
        for _ in 0..<3 { Self.passSecond([home, entry], things) }
        #expect(entry.heard[Self.a] == [.inLine(position: 1)])
        things.stores.loses = { _, _ in false }
        for _ in 0..<10 { Self.passSecond([home, entry], things) }
        guard case .met = entry.last(Self.a) else { throw Missing(what: "met: \(entry.heard)") }
        #expect(entry.told[Self.a] == [try #require(entry.message)])
        // A device that need not wait hears the home's message.
        entry.come(Self.aAgain, .visit(slot: slot, work: nil))
        #expect(entry.told[Self.aAgain] == [try #require(home.message)])
    }

    @Test("A relay that has slept reads nothing that was said to the run before, even before it has left the store")
    func slept() throws {
        let things = SharedThings()
        let relay = try FleetRelay(1, things)
        let (before, heard) = (relay.machine.run, relay.machine.counts.heard)
        var sealer = EnvelopeSealer(run: RunID(number: 2), keys: EnvelopeTests.keys())
        things.now += .seconds(10)
        relay.happen { $0.told(.message(.run(before), sealer.seal(FleetContent(), for: .run(before)))) }
        let run = relay.machine.run
        #expect(run != before && relay.machine.counts.heard == heard)
        relay.happen { $0.told(.message(.run(run), sealer.seal(FleetContent(), for: .run(run)))) }
        #expect(relay.machine.counts.heard == heard + 1)
    }

    private static func passSecond(_ relays: [FleetRelay], _ things: SharedThings) {
        things.now += .seconds(1)
        for relay in relays { relay.passTime() }
    }
}

extension RelayFrame? {
    /// The part of a frame that an offerer hears of its code; nil if this is something else.
    var offered: (slot: Slot, token: Token)? {
        if case .offered(let slot, let token, _)? = self { (slot, token) } else { nil }
    }
}

extension RelayFrame {
    var isAttachedOfferer: Bool { if case .attachedOfferer = self { true } else { false } }
}
