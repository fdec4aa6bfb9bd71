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

    /// Counts a try of the code that begins with this slot, before this device sends anything. Returns false when no
    /// try is left.
    package mutating func take(_ slot: String, now: Duration, limits: ClientLimits) -> Bool {
        // A relay does not give the same slot (the first symbols of a code) to a new code within two code lifetimes. So
        // tries that were counted longer ago belong to expired codes.
        counts = counts.filter { now - $0.value.since < limits.codeLifetime * 2 }
        var count = counts[slot] ?? Count(since: now)
        guard count.taken < limits.triesPerCode else { return false }
        count.taken += 1
        counts[slot] = count
        return true
    }

    /// Takes back a try of a code that ``take(_:now:limits:)`` has counted. The caller does this if the device has not
    /// sent message 3 (its proof that it knows the code), because the other device then could not test a guess.
    package mutating func giveBack(_ slot: String) {
        counts[slot]?.taken -= 1
    }
}
