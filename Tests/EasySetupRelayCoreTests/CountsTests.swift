import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

/// The counts that a relay keeps while it decides.
@Suite("The counts of the relay") struct CountsTests {
    @Test("A pairing is counted from its code to its end, with its times") func pairing() {
        var scene = Scene()
        scene.meet()
        scene.send("A", .message(meeting: nil, Message(number: 1, ack: 0, body: [1])))
        scene.now.monotonic += .seconds(7)
        scene.send("B", .seat(meeting: scene.meetings["A"]!))
        scene.now.monotonic += .seconds(40)
        scene.send("B", .leave(.done))
        let counts = scene.turn.counts
        #expect([counts.codes, counts.visits, counts.meetings, counts.messages, counts.seats] == [1, 1, 1, 1, 1])
        #expect(counts.pairings[.done] == 1 && counts.pairings.sum == 1 && counts.unseated.sum == 0)
        #expect(counts.timeToSeat.sum == .seconds(7) && counts.timeToSeat.count == 1)
        #expect(counts.timeToDone.sum == .seconds(40) && counts.timeToDone.count == 1)
        #expect([counts.misses, counts.strangers, counts.wrongProofs, counts.refusals.sum] == [0, 0, 0, 0])
    }

    @Test(
        "A room's end is counted by its outcome, before the seat and after it",
        arguments: [
            (Reason.done, RoomOutcome.done), (.cancelled, .cancelled), (.codeBurnt, .burnt), (.malformed, .failed),
            (.fault, .failed), (.wrongSuite, .failed),
        ]
    )
    func ends(reason: Reason, outcome: RoomOutcome) {
        var scene = Scene()
        scene.meet()
        scene.send("B", .leave(reason))
        #expect(scene.turn.counts.unseated[outcome] == 1 && scene.turn.counts.pairings.sum == 0)

        var seated = Scene()
        seated.meet()
        seated.send("B", .seat(meeting: seated.meetings["A"]!))
        seated.send("B", .leave(reason))
        #expect(seated.turn.counts.pairings[outcome] == 1 && seated.turn.counts.unseated.sum == 0)
        #expect(seated.turn.counts.timeToDone.count == (reason == .done ? 1 : 0))
    }

    @Test("A code that nobody uses expires, and one that is sent on is draining") func unused() {
        var scene = Scene()
        scene.come("B", .offer(slotLength: 0, work: nil))
        scene.pass(Limits().codeLifetime)
        #expect(scene.turn.counts.unseated[.expired] == 1)
        scene.come("C", .offer(slotLength: 0, work: nil))
        scene.drain()
        #expect(scene.turn.counts.unseated[.draining] == 1 && scene.turn.counts.codes == 2)
    }

    @Test("A guess, a miss and a stranger are counted each") func strangers() {
        var scene = Scene()
        scene.meet()
        scene.visit("C", 3)
        scene.send("B", .close(meeting: scene.meetings["C"]!, .wrongProof))
        #expect(scene.turn.counts.wrongProofs == 1)
        scene.visit("D", 4)
        scene.send("B", .seat(meeting: scene.meetings["A"]!))
        #expect(scene.turn.counts.strangers == 1)
        // The visit finds a code that has its visitor, and another one no code at all.
        scene.visit("E", 5)
        #expect(scene.turn.counts.misses == 1 && scene.turn.counts.refusals[.seated] == 1)
        scene.come("F", from: Scene.address(6), .visit(slot: Slot("ZZZZ")!, work: nil))
        #expect(scene.turn.counts.misses == 2 && scene.turn.counts.refusals[.noSuchCode] == 1)
        #expect(scene.turn.counts.visits == 5)
    }

    @Test("A room that comes back after a restart is no new code, and its seat has no time") func restored() {
        var scene = Scene()
        scene.meet()
        scene.send("B", .seat(meeting: scene.meetings["A"]!))
        scene.restart()
        scene.turn.counts = Counts()
        let held = MeetingResume(meeting: scene.meetings["A"]!, acked: 0, received: 0, isSeated: true)
        scene.come("B", .attachOfferer(token: scene.tokens["B"]!, held: [held]))
        scene.send("B", .leave(.done))
        let counts = scene.turn.counts
        #expect(counts.codes == 0 && counts.restoredRooms == 1 && counts.pairings[.done] == 1)
        #expect(counts.timeToDone.count == 0)
    }

    @Test("The counts of an enumeration stand at their names") func tally() {
        var tally = Tally<Reason>()
        for (times, reason) in Reason.allCases.enumerated() { for _ in 0..<times { tally.add(reason) } }
        for (times, reason) in Reason.allCases.enumerated() { #expect(tally[reason] == times) }
        #expect(tally.all.map(\.name) == Reason.allCases.map(\.rawValue))
        for names in [RoomOutcome.allCases.map(\.name), CountedLimit.allCases.map(\.name)] {
            #expect(Set(names).count == names.count)
        }
    }

    @Test("A time is in the first bucket whose bound it does not exceed") func histogram() {
        var histogram = Histogram(bounds: [.seconds(1), .seconds(2)])
        for milliseconds in [-5, 0, 1000, 1001, 2000, 2001] { histogram.add(.milliseconds(milliseconds)) }
        histogram.add(.seconds(3), times: 4)
        #expect(histogram.counts == [3, 2, 5] && histogram.count == 10)
        #expect(histogram.sum == .milliseconds(18_002))
        histogram += histogram
        #expect(histogram.counts == [6, 4, 10])
    }
}
