import Testing

@testable import EasySetupRelay

/// The inboxes of the event loops, as a value without loops.
@Suite("The inboxes of event loops") struct LoopInboxesTests {
    @Test("Effects wait for their loop in order, and the loop is woken once until it takes them") func effectsWaitLoop()
    {
        var inboxes = LoopInboxes<String>()
        let loops = [inboxes.join {}, inboxes.join {}]
        #expect(loops == [0, 1])
        inboxes.leave("a", for: 1)
        inboxes.leaveForAll("b")
        let woken = [inboxes.takeWoken(but: 0, now: .zero)?.count, inboxes.takeWoken(but: 0, now: .zero)?.count]
        #expect(woken == [1, 0])
        var taken = ["before"]
        inboxes.take(1, into: &taken)
        #expect(taken == ["before", "a", "b"])
        inboxes.leave("c", for: 1)
        let again = inboxes.takeWoken(but: 0, now: .zero)?.count
        #expect(again == 1)
        taken = []
        inboxes.take(0, into: &taken)
        #expect(taken == ["b"])
        taken = []
        inboxes.take(0, into: &taken)
        #expect(taken.isEmpty)
    }
}
