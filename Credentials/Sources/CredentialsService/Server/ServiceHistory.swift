import CredentialsCore

/// The counts of the service since it began and in the last hour. They are in memory alone.
package struct ServiceHistory: Sendable {
    /// A sample: the counts as they were at a time.
    private struct Sample: Sendable {
        let at: Int
        let counts: ServiceCounts
    }

    /// When the counting began, in seconds since 1970.
    package let started: Int
    /// The counts since then.
    package private(set) var counts = ServiceCounts()
    /// One a minute in which something was counted, the oldest first: those of the last hour, and one before.
    private var samples: [Sample]
    /// When something was counted last.
    private var last: Int

    /// The seconds between two samples.
    private static let interval = 60
    /// The seconds of an hour.
    private static let hour = 3_600

    /// Begins to count.
    package init(now: Int) {
        started = now
        last = now
        samples = [Sample(at: now, counts: counts)]
    }

    mutating func add(done call: String, now: Int) {
        sample(now)
        counts.add(done: call)
    }

    mutating func add(refused code: Refusal.Code, now: Int) {
        sample(now)
        counts.add(refused: code)
    }

    /// Keeps what was counted up to now, once a minute. Nothing is counted between two calls, so a sample that comes
    /// late has the counts of its whole time.
    private mutating func sample(_ now: Int) {
        last = now
        guard let newest = samples.last, now >= newest.at + Self.interval || now < newest.at else { return }
        // A clock that was set back would leave samples of the future.
        samples.removeAll { $0.at > now }
        samples.append(Sample(at: now, counts: counts))
        while samples.count > 2, samples[1].at <= now - Self.hour { samples.removeFirst() }
    }

    /// The counts of the last hour, to the minute, and the seconds of it; less while the service is younger.
    package func lastHour(now: Int) -> (seconds: Int, counts: ServiceCounts) {
        let base = samples.last { $0.at <= now - Self.hour } ?? samples.first
        guard let base else { return (0, counts) }
        // The newest sample may be older than all that was counted after it.
        guard last > now - Self.hour else { return (Self.hour, counts.since(counts)) }
        return (min(Self.hour, max(0, now - base.at)), counts.since(base.counts))
    }
}
