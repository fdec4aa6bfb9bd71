/// The number of tries of each code on this device: a false offerer gets three guesses and no more
/// (`Protocol/handshake.md`, "Coming is free, guessing is counted"). Pure: the caller passes the time, from a clock
/// that runs on while the system sleeps.
package struct Tries: Sendable {
    private struct Count {
        var taken = 0
        let since: Duration
    }

    private var counts: [String: Count] = [:]

    package init() {}

    /// Counts a try at a slot before anything is sent. Returns false when no try is left.
    package mutating func take(_ slot: String, now: Duration, limits: ClientLimits) -> Bool {
        // A relay does not assign a slot again within two code lifetimes, so older counts belong to expired codes.
        counts = counts.filter { now - $0.value.since < limits.codeLifetime * 2 }
        var count = counts[slot] ?? Count(since: now)
        guard count.taken < limits.triesPerCode else { return false }
        count.taken += 1
        counts[slot] = count
        return true
    }

    /// Takes a counted try back because no proof was sent.
    package mutating func giveBack(_ slot: String) {
        counts[slot]?.taken -= 1
    }
}
