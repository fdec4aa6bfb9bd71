/// The time of an event, as the outside tells it.
package struct Moment: Hashable, Sendable {
    /// Since an arbitrary start, on a clock that never jumps and goes on while the machine sleeps. Deadlines run on it.
    package var monotonic: Duration
    /// Seconds since 1970, UTC. Used for tokens only, since they outlive the process (`Protocol/relay.md`, "Clocks").
    package var utcSeconds: Int64

    package init(monotonic: Duration, utcSeconds: Int64) {
        self.monotonic = monotonic
        self.utcSeconds = utcSeconds
    }
}
