import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

@Suite("The line before a room") struct LineTests {
    static var small: Limits {
        var limits = Limits()
        limits.meetings = 2
        return limits
    }

    /// A room with "A1" and "A2" in meetings, and "W1" and "W2" in the queue.
    static func crowded(_ limits: Limits = small) -> Scene {
        var scene = Scene.offered(limits)
        for (number, name) in ["A1", "A2", "W1", "W2"].enumerated() { scene.visit(name, number) }
        return scene
    }

    @Test("Sixteen visitors are let in, and the next one waits") func sixteen() {
        var scene = Scene.offered()
        for number in 1...17 { scene.visit("A\(number)", number) }
        #expect(scene.relay.statistics.meetings == 16)
        #expect(scene.last("A17") == .inLine(position: 1))
    }

    @Test("Visitors are told their positions again when these change") func positions() {
        var scene = Self.crowded()
        #expect(scene.last("W2") == .inLine(position: 2))
        scene.lose("W1")
        #expect(scene.last("W2") == .inLine(position: 1))
        scene.send("B", .close(meeting: scene.meetings["A1"]!, .wrongProof))
        #expect(scene.last("B") == .visitor(meeting: scene.meetings["W2"]!))
    }

    @Test("The head of a line hears that the offerer is away, and that it is back") func headOfLine() {
        var scene = Self.crowded()
        scene.lose("B")
        #expect(scene.last("W1") == .presence(meeting: nil, isPresent: false))
        #expect(scene.last("W2") == .presence(meeting: nil, isPresent: false))
        // Visitors that come meanwhile, and those that move up, are told too.
        scene.visit("W3", 9)
        #expect(scene.heard["W3"] == [.inLine(position: 3), .presence(meeting: nil, isPresent: false)])
        scene.lose("W1")
        #expect(scene.heard["W2"]?.suffix(2) == [.inLine(position: 1), .presence(meeting: nil, isPresent: false)])
        let held = ["A1", "A2"].map { AttachTests.held(scene.meetings[$0]!, 0, 0) }
        scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: held))
        #expect(scene.last("W2") == .presence(meeting: nil, isPresent: true))
        #expect(scene.last("W3") == .presence(meeting: nil, isPresent: true))
    }

    @Test("A long line whose offerer comes and goes costs few frames") func offererComesAndGoes() {
        var scene = Scene.offered(Self.small)
        for number in 0..<102 { scene.visit("A\(number)", number) }
        #expect(scene.lose("B").count <= 2 + Self.small.positionsTold)
    }

    @Test("A long line costs few frames") func traffic() {
        var scene = Scene.offered(Self.small)
        for number in 0..<102 { scene.visit("A\(number)", number) }
        let actions = scene.send("B", .close(meeting: scene.meetings["A0"]!, .wrongProof))
        #expect(actions.count < 20)
    }

    @Test("Two visitors of a prefix wait, and the third is refused") func perPrefix() {
        var scene = Self.crowded()
        scene.visit("X1", 9)
        scene.visit("X2", 9)
        scene.visit("X3", 9)
        #expect(scene.last("X2") == .inLine(position: 4))
        #expect(scene.last("X3") == .refused(.lineFull, retryAfter: .seconds(30)))
        #expect(scene.relay.statistics.waiting == 4)
    }

    @Test("A line has a limit, and so have all lines together") func ceilings() {
        var limits = Self.small
        limits.waitingPerRoom = 2
        var scene = Self.crowded(limits)
        scene.visit("X", 9)
        #expect(scene.last("X") == .refused(.lineFull, retryAfter: .seconds(30)))
        limits.waitingPerRoom = 9
        limits.waitingInAll = 2
        scene = Self.crowded(limits)
        scene.visit("X", 9)
        #expect(scene.last("X") == .refused(.relayFull, retryAfter: .seconds(30)))
    }

    @Test("A visitor that finds a free place is let in, however many wait elsewhere") func placeBesideLines() {
        var limits = Self.small
        limits.waitingInAll = 2
        var scene = Self.crowded(limits)
        scene.come("B2", from: Scene.address(20), .offer(slotLength: 0, work: nil))
        scene.visit("X", 9)
        #expect(scene.meetings["X"] != nil)
    }

    @Test("A visitor that says nothing for two seconds goes to the end of the line") func silent() {
        var scene = Self.crowded()
        scene.say("A2", 1, in: "A2")
        let first = scene.meetings["A1"]!
        scene.pass(.milliseconds(1_999))
        #expect(scene.meetings["W1"] == nil)
        scene.pass(.milliseconds(1))
        #expect(scene.heard["B"]!.contains(.over(meeting: first, .tooSlow)))
        #expect(scene.last("B") == .visitor(meeting: scene.meetings["W1"]!))
        #expect(scene.last("A1") == .inLine(position: 2))
        #expect(scene.last("W2") == .inLine(position: 1))
        #expect(!scene.closed.contains("A1"))
        scene.send("B", .close(meeting: scene.meetings["A2"]!, .wrongProof))
        scene.send("B", .close(meeting: scene.meetings["W1"]!, .wrongProof))
        #expect(scene.last("B") == .visitor(meeting: scene.meetings["A1"]!))
        #expect(scene.meetings["A1"] != first)
    }

    /// A1 waits after a meeting in which it was silent, W1 has its place and has sent its first message, and the other
    /// place is taken for good.
    private static func behindSilent() -> Scene {
        var scene = crowded()
        scene.send("W2", .leave(.cancelled))
        scene.say("A2", 1)
        scene.say("B", 1, in: "A2")
        scene.say("A2", 2)
        scene.pass(.seconds(2))
        scene.say("W1", 1)
        scene.say("B", 1, in: "W1")
        return scene
    }

    @Test("A visitor that was silent in its meeting displaces one that has sent its first message after 45 seconds")
    func silentInLine() {
        var scene = Self.behindSilent()
        #expect(scene.last("A1") == .inLine(position: 1))
        scene.pass(.milliseconds(44_999))
        #expect(scene.last("A1") == .inLine(position: 1))
        scene.pass(.milliseconds(1))
        #expect(scene.last("W1") == .inLine(position: 1))
        #expect(scene.last("A1")?.isMet == true)
    }

    @Test("A new visitor beside a silent one displaces one that has sent its first message after two seconds")
    func newBesideSilent() {
        var scene = Self.behindSilent()
        scene.visit("N", 9)
        scene.pass(.milliseconds(1_999))
        #expect(scene.last("N") == .inLine(position: 2))
        scene.pass(.milliseconds(1))
        #expect(scene.last("W1") == .inLine(position: 2))
    }

    @Test("A silent visitor takes the place of one that has left after two seconds") func leftBeforeSilent() {
        var scene = Self.behindSilent()
        scene.send("W1", .leave(.cancelled))
        scene.pass(.seconds(2))
        #expect(scene.last("A1")?.isMet == true)
    }

    @Test("No visitor is hurried while nobody waits") func alone() {
        var scene = Scene.offered(Self.small)
        scene.visit("A1", 1)
        scene.visit("A2", 2)
        scene.pass(.seconds(60))
        #expect(scene.relay.statistics.meetings == 2)
        scene.visit("W", 3)
        #expect(scene.meetings["W"] != nil)
    }

    @Test("The offerer's own time is not charged to the visitor, and the time after its reply is") func replies() {
        var scene = Self.crowded()
        scene.say("A1", 1)
        scene.say("A2", 1)
        scene.pass(.seconds(30))
        #expect(scene.meetings["W1"] == nil)
        scene.say("B", 1, in: "A1")
        scene.pass(.milliseconds(1_999))
        #expect(scene.meetings["W1"] == nil)
        scene.pass(.milliseconds(1))
        #expect(scene.last("A1") == .inLine(position: 2))
    }

    @Test("A visitor that has sent its proof waits for the offerer as long as that takes") func proved() {
        var scene = Self.crowded()
        for name in ["A1", "A2"] {
            scene.say(name, 1)
            scene.say("B", 1, in: name)
            scene.say(name, 2)
        }
        scene.pass(.seconds(60))
        #expect(scene.meetings["W1"] == nil)
    }

    @Test("The visitor's clock stops while the offerer is away") func offererAway() {
        var scene = Self.crowded()
        scene.pass(.seconds(1))
        scene.lose("B")
        scene.pass(.seconds(60))
        #expect(scene.meetings["W1"] == nil)
        scene.come(
            "B2",
            .attachOfferer(
                token: scene.tokens["B"]!,
                held: ["A1", "A2"].map {
                    MeetingResume(meeting: scene.meetings[$0]!, acked: 0, received: 0, isSeated: false)
                }
            )
        )
        scene.pass(.milliseconds(999))
        #expect(scene.meetings["W1"] == nil)
        scene.pass(.milliseconds(1))
        #expect(scene.meetings["W1"] != nil)
    }

    @Test("A visitor that loses its place while it is away is told that its meeting is over") func displacedAway() {
        var scene = Self.crowded()
        scene.lose("A1")
        scene.pass(.seconds(2))
        #expect(scene.meetings["W1"] != nil)
        scene.come("A1", .attachVisitor(token: scene.tokens["A1"]!, acked: 0, received: 0))
        #expect(scene.last("A1") == .refused(.meetingOver, retryAfter: .zero))
    }

    @Test("No devices meet in a room whose time is over, however late the relay notices") func late() {
        var scene = Self.crowded()
        scene.pass(.seconds(5_000))
        #expect(scene.meetings["W1"] == nil)
        #expect(scene.heard["W1"]?.last == .over(meeting: nil, .expired))
    }

    @Test("A visitor that left makes room after two seconds when others wait") func left() {
        var scene = Self.crowded()
        for name in ["A1", "A2"] { scene.say(name, 1) }
        scene.send("A1", .leave(.cancelled))
        scene.pass(.seconds(2))
        #expect(scene.last("B") == .visitor(meeting: scene.meetings["W1"]!))
        #expect(scene.heard["B"]!.filter { $0 == .over(meeting: scene.meetings["A1"]!, .tooSlow) } == [])
    }

    @Test("Strangers who prove nothing delay an honest device, and no more") func strangers() {
        var scene = Scene.offered()
        for number in 0..<200 { scene.visit("S\(number)", number) }
        scene.visit("A", 1_000)
        var passed = 0
        while scene.meetings["A"] == nil, passed < 60 {
            scene.pass(.seconds(2))
            passed += 1
        }
        #expect(passed <= 13)
    }

    @Test("A visitor that waits may only leave") func waiting() {
        var scene = Self.crowded()
        scene.send("W1", .seat(meeting: scene.meetings["A1"]!))
        #expect(scene.last("W1") == .refused(.badOrder, retryAfter: .zero))
        scene.send("W2", .leave(.cancelled))
        #expect(scene.closed.contains("W2"))
        #expect(scene.relay.statistics.waiting == 0)
    }

    @Test("Frames that crossed with the loss of a place are ignored, in the line and in the next meeting")
    func crossed() {
        var scene = Self.crowded()
        scene.say("A2", 1, in: "A2")
        let first = scene.meetings["A1"]!
        scene.pass(.seconds(2))
        #expect(scene.last("A1") == .inLine(position: 2))
        let late = DeviceFrame.message(meeting: first, .sample(1))
        #expect(scene.send("A1", late) == [])
        #expect(scene.send("A1", .ack(meeting: first, upTo: 1)) == [])
        #expect(scene.relay.statistics.waiting == 2)
        for name in ["A2", "W1"] { scene.send("B", .close(meeting: scene.meetings[name]!, .fault)) }
        let second = scene.meetings["A1"]!
        #expect(second != first)
        #expect(scene.send("A1", late) == [])
        let hello = scene.send("A1", .message(meeting: second, .sample(1)))
        #expect(hello == [.send(.message(meeting: second, .sample(1)), to: "B")])
    }
}
