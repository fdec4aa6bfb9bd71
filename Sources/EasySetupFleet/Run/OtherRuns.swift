package import EasySetupFleetStore

/// The other runs, as far as this one hears of them: who is there, who is silent, and who is suspected of being so.
package struct OtherRuns: Sendable {
    private struct Other: Sendable {
        var heardAt: Duration
        var beat: Beat?
        var suspectedUntil: Duration?
    }

    /// The most runs that are known to say what can't be read.
    private static let mostUnread = 64

    private let times: FleetTimes
    /// Until when runs count as there that say what can't be read.
    private var unreadUntil: [RunID: Duration] = [:]
    private var others: [RunID: Other] = [:]
    /// Since when this run hears all others; nil while it is cut off.
    private var hearsSince: Duration?

    package init(times: FleetTimes = FleetTimes()) { self.times = times }

    /// The runs that are there, as for the status page.
    package func beats(now: Duration) -> [RunID: Beat] {
        others.compactMapValues { now < $0.heardAt + times.homeSilence ? $0.beat : nil }
    }

    package mutating func joined(now: Duration) { hearsSince = now }

    package mutating func cutOff() { hearsSince = nil }

    /// Notes that something of this run was heard, and its beat if it was one.
    package mutating func heard(_ run: RunID, _ beat: Beat? = nil, now: Duration) {
        if others[run] == nil { makePlace(now: now) }
        var other = others[run] ?? Other(heardAt: now)
        other.heardAt = now
        if let beat { other.beat = beat }
        others[run] = other
    }

    /// Notes that this run has not answered.
    package mutating func suspect(_ run: RunID, now: Duration) {
        if others[run] == nil { makePlace(now: now) }
        // A run of which nothing was heard is not taken for one that is there.
        var other = others[run] ?? Other(heardAt: now - times.homeSilence)
        other.suspectedUntil = now + times.suspicion
        others[run] = other
    }

    /// Notes that this run, as the message says, has said something that can't be read.
    package mutating func heardUnread(_ run: RunID, now: Duration) {
        if unreadUntil.count >= Self.mostUnread { unreadUntil = unreadUntil.filter { now < $0.value } }
        guard unreadUntil.count < Self.mostUnread || unreadUntil[run] != nil else { return }
        unreadUntil[run] = now + times.homeSilence
    }

    /// Whether this run is there, but says nothing that can be read: it is of a version that this relay does not speak.
    /// A stranger who can write to the bus can name any run as a sender, so that a run that is heard is none of these.
    package func isUnread(_ run: RunID, now: Duration) -> Bool {
        guard let until = unreadUntil[run], now < until else { return false }
        return others[run].map { now >= $0.heardAt + times.homeSilence } ?? true
    }

    /// Whether a device may be sent to this run.
    package func mayAnswer(_ run: RunID, now: Duration) -> Bool {
        guard let hearsSince else { return false }
        if let until = others[run]?.suspectedUntil, now < until { return false }
        // Until every relay had the time to say that it is there, nobody is known to be silent.
        return now < max(others[run]?.heardAt ?? hearsSince, hearsSince) + times.homeSilence
    }

    /// Forgets runs of which nothing was heard for long.
    private mutating func makePlace(now: Duration) {
        guard others.count >= EnvelopeLimits.runs else { return }
        others = others.filter { now < max($0.value.heardAt + times.homeSilence, $0.value.suspectedUntil ?? now) }
        guard others.count >= EnvelopeLimits.runs, let oldest = others.min(by: { $0.value.heardAt < $1.value.heardAt })
        else { return }
        others[oldest.key] = nil
    }
}
