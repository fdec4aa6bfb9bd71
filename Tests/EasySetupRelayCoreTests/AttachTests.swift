import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

@Suite("Devices that come back") struct AttachTests {
    static func held(_ meeting: MeetingID, _ acked: UInt32, _ received: UInt32, seated: Bool = false) -> MeetingResume {
        MeetingResume(meeting: meeting, acked: acked, received: received, isSeated: seated)
    }

    @Test("A visitor that comes back gets the messages that it lacks") func visitor() {
        var scene = Scene.met()
        scene.say("A", 1)
        scene.say("B", 1, ack: 1)
        scene.lose("A")
        scene.say("B", 2, ack: 1)
        let actions = scene.come("A2", .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 1))
        #expect(
            actions == [
                .send(.attachedVisitor(expiresIn: .seconds(600), have: 1), to: "A2"),
                .send(.ack(meeting: scene.meetings["A"], upTo: 1), to: "B"),
                .send(.ack(meeting: nil, upTo: 1), to: "A2"),
                .send(.message(meeting: nil, .sample(2, 1)), to: "A2"),
                .send(.presence(meeting: scene.meetings["A"], isPresent: true), to: "B"),
            ]
        )
    }

    @Test("An offerer that comes back gets the messages that it lacks") func offerer() {
        var scene = Scene.met()
        let meeting = scene.meetings["A"]!
        scene.say("A", 1)
        scene.lose("B")
        scene.say("A", 2)
        let actions = scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: [Self.held(meeting, 0, 1)]))
        #expect(
            actions == [
                .send(
                    .attachedOfferer(
                        expiresIn: .seconds(600),
                        meetings: [MeetingProgress(meeting: meeting, have: 0)],
                        slotLost: false
                    ),
                    to: "B2"
                ),
                .send(.ack(meeting: nil, upTo: 1), to: "A"),
                .send(.message(meeting: meeting, .sample(2)), to: "B2"),
                .send(.presence(meeting: nil, isPresent: true), to: "A"),
            ]
        )
    }

    @Test("An attach that a newer connection of the device has overtaken changes nothing") func stale() {
        var scene = Scene.met()
        let meeting = scene.meetings["A"]!
        scene.say("A", 1)
        scene.come("B3", .attachOfferer(token: scene.tokens["B"]!, held: [Self.held(meeting, 0, 1)], attempt: 2))
        scene.send("B3", .message(meeting: meeting, .sample(1, 1)))
        let late = scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: [], attempt: 1))
        #expect(late == [.send(.refused(.elsewhere, retryAfter: .zero), to: "B2"), .close("B2")])
        scene.come("A3", .attachVisitor(token: scene.tokens["A"]!, acked: 1, received: 1, attempt: 2))
        scene.come("A2", .attachVisitor(token: scene.tokens["A"]!, acked: 1, received: 1, attempt: 2))
        #expect(scene.last("A2") == .refused(.elsewhere, retryAfter: .zero))
        #expect(scene.say("A3", 2, ack: 1) == [.send(.message(meeting: meeting, .sample(2, 1)), to: "B3")])
    }

    @Test("The last attach wins, and the relay tells the older connection") func elsewhere() {
        var scene = Scene.met()
        scene.come("A2", .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 0))
        #expect(scene.last("A") == .refused(.elsewhere, retryAfter: .zero))
        scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: [Self.held(scene.meetings["A"]!, 0, 0)]))
        #expect(scene.last("B") == .refused(.elsewhere, retryAfter: .zero))
        #expect(scene.closed == ["A", "B"])
        #expect(scene.say("A2", 1) == [.send(.message(meeting: scene.meetings["A"], .sample(1)), to: "B2")])
        #expect(scene.lose("A") == [])
    }

    @Test("A meeting that the offerer does not name is over, unless it may never have heard of it") func unnamed() {
        var scene = Scene.met()
        scene.say("A", 1)
        scene.say("B", 1)
        scene.lose("B")
        scene.visit("C", 2)
        scene.say("C", 1)
        scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: []))
        #expect(scene.last("A") == .over(meeting: nil, .meetingOver))
        #expect(
            scene.heard["B2"] == [
                .attachedOfferer(expiresIn: .seconds(600), meetings: [], slotLost: false),
                .visitor(meeting: scene.meetings["C"]!),
                .message(meeting: scene.meetings["C"]!, .sample(1)),
            ]
        )
    }

    @Test("A seat that was lost on the way is taken when the offerer comes back") func lostSeat() {
        var scene = Scene.met()
        scene.lose("B")
        scene.come(
            "B2",
            .attachOfferer(
                token: scene.tokens["B"]!,
                held: [Self.held(scene.meetings["A"]!, 0, 0, seated: true)]
            )
        )
        #expect(scene.last("B2") == .seated(meeting: scene.meetings["A"]!, expiresIn: .seconds(300)))
        #expect(scene.last("A") == .seated(meeting: nil, expiresIn: .seconds(300)))
    }

    @Test("A device that claims to have what was never delivered is out of order") func lies() {
        var scene = Scene.met()
        scene.come("A2", .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 1))
        #expect(scene.last("A2") == .refused(.badOrder, retryAfter: .zero))
        scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: [Self.held(scene.meetings["A"]!, 0, 1)]))
        #expect(scene.last("B2") == .refused(.badOrder, retryAfter: .zero))
        #expect(scene.closed == ["A2", "B2"])
        #expect(scene.say("A", 1) == [.send(.message(meeting: scene.meetings["A"], .sample(1)), to: "B")])
    }

    @Test("Tokens of the other role, of another key and damaged ones are refused") func badTokens() throws {
        var scene = Scene.met()
        scene.come("1", .attachVisitor(token: scene.tokens["B"]!, acked: 0, received: 0))
        #expect(scene.last("1") == .refused(.badToken, retryAfter: .zero))
        scene.come("2", .attachOfferer(token: scene.tokens["A"]!, held: []))
        #expect(scene.last("2") == .refused(.badToken, retryAfter: .zero))
        var bytes = scene.tokens["A"]!.bytes
        bytes[20] ^= 1
        scene.come("3", .attachVisitor(token: Token(bytes: bytes), acked: 0, received: 0))
        #expect(scene.last("3") == .refused(.badToken, retryAfter: .zero))
        scene.restart(keys: try TokenKeys(current: [UInt8](repeating: 8, count: 32)))
        scene.come("4", .attachOfferer(token: scene.tokens["B"]!, held: []))
        #expect(scene.last("4") == .refused(.relayForgot, retryAfter: .zero))
    }

    @Test("No device comes back to a room that ended") func ended() {
        var scene = Scene.met()
        scene.send("B", .leave(.cancelled))
        scene.come("A2", .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 0))
        scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: []))
        #expect(scene.last("A2") == .refused(.cancelled, retryAfter: .zero))
        #expect(scene.last("B2") == .refused(.cancelled, retryAfter: .zero))
    }
}

@Suite("A relay that was started again") struct RestartTests {
    @Test("A killed relay takes its devices back and loses no message", arguments: [true, false])
    func takesBack(offererFirst: Bool) throws {
        var scene = Scene.met()
        let meeting = scene.meetings["A"]!
        scene.say("A", 1)
        scene.say("B", 1, ack: 1)
        scene.say("A", 2, ack: 1)
        // "B" has received message 2, but its acknowledgement was lost with the relay, and so was its own message 2.
        scene.restart()
        let held = [AttachTests.held(meeting, 1, 2)]
        if offererFirst {
            scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: held))
            scene.come("A2", .attachVisitor(token: scene.tokens["A"]!, acked: 1, received: 1))
        } else {
            scene.come("A2", .attachVisitor(token: scene.tokens["A"]!, acked: 1, received: 1))
            #expect(scene.heard["A2"] == nil)
            scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: held))
        }
        #expect(
            scene.heard["B2"]!.first
                == .attachedOfferer(
                    expiresIn: .seconds(595),
                    meetings: [MeetingProgress(meeting: meeting, have: 1)],
                    slotLost: false
                )
        )
        #expect(
            scene.heard["A2"] == [.attachedVisitor(expiresIn: .seconds(595), have: 2), .ack(meeting: nil, upTo: 2)]
        )
        #expect(
            scene.send("B2", .message(meeting: meeting, .sample(2, 2)))
                == [.send(.message(meeting: nil, .sample(2, 2)), to: "A2")]
        )
        scene.visit("C", 5)
        #expect(scene.last("B2") == .visitor(meeting: scene.meetings["C"]!))
    }

    @Test("A message that the peer has is not delivered twice") func noDuplicates() {
        var scene = Scene.met()
        let meeting = scene.meetings["A"]!
        scene.restart()
        scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: [AttachTests.held(meeting, 0, 0)]))
        scene.send("B2", .message(meeting: meeting, .sample(1)))
        let actions = scene.come("A2", .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 2))
        #expect(actions.contains(.send(.ack(meeting: meeting, upTo: 2), to: "B2")))
        #expect(scene.send("B2", .message(meeting: meeting, .sample(2))) == [])
        #expect(
            scene.send("B2", .message(meeting: meeting, .sample(3)))
                == [.send(.message(meeting: nil, .sample(3)), to: "A2")]
        )
    }

    @Test("A seated meeting gets five minutes beyond the code's time") func seated() {
        var scene = Scene.met()
        scene.restart(down: .seconds(700))
        scene.come(
            "B2",
            .attachOfferer(
                token: scene.tokens["B"]!,
                held: [AttachTests.held(scene.meetings["A"]!, 2, 2, seated: true)]
            )
        )
        #expect(scene.last("B2") == .seated(meeting: scene.meetings["A"]!, expiresIn: .seconds(200)))
        scene.visit("C", 3)
        #expect(scene.last("C") == .refused(.seated, retryAfter: .zero))
    }

    @Test("A room that is made again has no more meetings than a new one may have") func tooMany() {
        var scene = Scene.offered(LineTests.small)
        let held = (1...3 as ClosedRange<UInt8>).map {
            AttachTests.held(MeetingID([UInt8](repeating: $0, count: 16))!, 0, 0)
        }
        scene.restart(limits: LineTests.small)
        scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: held))
        #expect(scene.relay.statistics.meetings == 2)
        #expect(scene.relay.brokenBound == nil)
    }

    @Test("A code whose time is over is not made again") func expired() {
        var scene = Scene.met()
        scene.restart(down: .seconds(700))
        scene.come(
            "B2",
            .attachOfferer(token: scene.tokens["B"]!, held: [AttachTests.held(scene.meetings["A"]!, 0, 0)])
        )
        #expect(scene.last("B2") == .refused(.expired, retryAfter: .zero))
        scene.restart(down: .seconds(300))
        scene.come("A2", .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 0))
        #expect(scene.last("A2") == .refused(.expired, retryAfter: .zero))
    }

    @Test("A calendar that is set back makes no room live longer than a new one") func calendar() {
        var scene = Scene.met()
        scene.restart(down: .seconds(-100_000))
        scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: []))
        #expect(
            scene.last("B2") == .attachedOfferer(expiresIn: .seconds(600), meetings: [], slotLost: false)
        )
    }

    @Test("Only the offerer makes a room again; a visitor waits, and then learns that there is none")
    func visitorFirst() {
        var scene = Scene.met()
        scene.restart()
        scene.come("A2", .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 0))
        #expect(scene.relay.statistics.rooms == 0)
        scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: []))
        #expect(scene.last("A2") == .refused(.meetingOver, retryAfter: .zero))
        #expect(scene.relay.brokenBound == nil)
        scene.restart()
        scene.come("A3", .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 0))
        scene.pass(.seconds(60))
        #expect(scene.last("A3") == .refused(.relayForgot, retryAfter: .seconds(30)))
        #expect(scene.relay.statistics == Statistics())
    }

    @Test("A slot that went to another room is lost, and the meetings are not") func slotLost() throws {
        let meeting = MeetingID([UInt8](repeating: 3, count: 16))!
        var scene = Scene.offered()
        let other = TokenClaims(
            slot: scene.slot,
            offer: OfferID([UInt8](repeating: 4, count: 16))!,
            meeting: nil,
            deadline: scene.now.utcSeconds + 60
        )
        scene.come(
            "C",
            .attachOfferer(token: other.token(keys: Scene.keys), held: [AttachTests.held(meeting, 0, 0)])
        )
        #expect(
            scene.heard["C"]!.first
                == .attachedOfferer(
                    expiresIn: .seconds(60),
                    meetings: [MeetingProgress(meeting: meeting, have: 0)],
                    slotLost: true
                )
        )
        scene.visit("A", 1)
        #expect(scene.last("B") == .visitor(meeting: scene.meetings["A"]!))
        scene.send("C", .leave(.done))
        scene.visit("D", 2)
        #expect(scene.last("B") == .visitor(meeting: scene.meetings["D"]!))
    }

    @Test("The previous key is good for coming back") func previousKey() throws {
        var scene = Scene.met()
        scene.restart(
            keys: try TokenKeys(current: [UInt8](repeating: 8, count: 32), others: [[UInt8](repeating: 7, count: 32)])
        )
        scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: []))
        #expect(
            scene.last("B2") == .attachedOfferer(expiresIn: .seconds(595), meetings: [], slotLost: false)
        )
    }

    @Test("A key that is too short is refused") func shortKey() {
        #expect(throws: TokenKeys.KeyTooShort.self) { try TokenKeys(current: [UInt8](repeating: 1, count: 31)) }
    }
}
