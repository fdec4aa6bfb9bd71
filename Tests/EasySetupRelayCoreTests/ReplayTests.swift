import EasySetupRelayCore
import EasySetupRelayProtocol
import TestSupport
import Testing

/// An attacker with the tokens of ended meetings, at a relay that was restarted and so does not know that they ended
/// (`Protocol/relay.md`, "After a restart").
@Suite("Replayed frames and tokens", .busy) struct ReplayTests {
    static let pairs = 50

    /// Meetings that have ended normally: their tokens, and the ids of the seated meetings.
    static func ended() -> (scene: Scene, offerers: [Token], visitors: [Token], meetings: [MeetingID]) {
        var scene = Scene()
        var offerers: [Token] = []
        var visitors: [Token] = []
        var meetings: [MeetingID] = []
        for pair in 0..<pairs {
            scene.come("B", from: Scene.address(2 * pair), .offer(slotLength: 0, work: nil))
            scene.visit("A", 2 * pair + 1)
            scene.say("A", 1)
            scene.send("B", .seat(meeting: scene.meetings["A"]!))
            offerers.append(scene.tokens["B"]!)
            visitors.append(scene.tokens["A"]!)
            meetings.append(scene.meetings["A"]!)
            scene.send("B", .leave(.done))
            scene.lose("A")
            scene.lose("B")
        }
        return (scene, offerers, visitors, meetings)
    }

    private func expectNothing(_ scene: Scene, connections: Int = 0) {
        let statistics = scene.relay.statistics
        #expect(statistics.rooms == 0)
        #expect(statistics.meetings == 0)
        #expect(statistics.waiting == 0)
        #expect(statistics.mailboxBytes == 0)
        #expect(statistics.connections == connections)
    }

    @Test("A visitor's replayed tokens make no room, take no seat and bring no message; they wait, and are sent away")
    func visitors() {
        var (scene, _, visitors, _) = Self.ended()
        scene.restart()
        for (number, token) in visitors.enumerated() {
            scene.come("X\(number)", from: Scene.address(number), .attachVisitor(token: token, acked: 3, received: 3))
            #expect(scene.heard["X\(number)"] == nil)
        }
        expectNothing(scene, connections: Self.pairs)
        scene.pass(scene.limits.offererReturn)
        for number in visitors.indices {
            #expect(scene.heard["X\(number)"] == [.refused(.relayForgot, retryAfter: scene.limits.retryAfter)])
        }
        expectNothing(scene)
    }

    @Test("No token is worth anything once its time is over", arguments: [true, false]) func late(isOfferer: Bool) {
        var (scene, offerers, visitors, meetings) = Self.ended()
        scene.restart(down: scene.limits.codeLifetime + scene.limits.seatedLifetime)
        for number in visitors.indices {
            let held = AttachTests.held(meetings[number], 3, 3, seated: true)
            scene.come(
                "X",
                from: Scene.address(number),
                isOfferer
                    ? .attachOfferer(token: offerers[number], held: [held])
                    : .attachVisitor(token: visitors[number], acked: 3, received: 3)
            )
            #expect(scene.last("X") == .refused(.expired, retryAfter: .zero))
        }
        expectNothing(scene)
    }

    /// An offerer's token gives the attacker no more than the offerer has: an empty room.
    @Test("An offerer's own replayed token makes an empty room again, for the rest of its time") func offerers() {
        var (scene, offerers, visitors, meetings) = Self.ended()
        scene.restart()
        for (number, token) in offerers.enumerated() {
            let held = AttachTests.held(meetings[number], 3, 3, seated: true)
            scene.come("X\(number)", from: Scene.address(number), .attachOfferer(token: token, held: [held]))
            let messages = scene.heard["X\(number)"]!.filter { if case .message = $0 { true } else { false } }
            #expect(messages.isEmpty)
        }
        #expect(scene.relay.statistics.rooms == Self.pairs)
        #expect(scene.relay.statistics.mailboxBytes == 0)
        scene.pass(scene.limits.codeLifetime + scene.limits.seatedLifetime)
        expectNothing(scene)
        // This relay has seen these rooms end, so the tokens don't restore them a second time.
        for number in offerers.indices {
            scene.come("Y", from: Scene.address(number), .attachOfferer(token: offerers[number], held: []))
            #expect(scene.last("Y") == .refused(.expired, retryAfter: .zero))
            scene.come("Y", from: Scene.address(number), .attachVisitor(token: visitors[number], acked: 0, received: 0))
            #expect(scene.last("Y") == .refused(.expired, retryAfter: .zero))
        }
        expectNothing(scene)
    }

    @Test("While the relay that saw the rooms end still runs, it says of each token how the room ended")
    func sameRelay() {
        var (scene, offerers, visitors, _) = Self.ended()
        for number in offerers.indices {
            scene.come("Y", from: Scene.address(number), .attachOfferer(token: offerers[number], held: []))
            #expect(scene.last("Y") == .refused(.seated, retryAfter: .zero))
            scene.come("Y", from: Scene.address(number), .attachVisitor(token: visitors[number], acked: 0, received: 0))
            #expect(scene.last("Y") == .refused(.seated, retryAfter: .zero))
        }
        expectNothing(scene)
    }
}
