import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

/// The operator's message (`Protocol/relay.md`, "The relay's message").
@Suite("The operator's message for devices") struct RelayMessageTests {
    static let message = try! RelayMessage("Away at 8:00.")
    static let other = try! RelayMessage("Back again.")

    /// A relay with the message, and a room of "B".
    private static func offered(_ limits: Limits = Limits()) -> Scene {
        var scene = Scene(limits)
        scene.relay.message = message
        scene.come("B", .offer(slotLength: 0, work: nil))
        return scene
    }

    @Test("Each answer to a first frame carries it, and no other frame does") func answers() throws {
        var limits = Limits()
        limits.meetings = 1
        var scene = Self.offered(limits)
        let arrival = scene.visit("A", 1)
        #expect(arrival.count == 2)
        scene.visit("C", 2)
        guard case .inLine = scene.last("C") else { return #expect(Bool(false), "C waits in line") }
        scene.say("A", 1)
        scene.say("B", 1, ack: 1)
        #expect(scene.told == ["B": [Self.message], "A": [Self.message], "C": [Self.message]])
        let tokens = scene.tokens
        scene.lose("A")
        scene.lose("B")
        scene.come("B2", .attachOfferer(token: try #require(tokens["B"]), held: [], attempt: 1))
        scene.come("Z", .message(meeting: nil, .sample(1)))
        #expect(scene.told["B2"] == [Self.message])
        #expect(scene.last("Z") == .refused(.badOrder, retryAfter: .zero) && scene.told["Z"] == [Self.message])
        #expect(scene.told["B"]?.count == 1)
    }

    @Test("A visitor that is back hears it beside its answer") func returns() throws {
        var scene = Self.offered()
        scene.visit("A", 1)
        let token = try #require(scene.tokens["A"])
        scene.lose("A")
        let actions = scene.come("A2", .attachVisitor(token: token, acked: 0, received: 0, attempt: 1))
        #expect(scene.told["A2"] == [Self.message])
        guard case .tell(.attachedVisitor, Self.message, _)? = actions.first else {
            return #expect(Bool(false), "\(actions)")
        }
    }

    @Test("A device that is refused reads why beside the refusal") func refusals() {
        var scene = Self.offered()
        scene.drain()
        scene.come("D", .offer(slotLength: 0, work: nil))
        #expect(scene.heard["D"] == [.refused(.draining, retryAfter: scene.limits.retryDraining)])
        scene.come("E", .visit(slot: Slot("ZZZ")!, work: nil))
        scene.connect("F")
        scene.send(
            "F",
            .offer(slotLength: 0, work: nil),
            crowded: AdmissionRefusal(reason: .relayFull, retryAfter: .seconds(30))
        )
        for name in ["D", "E", "F"] { #expect(scene.told[name] == [Self.message], "\(name)") }
    }

    @Test("A device that is asked for work hears it once") func work() {
        var limits = Limits()
        limits.offersPerPrefix = 1
        limits.difficulty = 1...2
        var scene = Self.offered(limits)
        for _ in 0..<3 { scene.come("W", .offer(slotLength: 0, work: nil)) }
        guard case .workWanted = scene.last("W") else { return #expect(Bool(false), "work is wanted") }
        let before = scene.told["W"]?.count
        scene.send("W", .offer(slotLength: 0, work: scene.solved("W")))
        guard case .offered = scene.last("W") else { return #expect(Bool(false), "the work is right") }
        #expect(scene.told["W"]?.count == before)
    }

    @Test("A change is for those that connect after it, and without a message nothing is told") func changes() {
        var scene = Self.offered()
        scene.relay.message = Self.other
        scene.visit("A", 1)
        scene.relay.message = nil
        scene.visit("C", 2)
        #expect(scene.told == ["B": [Self.message], "A": [Self.other]])
    }

    @Test("A frame that can't be read, and a first frame that is late, are answered without it") func silence() {
        var scene = Scene()
        scene.relay.message = Self.message
        scene.connect("A")
        scene.relay.receivedBadFrame(from: ConnectionID("A"), &scene.turn)
        scene.lose("A")
        scene.connect("B")
        scene.pass(scene.limits.firstFrame)
        #expect(scene.last("A") == .refused(.badFrame, retryAfter: .zero))
        #expect(scene.last("B") == .refused(.tooSlow, retryAfter: .zero))
        #expect(scene.told.isEmpty)
    }
}
