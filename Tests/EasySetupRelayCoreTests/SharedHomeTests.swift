import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

/// Rooms of a relay among others. Each test of a rule names the mutation of the model `Protocol/model/fleet.pml` that
/// breaks it.
@Suite("A room at a relay among others") struct SharedHomeTests {
    static let meetingOver = RelayFrame.refused(.meetingOver, retryAfter: .zero)

    /// Whether the relay keeps nothing of the room, not even its end.
    static func isGone(_ scene: inout Scene) -> Bool {
        let before = scene.sought.count
        scene.come("late", from: Scene.address(999), .visit(slot: scene.slot, work: nil))
        return scene.relay.statistics.rooms == 0 && scene.sought.count == before + 1
    }

    // MARK: An offerer that comes back

    @Test("An offerer's next attach is let in at once, and the directory learns of it") func next() {
        var scene = Scene.sharedMet()
        scene.attachB("B2", 1, [AttachTests.held(scene.meetings["A"]!, 0, 0)])
        #expect(scene.last("B") == Scene.elsewhere)
        #expect(scene.heard["B2"]?.first?.isAttached == true)
        #expect(scene.wishes == [.take(attempt: 1, isAttach: true)])
        #expect(scene.questions.first?.asker == .room)
        scene.answer(.mine(hasSlot: true))
        scene.pass(.seconds(1))
        #expect(scene.questions.isEmpty)
    }

    @Test("AWAY: an offerer whose count says that others may have had its room goes through the directory first")
    func away() {
        var scene = Scene.sharedMet()
        scene.attachB("B3", 3, [AttachTests.held(scene.meetings["A"]!, 0, 0)])
        #expect(scene.heard["B3"] == nil && !scene.closed.contains("B"))
        #expect(scene.wishes == [.take(attempt: 3, isAttach: true)])
        scene.answer(.mine(hasSlot: true))
        // The room is made again from the offerer's word.
        #expect(scene.last("B") == Scene.elsewhere)
        #expect(scene.last("A") == Scene.comeAgain && scene.closed.contains("A"))
        #expect(scene.heard["B3"]?.first?.isAttached == true)
        #expect(scene.relay.statistics.rooms == 1 && scene.relay.statistics.meetings == 1)
        scene.attachA("A2", 1)
        #expect(scene.heard["A2"]?.first?.isAttached == true)
        #expect(scene.relay.brokenBound == nil)
    }

    @Test("AWAY: if another relay has the room by then, this one gives it up") func awayTaken() {
        var scene = Scene.sharedMet()
        scene.attachB("B3", 3)
        scene.answer(.others(attempt: 4))
        #expect(scene.last("B3") == Scene.elsewhere)
        #expect(scene.last("B") == Scene.comeAgain && scene.last("A") == Scene.comeAgain)
        #expect(Self.isGone(&scene))
    }

    @Test("AWAY: where the directory is silent, the offerer's word makes the room again") func awaySilent() {
        var scene = Scene.sharedMet()
        scene.attachB("B3", 3)
        scene.answer(.silent)
        #expect(scene.heard["B3"]?.first?.isAttached == true)
        scene.pass(.seconds(1))
        #expect(scene.wishes == [.take(attempt: 3, isAttach: false)])
    }

    @Test("ATTEMPT: an attach that was under way for long is refused, also if it waits for the directory meanwhile")
    func stale() {
        var scene = Scene.sharedMet()
        scene.attachB("B3", 3)
        scene.attachB("B5", 5)
        scene.answer(.mine(hasSlot: true), where: { $0.wish == .take(attempt: 5, isAttach: true) })
        #expect(scene.heard["B5"]?.first?.isAttached == true)
        scene.answer(.mine(hasSlot: true))
        #expect(scene.last("B3") == Scene.elsewhere)
        scene.attachB("B1", 1)
        #expect(scene.last("B1") == Scene.elsewhere)
        #expect(!scene.closed.contains("B5"))
    }

    @Test("An offerer that has gone before the directory answers changes nothing") func gone() {
        var scene = Scene.sharedMet()
        scene.attachB("B3", 3)
        scene.lose("B3")
        #expect(scene.answer(.mine(hasSlot: true)).isEmpty)
        #expect(!scene.closed.contains("B") && scene.relay.statistics.rooms == 1)
    }

    @Test("TAKE: a room that the directory gives to another relay is given up") func given() {
        var scene = Scene.sharedMet()
        scene.attachB("B2", 1, [AttachTests.held(scene.meetings["A"]!, 0, 0)])
        scene.answer(.others(attempt: 2))
        #expect(scene.last("B2") == Scene.comeAgain && scene.last("A") == Scene.comeAgain)
        #expect(Self.isGone(&scene))
    }

    @Test("An answer to a question before the last attach says nothing of the room any more") func late() {
        var scene = Scene.sharedMet()
        scene.attachB("B2", 1)
        scene.attachB("B3", 2)
        scene.answer(.others(attempt: 1), where: { $0.wish == .take(attempt: 1, isAttach: true) })
        #expect(scene.relay.statistics.rooms == 1)
        scene.answer(.mine(hasSlot: true))
        #expect(!scene.closed.contains("B3"))
    }

    // MARK: A final word

    /// A visitor comes back to a meeting that the room does not have.
    static func missing(isFar: Bool = false) -> Scene {
        var scene = Scene.sharedMet()
        scene.send("B", .close(meeting: scene.meetings["A"]!, .malformed))
        scene.attachA("A2", 1, received: 1, isFar: isFar)
        return scene
    }

    @Test("ANEW: a visitor that has heard nothing in a missing meeting begins anew, also where the room is in doubt")
    func beginsAnew() {
        for (received, last) in [(UInt32(0), Self.meetingOver), (1, DrainTests.goodbye)] {
            var scene = Self.missing()
            scene.happen { $0.directoryLost(&$1) }
            scene.answerClaims()
            scene.answer(.mine(hasSlot: true))
            // The room is registered again, and in doubt for a minute.
            scene.pass(.seconds(1))
            scene.answer(.mine(hasSlot: true))
            scene.attachA("A3", 2, received: received)
            scene.answer(.mine(hasSlot: true))
            #expect(scene.last("A3") == last)
            // An early one, for whose offerer the directory was asked.
            scene = SharedEntryTests.other(of: Scene.sharedMet())
            scene.attachA("A", 1, received: received)
            scene.find("A", .waits)
            scene.happen { $0.directoryLost(&$1) }
            scene.answerClaims()
            scene.attachB("B", 1)
            scene.find("B", .took(.mine(hasSlot: true)))
            #expect(scene.last("A") == last)
        }
    }

    @Test("FINAL: a meeting is over only after the directory says that the room is here") func final() {
        var scene = Self.missing()
        #expect(scene.heard["A2"] == nil)
        #expect(scene.wishes == [.look])
        scene.answer(.mine(hasSlot: true))
        #expect(scene.last("A2") == Self.meetingOver)
    }

    @Test(
        "FINAL: where the directory is silent or knows nothing, the visitor comes again",
        arguments: [DirectoryAnswer.silent, .nobodys]
    ) func unsure(answer: DirectoryAnswer) {
        var scene = Self.missing()
        scene.answer(answer)
        #expect(scene.last("A2") == DrainTests.goodbye)
        #expect(!scene.closed.contains("B"))
    }

    @Test(
        "FINAL: where the directory names another relay, the room is given up, and the visitor goes there",
        arguments: [true, false]
    )
    func moved(isFar: Bool) {
        var scene = Self.missing(isFar: isFar)
        scene.answer(.others(attempt: 0))
        #expect(scene.last("B") == Scene.comeAgain)
        #expect(scene.heard["A2"] == nil)
        if isFar { #expect(scene.sentBack == ["A2"]) } else { #expect(scene.sought.count == 1) }
        #expect(scene.relay.brokenBound == nil)
    }

    @Test("DOUBT: a room whose offerer is away says no final word, even if the directory says that it is here")
    func doubt() {
        var scene = Scene.sharedMet()
        scene.send("B", .close(meeting: scene.meetings["A"]!, .malformed))
        scene.lose("B")
        scene.attachA("A2", 1, received: 1)
        scene.answer(.mine(hasSlot: true))
        #expect(scene.last("A2") == DrainTests.goodbye)
    }

    @Test("A visitor whose meeting is here is let in, and asks nobody") func letIn() {
        var scene = Scene.sharedMet()
        scene.lose("B")
        scene.attachA("A2", 1)
        #expect(scene.heard["A2"]?.first?.isAttached == true)
        #expect(scene.questions.isEmpty)
        // An attach that is older than this one is old wherever the room is.
        scene.attachA("A1", 1)
        #expect(scene.last("A1") == Scene.elsewhere)
    }

    // MARK: Copies

    @Test("COPY: a room is given up when another relay has taken it over, unless its own offerer is newer")
    func taken() {
        var scene = Scene.sharedMet()
        let offer = scene.offer
        scene.attachB("B2", 1, [AttachTests.held(scene.meetings["A"]!, 0, 0)])
        scene.answer(.mine(hasSlot: true))
        scene.happen { $0.taken(offer, attempt: 0, &$1) }
        #expect(scene.relay.statistics.rooms == 1)
        scene.pass(.seconds(1))
        #expect(scene.wishes == [.take(attempt: 1, isAttach: false)])
        scene.answer(.mine(hasSlot: true))
        scene.happen { $0.taken(offer, attempt: 1, &$1) }
        #expect(scene.last("B2") == Scene.comeAgain && scene.last("A") == Scene.comeAgain)
        #expect(Self.isGone(&scene))
        #expect(scene.turn.counts.unseated[.givenUp] == 1)
    }

    @Test("COPY: a room without its offerer is looked up after 2, 4, 8 and 8 seconds, and given up if it is elsewhere")
    func copies() {
        var scene = Scene.sharedMet()
        scene.lose("B")
        var looks: [Int] = []
        for second in 1...25 {
            scene.pass(.seconds(1))
            if !scene.questions.isEmpty { looks.append(second) }
            scene.answer(.mine(hasSlot: true))
        }
        #expect(looks == [3, 7, 15, 23])
        scene.pass(.seconds(6))
        #expect(scene.wishes == [.look])
        scene.answer(.others(attempt: 0))
        #expect(scene.last("A") == Scene.comeAgain)
        #expect(Self.isGone(&scene))
    }

    @Test("OWN KEY: a room whose slot another room has got goes on with its meetings, and is given up without any")
    func losesSlot() {
        var scene = Scene.sharedMet()
        scene.happen { $0.directoryLost(&$1) }
        scene.answerClaims()
        scene.pass(.seconds(1))
        scene.answer(.mine(hasSlot: false))
        #expect(!scene.closed.contains("A") && !scene.closed.contains("B"))
        scene.visit("C", 3)
        #expect(scene.sought.count == 1)
        #expect(scene.relay.brokenBound == nil)

        scene = Scene.sharedOffered()
        scene.happen { $0.directoryLost(&$1) }
        scene.answerClaims()
        scene.pass(.seconds(1))
        scene.answer(.mine(hasSlot: false))
        #expect(scene.last("B") == Scene.comeAgain)
        #expect(Self.isGone(&scene))
    }

    // MARK: The directory and the clock

    @Test(
        "EPOCH, REGISTER: what the directory has lost is registered again in the next second, and in doubt for a minute"
    )
    func epoch() {
        var scene = Self.missing()
        scene.happen { $0.directoryLost(&$1) }
        scene.answerClaims()
        scene.answer(.mine(hasSlot: true))
        #expect(scene.last("A2") == DrainTests.goodbye)
        scene.pass(.seconds(1))
        #expect(scene.wishes == [.take(attempt: 0, isAttach: false)])
        scene.answer(.mine(hasSlot: true))
        scene.pass(.seconds(58))
        scene.attachA("A3", 2, received: 1)
        scene.answer(.mine(hasSlot: true))
        #expect(scene.last("A3") == DrainTests.goodbye)
        scene.pass(.seconds(1))
        scene.attachA("A4", 3, received: 1)
        scene.answer(.mine(hasSlot: true))
        #expect(scene.last("A4") == Self.meetingOver)
    }

    @Test("END: a room is looked up before its time is over, and given up then if the directory has not confirmed it")
    func end() {
        let expired = RelayFrame.over(meeting: nil, .expired)
        for (answer, last) in [
            (DirectoryAnswer.mine(hasSlot: true), expired), (.others(attempt: 0), Scene.comeAgain),
            (.silent, Scene.comeAgain), (.nobodys, Scene.comeAgain),
        ] {
            var scene = Scene.sharedMet()
            scene.pass(Limits().codeLifetime - SharingLimits().lastLooks)
            #expect(scene.questions.isEmpty)
            scene.pass(.seconds(1))
            #expect(scene.wishes == [.look])
            #expect(!scene.closed.contains("A") && !scene.closed.contains("B"))
            scene.answer(answer)
            scene.pass(.seconds(1))
            #expect(scene.last("A") == last && scene.last("B") == last)
            scene.visit("C", 3)
            #expect((scene.last("C") == .refused(.expired, retryAfter: .zero)) == (last == expired))
            #expect(scene.relay.statistics.rooms == 0 && scene.relay.brokenBound == nil)
        }
    }

    @Test("SLEPT: a room whose time has passed while its relay slept is given up") func endAsleep() {
        var scene = Scene.sharedMet()
        scene.happen { $0.slept(&$1) }
        scene.pass(Limits().codeLifetime)
        #expect(scene.last("A") == Scene.comeAgain && scene.last("B") == Scene.comeAgain)
        #expect(Self.isGone(&scene))
    }

    @Test("No more rooms are registered in a second than the directory can bear") func paced() {
        var sharing = SharingLimits()
        sharing.takesPerSecond = 2
        var scene = Scene.shared(Limits(), sharing)
        for number in 0..<3 { scene.come("\(number)", .offer(slotLength: 0, work: nil)) }
        scene.happen { $0.directoryLost(&$1) }
        scene.answerClaims()
        for count in [2, 1, 0] {
            scene.pass(.seconds(1))
            #expect(scene.questions.count == count)
            scene.answer(.mine(hasSlot: true))
        }
    }

    @Test("SLEPT: a relay that has slept registers its rooms as another run, and takes no offerer back before")
    func slept() {
        var scene = Scene.sharedMet()
        scene.happen { $0.slept(&$1) }
        scene.attachB("B2", 1)
        #expect(scene.wishes == [.take(attempt: 1, isAttach: true)])
        #expect(scene.questions.first?.asker != .room)
        scene.answer(.mine(hasSlot: true))
        #expect(scene.heard["B2"]?.first?.isAttached == true)
    }

    @Test("SEND_ON, ALONE: a relay that is cut off sends on each room without a visitor at this relay, once")
    func cutOff() {
        var scene = Scene.shared()
        for name in ["B", "D", "E"] {
            scene.come(name, from: Scene.address(name == "B" ? 1 : 9), .offer(slotLength: 0, work: nil))
        }
        scene.visit("A", 1)  // E's, which came last.
        let slot = scene.slot
        scene.come("F", .offer(slotLength: 0, work: nil))
        scene.comeFar("G", from: Scene.address(4), .visit(slot: scene.slot, work: nil))
        scene.send("F", .seat(meeting: scene.meetings["G"]!))
        scene.happen { $0.cutOff(&$1) }
        scene.pass(.seconds(4))
        #expect(scene.closed.isEmpty)
        scene.pass(.seconds(1))
        for name in ["B", "D", "F", "G"] { #expect(scene.last(name) == Scene.comeAgain, "\(name)") }
        #expect(!scene.closed.contains("E") && !scene.closed.contains("A"))
        // It has found no other relay, so it stays.
        scene.attachB("B2", 1)
        scene.find("B2", .took(.silent))
        scene.pass(.seconds(10))
        #expect(scene.heard["B2"]?.first?.isAttached == true && !scene.closed.contains("B2"))
        scene.happen { $0.joined(hasKept: true, &$1) }
        scene.answerClaims()
        scene.pass(.seconds(1))
        #expect(scene.questions.map(\.slot).contains(slot) && scene.questions.count == 2)
        #expect(scene.relay.brokenBound == nil)
    }

    // MARK: Far devices

    @Test("Devices at other relays pair in a room here, and have no deadline of their own") func far() {
        var scene = Scene.sharedOffered()
        scene.comeFar("A", from: Scene.address(1), .visit(slot: scene.slot, work: nil))
        #expect(scene.last("B") == .visitor(meeting: scene.meetings["A"]!))
        #expect(scene.relay.hasMeeting("A") && scene.relay.hasMeeting("B") && !scene.relay.hasMeeting("N"))
        #expect(scene.relay.statistics.far == 1 && scene.relay.statistics.roomless == 0)
        scene.attachB("B2", 1, [AttachTests.held(scene.meetings["A"]!, 0, 0)], isFar: true)
        #expect(scene.heard["B2"]?.first?.isAttached == true)
        scene.answer(.mine(hasSlot: true))
        scene.pass(.seconds(60))
        scene.say("A", 1)
        #expect(scene.last("B2") == .message(meeting: scene.meetings["A"]!, .sample(1)))
        scene.lose("A")
        #expect(scene.last("B2") == .presence(meeting: scene.meetings["A"]!, isPresent: false))
        scene.send("B2", .leave(.done))
        #expect(scene.relay.statistics.far == 0)
    }

    @Test("A far device whose room is not here is sent back, and nothing is done for it") func sentBack() {
        var scene = Scene.shared()
        let other = Scene.sharedMet()
        (scene.tokens, scene.slot, scene.meetings) = (other.tokens, other.slot, other.meetings)
        scene.comeFar("C", .visit(slot: scene.slot, work: nil))
        scene.attachA("A", 1, isFar: true)
        scene.attachB("B", 1, isFar: true)
        #expect(scene.sentBack == ["C", "A", "B"])
        #expect(scene.heard.isEmpty && scene.relay.statistics.connections == 0)
        #expect(scene.questions.isEmpty && scene.sought.isEmpty)
    }

    @Test("A relay that drains sends far visitors back, and lets devices of its rooms come back") func farDraining() {
        var scene = Scene.sharedMet()
        scene.drain()
        scene.comeFar("C", .visit(slot: scene.slot, work: nil))
        #expect(scene.sentBack == ["C"])
        scene.attachA("A2", 1, isFar: true)
        #expect(scene.heard["A2"]?.first?.isAttached == true)
        scene.end()
        #expect(scene.last("A2") == Scene.comeAgain)
    }

    @Test("There is a limit to far devices, and an offer is never far") func farDevices() {
        var sharing = SharingLimits()
        sharing.farDevices = 1
        var scene = Scene.sharedOffered(Limits(), sharing)
        scene.comeFar("O", .offer(slotLength: 0, work: nil))
        #expect(scene.last("O") == .refused(.badOrder, retryAfter: .zero))
        scene.comeFar("A", from: Scene.address(1), .visit(slot: scene.slot, work: nil))
        scene.comeFar("C", from: Scene.address(2), .visit(slot: scene.slot, work: nil))
        #expect(scene.last("C") == .refused(.relayFull, retryAfter: .seconds(30)))
        #expect(scene.turn.counts.limits[.farDevices] == 1)
        scene.lose("A")
        scene.comeFar("D", from: Scene.address(2), .visit(slot: scene.slot, work: nil))
        #expect(scene.meetings["D"] != nil)
    }
}
