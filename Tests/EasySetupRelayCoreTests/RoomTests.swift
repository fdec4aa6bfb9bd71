import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

@Suite("Offers and visits") struct OfferTests {
    @Test("An offer gets a slot, a token and ten minutes") func offer() {
        var scene = Scene()
        scene.come("B", .offer(slotLength: 0, work: nil))
        #expect(scene.last("B") == .offered(slot: scene.slot, token: scene.tokens["B"]!, expiresIn: .seconds(600)))
        #expect(scene.relay.statistics.rooms == 1)
    }

    @Test("The relay brings a visitor and its offerer together") func visit() {
        var scene = Scene.offered()
        scene.pass(.seconds(10))
        scene.visit("A", 1)
        #expect(
            scene.last("A")
                == .met(meeting: scene.meetings["A"]!, token: scene.tokens["A"]!, expiresIn: .seconds(590))
        )
        #expect(scene.last("B") == .visitor(meeting: scene.meetings["A"]!))
    }

    @Test("Slots have 4 symbols after the start and 3 later, or more when a device asks for more") func slotLengths() {
        var scene = Scene.offered()
        #expect(scene.slot.symbols.utf8.count == 4)
        scene.pass(.seconds(901))
        scene.come("C", .offer(slotLength: 0, work: nil))
        #expect(scene.slot.symbols.utf8.count == 3)
        scene.come("D", .offer(slotLength: 6, work: nil))
        #expect(scene.slot.symbols.utf8.count == 6)
    }

    @Test("A quarter of the slots of a length is handed out, none twice, and then longer ones") func sparseness() {
        var limits = Limits()
        limits.restartGuard = .zero
        limits.offersPerPrefix = .max / 64
        limits.codeLifetime = .seconds(600)
        var scene = Scene(limits)
        var seen: Set<Slot> = []
        for number in 0..<8_193 {
            scene.come("B\(number)", .offer(slotLength: 0, work: nil))
            scene.send("B\(number)", .leave(.cancelled))
            #expect(seen.insert(scene.slot).inserted)
            #expect(scene.slot.symbols.utf8.count == (number < 8_192 ? 3 : 4))
        }
    }

    @Test("A visitor that finds no room is told why") func noRoom() {
        var scene = Scene.offered()
        // For some time after the start, rooms from before it may come back, so a visitor is told to try again.
        scene.come("W", .visit(slot: Slot("ZZZ")!, work: nil))
        #expect(scene.last("W") == .refused(.noSuchCode, retryAfter: .seconds(2)))
        scene.pass(.seconds(60))
        scene.come("X", .visit(slot: Slot("ZZZ")!, work: nil))
        #expect(scene.last("X") == .refused(.noSuchCode, retryAfter: .zero))
        #expect(scene.closed.contains("X"))
        scene.pass(.seconds(540))
        #expect(scene.last("B") == .over(meeting: nil, .expired))
        scene.visit("Y", 2)
        #expect(scene.last("Y") == .refused(.expired, retryAfter: .zero))
    }

    @Test(
        "A visitor to a code that ended is told how it ended",
        arguments: [
            (Reason.codeBurnt, Reason.codeBurnt), (.done, .seated), (.cancelled, .cancelled), (.fault, .expired),
        ]
    )
    func tombstone(end: Reason, told: Reason) {
        var scene = Scene.offered()
        scene.send("B", .leave(end))
        scene.visit("A", 1)
        #expect(scene.last("A") == .refused(told, retryAfter: .zero))
    }

    @Test("A full relay refuses offers and keeps what it has") func full() {
        var limits = Limits()
        limits.rooms = 1
        var scene = Scene.offered(limits)
        scene.come("C", .offer(slotLength: 0, work: nil))
        #expect(scene.last("C") == .refused(.relayFull, retryAfter: .seconds(30)))
        #expect(!scene.closed.contains("B"))
    }

    @Test(
        "Any other first frame is out of order",
        arguments: [
            DeviceFrame.message(meeting: nil, .sample(1)), .ack(meeting: nil, upTo: 1), .leave(.done),
            .seat(meeting: MeetingID([UInt8](repeating: 1, count: 16))!),
            .close(meeting: MeetingID([UInt8](repeating: 1, count: 16))!, .done),
        ]
    )
    func firstFrame(frame: DeviceFrame) {
        var scene = Scene()
        scene.come("X", frame)
        #expect(scene.last("X") == .refused(.badOrder, retryAfter: .zero))
        #expect(scene.closed.contains("X"))
        #expect(scene.relay.statistics.connections == 0)
    }

    @Test("A second role on one connection is out of order") func secondRole() {
        var scene = Scene.met()
        scene.send("A", .visit(slot: scene.slot, work: nil))
        #expect(scene.last("A") == .refused(.badOrder, retryAfter: .zero))
        #expect(scene.last("B") == .presence(meeting: scene.meetings["A"], isPresent: false))
        scene.send("B", .offer(slotLength: 0, work: nil))
        #expect(scene.last("B") == .refused(.badOrder, retryAfter: .zero))
    }

    @Test("Bytes that are no frame end the connection and not the meeting") func badFrame() {
        var scene = Scene.met()
        scene.relay.receivedBadFrame(from: "A", &scene.turn)
        #expect(scene.turn.actions.prefix(2) == [.send(.refused(.badFrame, retryAfter: .zero), to: "A"), .close("A")])
        #expect(scene.relay.statistics.meetings == 1)
    }

    @Test("A connection that says nothing is closed") func silence() {
        var scene = Scene()
        scene.connect("X")
        scene.pass(.seconds(9))
        #expect(scene.closed.isEmpty)
        scene.pass(.seconds(1))
        #expect(scene.last("X") == .refused(.tooSlow, retryAfter: .zero))
    }

}

@Suite("Delivery of messages") struct DeliveryTests {
    @Test("Messages and acknowledgements go to the peer") func forward() {
        var scene = Scene.met()
        let meeting = scene.meetings["A"]!
        #expect(scene.say("A", 1) == [.send(.message(meeting: meeting, .sample(1)), to: "B")])
        #expect(scene.say("B", 1, ack: 1) == [.send(.message(meeting: nil, .sample(1, 1)), to: "A")])
        #expect(scene.send("A", .ack(meeting: nil, upTo: 1)) == [.send(.ack(meeting: meeting, upTo: 1), to: "B")])
        #expect(scene.send("A", .ack(meeting: nil, upTo: 1)) == [])
        #expect(scene.relay.statistics.mailboxBytes == 0)
    }

    @Test("A repeated message is dropped, and its new acknowledgement is not") func repeats() {
        var scene = Scene.met()
        scene.say("A", 1)
        #expect(scene.say("A", 1) == [])
        scene.say("B", 1)
        #expect(scene.say("A", 1, ack: 1) == [.send(.ack(meeting: scene.meetings["A"], upTo: 1), to: "B")])
    }

    @Test("A gap is out of order, and so is an acknowledgement of what was not delivered", arguments: ["A", "B"])
    func outOfOrder(name: String) {
        var scene = Scene.met()
        scene.say(name, 2)
        #expect(scene.last(name) == .refused(.badOrder, retryAfter: .zero))
        scene = Scene.met()
        scene.say(name, 1, ack: 1)
        #expect(scene.last(name) == .refused(.badOrder, retryAfter: .zero))
        scene = Scene.met()
        scene.send(name, .ack(meeting: name == "B" ? scene.meetings["A"] : nil, upTo: 1))
        #expect(scene.last(name) == .refused(.badOrder, retryAfter: .zero))
    }

    @Test("Eight messages wait, and the ninth ends the visitor's meeting") func visitorMailbox() {
        var scene = Scene.met()
        for number in 1...8 { scene.say("A", UInt32(number)) }
        #expect(scene.relay.statistics.mailboxBytes == 8)
        scene.say("A", 9)
        #expect(scene.last("A") == .refused(.mailboxFull, retryAfter: .zero))
        #expect(scene.closed.contains("A"))
        #expect(scene.last("B") == .over(meeting: scene.meetings["A"]!, .mailboxFull))
        #expect(scene.relay.statistics.mailboxBytes == 0)
    }

    @Test("The offerer's ninth message ends that meeting only") func offererMailbox() {
        var scene = Scene.met()
        scene.visit("C", 2)
        for number in 1...9 { scene.say("B", UInt32(number)) }
        #expect(scene.last("A") == .over(meeting: nil, .mailboxFull))
        #expect(scene.last("B") == .over(meeting: scene.meetings["A"]!, .mailboxFull))
        #expect(!scene.closed.contains("B"))
        #expect(scene.relay.statistics.meetings == 1)
    }

    @Test("4 KiB of messages wait, and no more") func mailboxBytes() {
        var limits = Limits()
        limits.mailboxMessages = 100
        var scene = Scene.met(limits)
        for number in 1...2 {
            scene.send(
                "A",
                .message(meeting: nil, Message(number: UInt32(number), ack: 0, body: Array(repeating: 1, count: 2048)))
            )
        }
        #expect(scene.relay.statistics.mailboxBytes == 4 * 1024)
        scene.say("A", 3)
        #expect(scene.last("A") == .refused(.mailboxFull, retryAfter: .zero))
    }

    @Test("Frames about a meeting that has ended count as crossed with its end") func crossed() {
        var scene = Scene.met()
        let meeting = scene.meetings["A"]!
        scene.send("B", .close(meeting: meeting, .cancelled))
        #expect(scene.say("B", 1) == [])
        #expect(scene.send("B", .ack(meeting: meeting, upTo: 3)) == [])
        #expect(scene.send("B", .seat(meeting: meeting)) == [])
        #expect(scene.send("B", .close(meeting: meeting, .done)) == [])
    }
}

@Suite("The seat, and the ends of rooms") struct SeatTests {
    @Test("The seat sends the other visitors away and lets nobody else in") func seat() {
        var limits = Limits()
        limits.meetings = 2
        var scene = Scene.met(limits)
        scene.visit("C", 2)
        scene.visit("W", 3)
        scene.pass(.seconds(1))
        scene.send("B", .seat(meeting: scene.meetings["A"]!))
        #expect(scene.last("B") == .seated(meeting: scene.meetings["A"]!, expiresIn: .seconds(300)))
        #expect(scene.last("A") == .seated(meeting: nil, expiresIn: .seconds(300)))
        #expect(scene.last("C") == .over(meeting: nil, .seated))
        #expect(scene.last("W") == .refused(.seated, retryAfter: .zero))
        #expect(scene.closed == ["C", "W"])
        scene.visit("D", 4)
        #expect(scene.last("D") == .refused(.seated, retryAfter: .zero))
        #expect(scene.relay.statistics.seated == 1)
        #expect(scene.send("B", .seat(meeting: scene.meetings["A"]!)) == [])
        scene.send("B", .seat(meeting: scene.meetings["C"]!))
        #expect(scene.last("B") == .refused(.badOrder, retryAfter: .zero))
    }

    @Test("A seated meeting has five minutes from the seat, even beyond the code's ten") func seatedDeadline() {
        var scene = Scene.met()
        scene.say("A", 1)
        scene.pass(.seconds(599))
        scene.send("B", .seat(meeting: scene.meetings["A"]!))
        scene.pass(.seconds(299))
        #expect(scene.closed.isEmpty)
        scene.pass(.seconds(1))
        #expect(scene.last("A") == .over(meeting: nil, .expired))
        #expect(scene.last("B") == .over(meeting: nil, .expired))
        #expect(scene.relay.statistics.rooms == 0)
    }

    @Test("The relay tells the visitor of the offerer's close, and frees the place") func close() {
        var limits = Limits()
        limits.meetings = 1
        var scene = Scene.met(limits)
        scene.visit("W", 2)
        scene.send("B", .close(meeting: scene.meetings["A"]!, .wrongProof))
        #expect(scene.last("A") == .over(meeting: nil, .wrongProof))
        #expect(scene.closed == ["A"])
        #expect(scene.last("B") == .visitor(meeting: scene.meetings["W"]!))
    }

    @Test("A wrong proof is charged to the visitor's prefix") func charge() {
        var limits = Limits()
        limits.visitsPerPrefix = 11
        var scene = Scene.met(limits)
        scene.visit("C", 1)
        #expect(scene.meetings["C"] != nil)
        scene.send("B", .close(meeting: scene.meetings["A"]!, .wrongProof))
        scene.visit("D", 1)
        guard case .workWanted = scene.last("D") else {
            Issue.record("no work asked: \(scene.heard["D"] ?? [])")
            return
        }
    }

    @Test("The relay tells the offerer that a visitor left, and keeps its place") func leave() {
        var limits = Limits()
        limits.meetings = 1
        var scene = Scene.met(limits)
        scene.send("A", .leave(.cancelled))
        #expect(scene.last("B") == .over(meeting: scene.meetings["A"]!, .cancelled))
        #expect(scene.closed == ["A"])
        scene.visit("C", 2)
        #expect(scene.last("C") == .inLine(position: 1))
        scene.send("B", .close(meeting: scene.meetings["A"]!, .cancelled))
        #expect(scene.last("B") == .visitor(meeting: scene.meetings["C"]!))
    }

    @Test("The offerer's leaving ends the room for all") func offererLeaves() {
        var limits = Limits()
        limits.meetings = 1
        var scene = Scene.met(limits)
        scene.visit("W", 2)
        scene.send("B", .leave(.cancelled))
        #expect(scene.last("A") == .over(meeting: nil, .cancelled))
        #expect(scene.last("W") == .over(meeting: nil, .cancelled))
        #expect(scene.closed == ["A", "B", "W"])
        #expect(scene.relay.statistics == Statistics())
    }

    @Test("The relay reports lost connections as absence, and they end nothing") func lost() {
        var scene = Scene.met()
        scene.lose("A")
        #expect(scene.last("B") == .presence(meeting: scene.meetings["A"], isPresent: false))
        scene.visit("C", 2)
        scene.lose("B")
        #expect(scene.last("C") == .presence(meeting: nil, isPresent: false))
        #expect(scene.relay.statistics.meetings == 2)
        scene.visit("D", 3)
        #expect(scene.last("D") == .presence(meeting: nil, isPresent: false))
        #expect(scene.meetings["D"] != nil)
    }
}
