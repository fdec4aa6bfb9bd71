/// How often each code was tried here: a false offerer gets three guesses and no more (`Protocol/handshake.md`, "Coming is
/// free, guessing is counted"). Pure; time is handed in, on a clock that goes on in suspend.
package struct Tries: Sendable {
    private struct Count {
        var taken = 0
        let since: Duration
    }

    private var counts: [String: Count] = [:]

    package init() {}

    /// Takes a try at a slot before anything is sent; false when there is none left.
    package mutating func take(_ slot: String, now: Duration, limits: ClientLimits) -> Bool {
        // A slot is not drawn again within twice a lifetime, so older counts are of codes that are gone.
        counts = counts.filter { now - $0.value.since < limits.codeLifetime * 2 }
        var count = counts[slot] ?? Count(since: now)
        guard count.taken < limits.triesPerCode else { return false }
        count.taken += 1
        counts[slot] = count
        return true
    }

    /// The try that was taken was not spent: no proof was sent.
    package mutating func giveBack(_ slot: String) {
        counts[slot]?.taken -= 1
    }
}
