import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

/// Devices at a relay among others whose rooms are not here.
@Suite("A device whose room may be at another relay") struct SharedEntryTests {
    @Test("A relay alone says at once that it knows no code, and asks nobody") func alone() {
        var scene = Scene()
        scene.visit("A", 1)
        #expect(scene.last("A") == .refused(.noSuchCode, retryAfter: .seconds(2)))
        #expect(scene.sought.isEmpty && scene.questions.isEmpty)
    }

    @Test("A visit to a slot that is not here is sought, and hears nothing meanwhile") func visit() {
        var scene = Scene.shared()
        scene.come("A", .visit(slot: Slot("ABCD")!, work: nil))
        #expect(scene.heard["A"] == nil && !scene.closed.contains("A"))
        #expect(scene.sought.map(\.goal) == [.visit(Slot("ABCD")!)])
        #expect(scene.sought.first?.frame == .visit(slot: Slot("ABCD")!, work: nil))
        #expect(scene.relay.statistics.roomless == 1)
        #expect(scene.relay.brokenBound == nil)
    }

    @Test(
        "A miss that is proof counts and is final, and one that is none has a time to wait",
        arguments: [true, false]
    )
    func miss(isProof: Bool) {
        var limits = Limits()
        limits.missesPerPrefix = 2
        limits.difficulty = 1...1
        var scene = Scene.shared(limits)
        for name in ["A1", "A2"] {
            scene.come(name, .visit(slot: Slot("ABCD")!, work: nil))
            scene.find(name, .nobody(isProof: isProof))
            #expect(scene.last(name) == .refused(.noSuchCode, retryAfter: isProof ? .zero : .seconds(2)))
            #expect(scene.closed.contains(name))
        }
        // After two proven misses the prefix has to work. A miss that is no proof counts only once the prefix has made
        // as many visits.
        scene.come("A3", .visit(slot: Slot("ABCD")!, work: nil))
        #expect(scene.sought.count == (isProof ? 2 : 3))
        #expect(scene.relay.brokenBound == nil)
    }

    @Test("A visitor whose room may come back waits in line, hears it once, and may leave") func waits() throws {
        var scene = Scene.shared()
        let message = try RelayMessage("Away at 8:00.")
        scene.relay.message = message
        scene.come("A", .visit(slot: Slot("ABCD")!, work: nil))
        scene.find("A", .waits)
        scene.find("A", .waits)
        #expect(scene.heard["A"] == [.inLine(position: 1)])
        #expect(scene.told["A"] == [message])
        scene.send("A", .leave(.cancelled))
        #expect(scene.closed.contains("A") && scene.heard["A"]?.count == 1)
        #expect(scene.find("A", .nobody(isProof: true)).isEmpty)
        #expect(scene.relay.statistics.connections == 0)
    }

    @Test("A device that is sought may say nothing but that it leaves the line") func speaks() {
        var scene = Scene.shared()
        for name in ["A", "C"] { scene.come(name, .visit(slot: Slot("ABCD")!, work: nil)) }
        scene.send("A", .leave(.cancelled))
        #expect(scene.last("A") == .refused(.badOrder, retryAfter: .zero))
        scene.find("C", .waits)
        scene.send("C", .ack(meeting: nil, upTo: 1))
        #expect(scene.last("C") == .refused(.badOrder, retryAfter: .zero))
    }

    @Test("A device that goes on at its home is forgotten, and its connection stays") func elsewhere() {
        var scene = Scene.shared()
        scene.come("A", .visit(slot: Slot("ABCD")!, work: nil))
        #expect(scene.find("A", .elsewhere).isEmpty)
        #expect(!scene.closed.contains("A"))
        #expect(scene.relay.statistics.connections == 0)
        #expect(scene.pass(.seconds(100)).allSatisfy { if case .ask = $0 { true } else { false } })
    }

    @Test("A device whose home has lost it is sought again without new work, and may leave meanwhile") func comesBack()
    {
        var limits = WorkTests.strict
        limits.visitsPerPrefix = 1
        var scene = Scene.shared(limits)
        scene.relay.message = try? RelayMessage("Away at 8:00.")
        scene.come("A", .visit(slot: Slot("ABCD")!, work: nil))
        scene.find("A", .elsewhere)
        let device = scene.sought[0]
        scene.happen { $0.cameBack(device, &$1) }
        #expect(!device.hasHeard)
        var again = device
        again.hasHeard = true
        #expect(scene.sought == [device, again])
        #expect(scene.heard["A"] == nil)
        scene.find("A", .waits)
        #expect(scene.last("A") == .inLine(position: 1) && scene.told["A"] == nil)
        scene.send("A", .leave(.cancelled))
        #expect(scene.closed.contains("A") && scene.relay.statistics.connections == 0)
    }

    @Test("A relay alone takes no part in what others do") func aloneTakesNoPart() {
        var scene = Scene.met()
        let offer = scene.offer
        let events: [(inout Rendezvous, inout Turn) -> Void] = [
            { $0.cutOff(&$1) }, { $0.joined(hasKept: false, &$1) }, { $0.directoryLost(&$1) }, { $0.slept(&$1) },
            { $0.sought("A", .goodbye, &$1) },
            { $0.arrivedFar("F", from: Scene.home, .visit(slot: Slot("ABCD")!, work: nil), &$1) },
        ]
        for event in events { #expect(scene.happen(event).isEmpty) }
        #expect(scene.pass(.seconds(60)).isEmpty)
        #expect(scene.offer == offer && scene.relay.statistics.rooms == 1)
    }

    @Test("Nobody waits for ever: a visitor hears that it may try again, and a device with a token comes again")
    func tooLong() {
        var scene = Scene.sharedMet()
        let token = scene.tokens["B"]!
        scene = Scene.shared()
        scene.come("C", .visit(slot: Slot("ABCD")!, work: nil))
        scene.come("B", .attachOfferer(token: token, held: [], attempt: 1))
        scene.pass(.seconds(60))
        #expect(scene.last("C") == .refused(.noSuchCode, retryAfter: .seconds(2)))
        #expect(scene.last("B") == Scene.comeAgain)
        #expect(scene.relay.brokenBound == nil)
    }

    /// Another relay, which gets the tokens of a first one.
    static func other(of scene: Scene, _ sharing: SharingLimits = SharingLimits()) -> Scene {
        var other = Scene.shared(Limits(), sharing, run: 2)
        (other.tokens, other.meetings, other.slot) = (scene.tokens, scene.meetings, scene.slot)
        return other
    }

    @Test("An offerer's room is made from its word once the directory gives it to this relay") func takesOver() {
        var scene = Self.other(of: Scene.sharedMet())
        let held = [AttachTests.held(scene.meetings["A"]!, 0, 0)]
        scene.attachB("B", 3, held)
        #expect(scene.sought.map(\.goal) == [.offerer(scene.slot, scene.offer)])
        scene.find("B", .took(.mine(hasSlot: true)))
        #expect(
            scene.heard["B"]?.first
                == .attachedOfferer(
                    expiresIn: .seconds(600),
                    meetings: [MeetingProgress(meeting: scene.meetings["A"]!, have: 0)],
                    slotLost: false
                )
        )
        // The directory knows it already.
        #expect(scene.questions.isEmpty)
        scene.pass(.seconds(1))
        #expect(scene.questions.isEmpty)
        scene.visit("C", 3)
        #expect(scene.last("B") == .visitor(meeting: scene.meetings["C"]!))
    }

    @Test("An offerer whose room another relay got by a newer attach is refused") func newer() {
        var scene = Self.other(of: Scene.sharedMet())
        scene.attachB("B", 3)
        scene.find("B", .took(.others(attempt: 4)))
        #expect(scene.last("B") == Scene.elsewhere)
        #expect(scene.relay.statistics.rooms == 0)
    }

    @Test(
        "Where the directory is silent an offerer's word is enough, and the room is registered each second until it is"
    )
    func silent() {
        var scene = Self.other(of: Scene.sharedMet())
        scene.attachB("B", 3)
        scene.find("B", .took(.silent))
        #expect(scene.heard["B"]?.first?.isAttached == true)
        for _ in 0..<2 {
            scene.pass(.seconds(1))
            #expect(scene.wishes == [.take(attempt: 3, isAttach: false)])
            scene.answer(.silent)
        }
        scene.pass(.seconds(1))
        scene.answer(.mine(hasSlot: true))
        scene.pass(.seconds(1))
        #expect(scene.questions.isEmpty)
    }

    @Test("An offerer whose slot another room has is told so") func slotLost() {
        var scene = Self.other(of: Scene.sharedMet())
        scene.attachB("B", 3)
        scene.find("B", .took(.mine(hasSlot: false)))
        #expect(scene.heard["B"]?.first == .attachedOfferer(expiresIn: .seconds(600), meetings: [], slotLost: true))
        scene.visit("C", 3)
        #expect(scene.sought.last?.goal == .visit(scene.slot))
    }

    @Test("An offerer for whom no home was found makes the directory be asked") func nobody() {
        var scene = Self.other(of: Scene.sharedMet())
        scene.attachB("B", 3)
        scene.find("B", .nobody(isProof: false))
        #expect(scene.wishes == [.take(attempt: 3, isAttach: true)])
        scene.answer(.mine(hasSlot: true))
        #expect(scene.heard["B"]?.first?.isAttached == true)
    }

    @Test("A visitor that comes back before its offerer waits for it, here or at its home", arguments: [true, false])
    func early(comesHere: Bool) {
        var scene = Self.other(of: Scene.sharedMet())
        scene.attachA("A", 1)
        #expect(scene.sought.map(\.goal) == [.visitor(scene.slot, scene.offer)])
        scene.find("A", .waits)
        #expect(scene.heard["A"] == nil)
        #expect(scene.relay.brokenBound == nil)
        if comesHere {
            scene.attachB("B", 1, [AttachTests.held(scene.meetings["A"]!, 0, 0)])
            scene.find("B", .took(.mine(hasSlot: true)))
            #expect(scene.heard["A"]?.first?.isAttached == true)
        } else {
            #expect(scene.find("A", .elsewhere).isEmpty)
            #expect(scene.relay.statistics.connections == 0)
        }
        #expect(scene.relay.brokenBound == nil)
    }

    @Test("FINAL: an early visitor whose meeting is missing comes again, unless the directory has just given the room")
    func earlyMissing() {
        for (answer, last) in [
            (DirectoryAnswer.silent, DrainTests.goodbye), (.mine(hasSlot: true), SharedHomeTests.meetingOver),
        ] {
            var scene = Self.other(of: Scene.sharedMet())
            scene.attachA("A", 1)
            scene.find("A", .waits)
            scene.attachB("B", 1)
            scene.find("B", .took(answer))
            #expect(scene.last("A") == last)
            #expect(scene.relay.brokenBound == nil)
        }
    }

    @Test("A visitor in line gets in when the room comes to this relay") func comesHere() {
        var scene = Self.other(of: Scene.sharedMet())
        scene.visit("C", 3)
        scene.find("C", .waits)
        #expect(!scene.relay.enterIfHere("C", &scene.turn))
        scene.attachB("B", 1)
        scene.find("B", .took(.mine(hasSlot: true)))
        var isHere = false
        scene.happen { isHere = $0.enterIfHere("C", &$1) }
        #expect(isHere)
        #expect(scene.heard["C"]?.count == 2)
        #expect(scene.last("B") == .visitor(meeting: scene.meetings["C"]!))
        #expect(scene.relay.brokenBound == nil)
    }

    @Test("The end of a room is told as at a relay alone, while the relay tells it") func ended() {
        var scene = Scene.sharedMet()
        scene.send("B", .leave(.codeBurnt))
        scene.visit("C", 3)
        #expect(scene.last("C") == .refused(.codeBurnt, retryAfter: .zero))
        scene.attachA("A2", 1)
        #expect(scene.last("A2") == .refused(.codeBurnt, retryAfter: .zero))
        scene.pass(.seconds(200))
        scene.visit("D", 4)
        #expect(scene.sought.count == 1)
        // A device from another relay comes because the directory names this one, which knows that the room is over.
        scene.comeFar("F", .visit(slot: scene.slot, work: nil))
        #expect(scene.last("F") == .refused(.noSuchCode, retryAfter: .zero))
    }

    @Test("A token that is worth nothing is refused at the relay to which it came") func badToken() {
        var scene = Scene.shared()
        scene.come("B", .attachOfferer(token: Token(bytes: [1, 2, 3]), held: [], attempt: 1))
        #expect(scene.last("B") == .refused(.badToken, retryAfter: .zero))
        #expect(scene.sought.isEmpty)
    }

    @Test("A solved challenge counts at the relay that gave it, and at no other") func work() {
        var limits = WorkTests.strict
        limits.visitsPerPrefix = 1
        var scenes = [Scene.shared(limits, run: 1), Scene.shared(limits, run: 2)]
        for index in scenes.indices {
            for name in ["1", "2"] { scenes[index].come(name, .visit(slot: Slot("ABCD")!, work: nil)) }
        }
        let work = scenes[0].solved("2")!
        scenes[1].send("2", .visit(slot: Slot("ABCD")!, work: work))
        #expect(scenes[1].last("2") == .refused(.badWork, retryAfter: .zero))
        scenes[0].send("2", .visit(slot: Slot("ABCD")!, work: work))
        #expect(scenes[0].sought.count == 2)
        // The other relays need no work, because this one has asked for it.
        #expect(scenes[0].sought.last?.frame == .visit(slot: Slot("ABCD")!, work: nil))
    }

    @Test("A relay that drains lets new devices come again, because others serve") func drains() {
        var scene = Scene.sharedMet()
        scene.come("S", .visit(slot: Slot("ABCD")!, work: nil))
        scene.drain()
        #expect(scene.last("S") == Scene.comeAgain)
        scene.come("N", .offer(slotLength: 0, work: nil))
        scene.come("M", .visit(slot: scene.slot, work: nil))
        for name in ["N", "M"] { #expect(scene.last(name) == Scene.comeAgain && scene.closed.contains(name)) }
        #expect(scene.relay.brokenBound == nil)
    }
}
