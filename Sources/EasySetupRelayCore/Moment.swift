/// The time of an event on two clocks, the monotonic clock and the calendar. The caller reads both clocks.
package struct Moment: Hashable, Sendable {
    /// The time since an arbitrary start, on a clock that never jumps and that runs while the machine sleeps. Deadlines
    /// use it.
    package var monotonic: Duration
    /// The time in seconds since 1970 UTC. Only tokens use it, because they outlive the process (`Protocol/relay.md`,
    /// "Clocks").
    package var utcSeconds: Int64

    package init(monotonic: Duration, utcSeconds: Int64) {
        self.monotonic = monotonic
        self.utcSeconds = utcSeconds
    }
}
