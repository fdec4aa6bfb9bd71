import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

/// A relay that is about to stop.
@Suite("A relay that drains") struct DrainTests {
    static let goodbye = RelayFrame.goodbye(retryAfter: .seconds(2))
    static let draining = RelayFrame.refused(.draining, retryAfter: .seconds(2))

    @Test("Offers, visits and new connections are refused, and told how long to wait") func refuses() {
        var scene = Scene.met()
        scene.connect("N")
        scene.drain()
        #expect(scene.heard["N"] == nil)
        scene.send("N", .offer(slotLength: 0, work: nil))
        #expect(scene.connect("M") == nil)
        scene.send("M", .visit(slot: scene.slot, work: nil))
        for name in ["N", "M"] {
            #expect(scene.last(name) == Self.draining)
            #expect(scene.closed.contains(name))
        }
        #expect(scene.relay.statistics.isDraining)
    }

    @Test("An offerer whom nobody has met goes to the next relay at once, and its code lives there") func idleOfferer()
    {
        var scene = Scene.offered()
        let slot = scene.slot
        scene.drain()
        #expect(scene.last("B") == Self.goodbye)
        #expect(scene.closed.contains("B"))
        #expect(scene.relay.statistics.rooms == 0)
        // This relay is still running: the offerer is told to come back later, not that its room has ended.
        scene.come("B", .attachOfferer(token: scene.tokens["B"]!, held: []))
        #expect(scene.last("B") == Self.draining)

        scene.restart()
        scene.come("B", .attachOfferer(token: scene.tokens["B"]!, held: []))
        #expect(scene.last("B") == .attachedOfferer(expiresIn: .seconds(595), meetings: [], slotLost: false))
        scene.slot = slot
        scene.visit("A", 1)
        #expect(scene.last("B") == .visitor(meeting: scene.meetings["A"]!))
    }

    @Test("A pairing under way goes on to its end, and then the relay is done") func goesOn() {
        var scene = Scene.met()
        #expect(scene.drain().isEmpty)
        scene.say("A", 1)
        #expect(scene.last("B") == .message(meeting: scene.meetings["A"]!, .sample(1)))
        scene.send("B", .seat(meeting: scene.meetings["A"]!))
        scene.pass(.seconds(299))
        scene.say("B", 1, ack: 1)
        #expect(scene.last("A") == .message(meeting: nil, .sample(1, 1)))
        #expect(scene.relay.statistics.rooms == 1)
        scene.send("B", .leave(.done))
        #expect(scene.last("A") == .over(meeting: nil, .done))
        #expect(scene.relay.statistics.rooms == 0)
    }

    @Test("Both devices of a pairing under way may come back, and devices of other rooms are told to wait")
    func attaches() {
        var scene = Scene.met()
        let meeting = scene.meetings["A"]!
        scene.say("A", 1)
        scene.say("B", 1, ack: 1)
        scene.send("B", .seat(meeting: meeting))
        scene.drain()
        scene.lose("A")
        scene.come("A", .attachVisitor(token: scene.tokens["A"]!, acked: 1, received: 1))
        #expect(
            scene.heard["A"]?.contains { if case .attachedVisitor(_, have: 1) = $0 { true } else { false } } == true
        )
        scene.lose("B")
        scene.come(
            "B",
            .attachOfferer(
                token: scene.tokens["B"]!,
                held: [MeetingResume(meeting: meeting, acked: 1, received: 1, isSeated: true)]
            )
        )
        #expect(scene.last("A") == .presence(meeting: nil, isPresent: true))

        var other = Scene.met()
        other.restart()
        other.drain()
        other.come("A", .attachVisitor(token: other.tokens["A"]!, acked: 0, received: 0))
        #expect(other.last("A") == Self.draining)
        other.come("B", .attachOfferer(token: other.tokens["B"]!, held: []))
        #expect(other.last("B") == Self.draining)
        other.come("X", .attachOfferer(token: Token(bytes: [1, 2, 3]), held: []))
        #expect(other.last("X") == .refused(.badToken, retryAfter: .zero))
        #expect(other.relay.statistics.rooms == 0)
    }

    @Test(
        "A pairing whose devices are both away does not keep the relay, and goes on at the next one",
        arguments: [true, false]
    )
    func deserted(isFirst: Bool) {
        var scene = Scene.met()
        let meeting = scene.meetings["A"]!
        scene.say("A", 1)
        scene.say("B", 1, ack: 1)
        scene.send("B", .seat(meeting: meeting))
        scene.lose("A")
        if isFirst {
            scene.lose("B")
            scene.drain()
        } else {
            scene.drain()
            #expect(scene.relay.statistics.rooms == 1)
            scene.lose("B")
        }
        #expect(scene.relay.statistics.rooms == 0)
        let token = scene.tokens["B"]!
        let held = [MeetingResume(meeting: meeting, acked: 1, received: 1, isSeated: true)]
        scene.come("B", .attachOfferer(token: token, held: held))
        #expect(scene.last("B") == Self.draining)
        scene.restart()
        scene.come("B", .attachOfferer(token: token, held: held))
        #expect(scene.relay.statistics.seated == 1)
    }

    @Test("A room that has ended is over for every device that asks") func ended() {
        var scene = Scene.met()
        scene.send("B", .leave(.codeBurnt))
        scene.drain()
        scene.come("A", .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 0))
        #expect(scene.last("A") == .refused(.codeBurnt, retryAfter: .zero))
    }

    @Test("An offerer whose last meeting ends without a seat then goes to the next relay") func wrongProof() {
        var scene = Scene.met()
        scene.drain()
        scene.send("B", .close(meeting: scene.meetings["A"]!, .wrongProof))
        #expect(scene.last("A") == .over(meeting: nil, .wrongProof))
        #expect(scene.last("B") == Self.goodbye)
        #expect(scene.relay.statistics.rooms == 0)
    }

    @Test("A room in which nobody proves anything goes to the next relay after a while, with its line") func unseated()
    {
        var limits = Limits()
        limits.meetings = 1
        var scene = Scene.met(limits)
        scene.visit("C", 3)
        #expect(scene.last("C") == .inLine(position: 1))
        // The visitor owes no message, because the offerer is disconnected.
        scene.lose("B")
        scene.drain()
        scene.pass(limits.unseatedDrain - .seconds(1))
        #expect(scene.relay.statistics.rooms == 1)
        scene.pass(.seconds(1))
        for name in ["A", "C"] {
            #expect(scene.last(name) == Self.goodbye)
            #expect(scene.closed.contains(name))
        }
        #expect(scene.relay.statistics.rooms == 0)
        // The meeting goes on at the next relay.
        scene.restart()
        scene.come("A", .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 0))
        scene.come(
            "B",
            .attachOfferer(
                token: scene.tokens["B"]!,
                held: [MeetingResume(meeting: scene.meetings["A"]!, acked: 0, received: 0, isSeated: false)]
            )
        )
        #expect(scene.last("A") == .attachedVisitor(expiresIn: .seconds(585), have: 0))
    }

    @Test("A visitor that waits for its offerer is sent to the next relay") func early() {
        var scene = Scene.met()
        scene.restart()
        scene.come("A", .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 0))
        scene.drain()
        #expect(scene.last("A") == Self.goodbye)
        #expect(scene.closed.contains("A"))
        #expect(scene.relay.brokenBound == nil)
        #expect(scene.relay.statistics.connections == 0)
    }

    @Test("At the end every device is sent to the next relay, and the relay keeps nothing", arguments: [true, false])
    func end(isDrained: Bool) {
        var scene = Scene.met()
        scene.come("D", from: Scene.address(4), .offer(slotLength: 0, work: nil))
        scene.connect("N")
        scene.send("B", .seat(meeting: scene.meetings["A"]!))
        if isDrained { scene.drain() }
        scene.end()
        for name in ["A", "B", "D", "N"] {
            #expect(scene.last(name) == Self.goodbye)
            #expect(scene.heard[name]?.count(where: { $0 == Self.goodbye }) == 1)
            #expect(scene.closed.contains(name))
        }
        #expect(scene.relay.brokenBound == nil)
        #expect(scene.relay.statistics.connections == 0)
        #expect(scene.relay.statistics.rooms == 0)
        #expect(scene.end().isEmpty)
    }

    @Test("An offerer that reports draining keeps its room for the usual time") func draining() {
        var scene = Scene.offered()
        scene.send("B", .leave(.draining))
        scene.come("B", .attachOfferer(token: scene.tokens["B"]!, held: []))
        #expect(scene.last("B") == .refused(.expired, retryAfter: .zero))
    }
}
