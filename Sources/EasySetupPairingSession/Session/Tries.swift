/// The number of tries of each code on this device. The limit gives an attacker who poses as the offerer three guesses
/// of the code and no more (`Protocol/handshake.md`, "Coming is free, guessing is counted"). This type reads no clock:
/// the caller passes the time, from a clock that also runs while the system sleeps.
package struct Tries: Sendable {
    private struct Count {
        var taken = 0
        let since: Duration
    }

    private var counts: [String: Count] = [:]

    package init() {}

    /// Counts a try at a slot before this device sends anything. Returns false when no try is left.
    package mutating func take(_ slot: String, now: Duration, limits: ClientLimits) -> Bool {
        // A relay does not assign a slot again within two code lifetimes, so older counts belong to expired codes.
        counts = counts.filter { now - $0.value.since < limits.codeLifetime * 2 }
        var count = counts[slot] ?? Count(since: now)
        guard count.taken < limits.triesPerCode else { return false }
        count.taken += 1
        counts[slot] = count
        return true
    }

    /// Takes back a try that ``take(_:now:limits:)`` has counted. The caller does this if the device has sent no proof.
    package mutating func giveBack(_ slot: String) {
        counts[slot]?.taken -= 1
    }
}
