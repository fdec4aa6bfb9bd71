/// The times at which a run has looked at the clock. Whoever handles anything first looks; the beats of the relay see to
/// it that somebody does.
///
/// A relay that was stopped for a while has missed what others said and did meanwhile. Its rooms look alive to it, and
/// may not be. So it goes on as another run.
package struct RunClock: Sendable {
    private let times: FleetTimes
    private var looked: Duration

    package init(times: FleetTimes = FleetTimes(), started: Duration) {
        (self.times, looked) = (times, started)
    }

    /// Whether the relay has slept since the last look.
    package mutating func look(now: Duration) -> Bool {
        defer { looked = max(looked, now) }
        return now >= looked + times.asleep
    }
}
