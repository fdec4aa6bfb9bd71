import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import TestSupport
import Testing

/// Relays of different versions in one fleet, each of them this one, whose messages are changed on the way.
@Suite("Relays of two versions") struct VersionsTests {
    private static let (b, a) = (FleetTests.b, FleetTests.a)

    /// Two relays, the home and the entry of what follows.
    private struct Pair {
        let things = SharedThings()
        let home: FleetRelay
        let entry: FleetRelay

        init() throws {
            home = try FleetRelay(1, things)
            entry = try FleetRelay(2, things)
        }

        /// Lets a second pass, in which both relays beat if it is time.
        func passSecond() {
            things.now += .seconds(1)
            home.passTime()
            entry.passTime()
        }

        func offer() throws -> (slot: Slot, token: Token) {
            home.come(VersionsTests.b, .offer(slotLength: 0, work: nil))
            return try #require(home.last(VersionsTests.b).offered)
        }
    }

    /// The relays of which the messages are a later version's.
    enum Later: CaseIterable { case home, entry, both }

    @Test("Devices meet and talk over relays of which one is of a later version", arguments: Later.allCases)
    func later(_ later: Later) throws {
        let pair = try Pair()
        pair.things.stores.loses = { from, to in
            switch later {
            case .home: from == RunID(number: 1) && to != from
            case .entry: from == RunID(number: 2) && to != from
            case .both: to != from
            }
        }
        pair.things.stores.heardInPlace = { message, _, channel in
            try! LaterMessage.of(message, on: channel, key: EnvelopeTests.key)
        }
        for _ in 0..<4 { pair.passSecond() }
        let (slot, token) = try pair.offer()
        pair.entry.come(Self.a, .visit(slot: slot, work: nil))
        guard case .met(let meeting, _, _) = pair.entry.last(Self.a) else {
            throw FleetTests.Missing(what: "met: \(pair.entry.heard)")
        }
        let message = Message(number: 1, ack: 0, body: [1])
        pair.entry.say(Self.a, .message(meeting: nil, message))
        #expect(pair.home.last(Self.b) == .message(meeting: meeting, message))
        // The offerer comes back by the other relay, and its home lets it in.
        pair.home.lose(Self.b)
        let held = [MeetingResume(meeting: meeting, acked: 0, received: 1, isSeated: false)]
        pair.entry.come(FleetTests.bAgain, .attachOfferer(token: token, held: held, attempt: 1))
        #expect(pair.entry.heard[FleetTests.bAgain]?.first?.isAttachedOfferer == true)
        pair.entry.say(FleetTests.bAgain, .leave(.cancelled))
        #expect(pair.entry.closed.contains(Self.a))
        for relay in [pair.home, pair.entry] {
            #expect(relay.machine.counts.unreadable == 0 && relay.machine.counts.brokenLegs == 0)
            #expect(relay.farCount == 0 && relay.machine.status(now: pair.things.now).others == 1)
        }
    }

    @Test("Relays that can't read each other send a device on to the one that can let it in") func unread() throws {
        let pair = try Pair()
        pair.things.stores.loses = { from, to in to != from }
        pair.things.stores.heardInPlace = { message, _, _ in [2] + message.dropFirst() }
        for _ in 0..<8 { pair.passSecond() }
        let (slot, token) = try pair.offer()
        let again = RelayFrame.goodbye(retryAfter: .milliseconds(300))
        pair.entry.come(Self.a, .visit(slot: slot, work: nil))
        #expect(pair.entry.heard[Self.a] == [again] && pair.entry.closed.contains(Self.a))
        // The balancer brings it to the right one.
        pair.home.come(FleetTests.aAgain, .visit(slot: slot, work: nil))
        guard case .met(let meeting, let visit, _) = pair.home.last(FleetTests.aAgain) else {
            throw FleetTests.Missing(what: "met: \(pair.home.heard)")
        }
        pair.home.lose(FleetTests.aAgain)
        pair.entry.come(Self.a, .attachVisitor(token: visit, acked: 0, received: 0, attempt: 1))
        #expect(pair.entry.last(Self.a) == again)
        // The offerer comes by the other relay: its word makes the room there, and its home finds that out.
        pair.home.lose(Self.b)
        let held = [MeetingResume(meeting: meeting, acked: 0, received: 0, isSeated: false)]
        pair.entry.come(FleetTests.bAgain, .attachOfferer(token: token, held: held, attempt: 1))
        #expect(pair.entry.heard[FleetTests.bAgain]?.first?.isAttachedOfferer == true)
        for _ in 0..<4 { pair.passSecond() }
        #expect(pair.home.rooms == 0 && pair.entry.rooms == 1)
        let third = ConnectionID(number: 9)
        pair.home.come(third, .attachVisitor(token: visit, acked: 0, received: 0, attempt: 2))
        #expect(pair.home.last(third) == again)
        let fourth = ConnectionID(number: 10)
        pair.entry.come(fourth, .attachVisitor(token: visit, acked: 0, received: 0, attempt: 3))
        guard case .attachedVisitor = pair.entry.heard[fourth]?.first else {
            throw FleetTests.Missing(what: "attached: \(pair.entry.heard)")
        }
        #expect(pair.home.machine.counts.unreadable > 0 && pair.entry.machine.counts.unreadable > 0)
    }
}
