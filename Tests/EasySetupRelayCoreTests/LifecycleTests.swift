import EasySetupRelayCore
import Testing

/// Transcripts of the ``Lifecycle``, one line per event.
@Suite("The end of a relay's run") struct LifecycleTests {
    private let start = Duration.seconds(1_000)

    private var lifecycle: Lifecycle {
        Lifecycle(drainTime: .seconds(300), closingTime: .seconds(3))
    }

    @Test("A relay that drains ends when its rooms have ended, then its polls, then its connections")
    func relayDrainsEnds() {
        var lifecycle = lifecycle
        #expect(lifecycle.isServing && lifecycle.due == nil)
        #expect(lifecycle.changed(rooms: 0, connections: 0, untold: 0, now: start) == nil)
        let drains = [lifecycle.drain(now: start), lifecycle.drain(now: start)]
        #expect(drains == [true, false])
        #expect(!lifecycle.isServing && lifecycle.accepts(untold: 0) && lifecycle.takesCallers)
        #expect(lifecycle.due == start + .seconds(300))
        #expect(lifecycle.changed(rooms: 1, connections: 3, untold: 1, now: start) == nil)
        #expect(lifecycle.changed(rooms: 0, connections: 3, untold: 1, now: start) == .end)
        #expect(lifecycle.due == start + .seconds(3))
        #expect(lifecycle.accepts(untold: 1) && !lifecycle.accepts(untold: 0) && !lifecycle.takesCallers)
        #expect(lifecycle.changed(rooms: 0, connections: 3, untold: 1, now: start) == nil)
        #expect(lifecycle.changed(rooms: 0, connections: 3, untold: 0, now: start) == .closeRequests)
        #expect(lifecycle.changed(rooms: 0, connections: 3, untold: 0, now: start) == nil)
        #expect(lifecycle.changed(rooms: 0, connections: 0, untold: 0, now: start) == .ended)
        #expect(lifecycle.changed(rooms: 0, connections: 0, untold: 0, now: start) == nil)
        let ends = [lifecycle.takeEnd(), lifecycle.takeEnd()]
        #expect(ends == [true, false])
        #expect(lifecycle.due == nil)
        #expect(lifecycle.stop(now: start) == [])
    }

    @Test("Each step of the end has its time, and a connection that stays is cut") func stepEndTime() {
        var lifecycle = lifecycle
        _ = lifecycle.drain(now: start)
        #expect(lifecycle.deadlinePassed(now: start + .seconds(299)) == nil)
        #expect(lifecycle.deadlinePassed(now: start + .seconds(300)) == .end)
        #expect(lifecycle.deadlinePassed(now: start + .seconds(302)) == nil)
        #expect(lifecycle.deadlinePassed(now: start + .seconds(303)) == .hangUp)
    }

    @Test("Stopping skips the draining, and cuts the connections that are there") func stoppingSkipsDraining() {
        var lifecycle = lifecycle
        #expect(lifecycle.stop(now: start) == [.end, .hangUp])
        #expect(lifecycle.stop(now: start) == [.hangUp])
        let drains = lifecycle.drain(now: start)
        #expect(!drains)
    }
}
