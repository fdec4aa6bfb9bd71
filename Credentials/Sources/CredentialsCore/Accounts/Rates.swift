package import EasySetupRelayCore

/// How many events each key had in the period that runs, of at most so many keys. A period begins with the first event
/// after the last one's end.
package struct Rates<Key: Hashable & Sendable>: Sendable {
    private let period: Int
    /// How many keys are counted at a time.
    package var keys: Int
    private var counts: [Key: Int] = [:]
    private var begin = Int.min
    /// The events of keys for which the table had no place.
    private var others = 0

    /// - Parameters:
    ///   - period: seconds.
    ///   - keys: how many keys are counted at a time. All further ones share one count, with 64 times the limit of one,
    ///     so that a crowd of strangers can neither grow the table nor shut out everybody else at once.
    package init(period: Int, keys: Int) {
        self.period = period
        self.keys = keys
    }

    private static var othersAllowance: Int { 64 }

    /// Counts an event if the key may have one more; returns the seconds to wait otherwise.
    package mutating func take(_ key: Key, limit: Int, now: Int) -> Int? {
        advance(now)
        if let count = counts[key] {
            guard count < limit else { return wait(now) }
            counts[key] = count + 1
        } else if counts.count < keys {
            guard limit > 0 else { return wait(now) }
            counts[key] = 1
        } else {
            guard others < limit * Self.othersAllowance else { return wait(now) }
            others += 1
        }
        return nil
    }

    private mutating func advance(_ now: Int) {
        // A clock that was set back begins a new period too.
        guard begin == .min || now < begin || now - begin >= period else { return }
        counts = [:]
        others = 0
        begin = now
    }

    private func wait(_ now: Int) -> Int { max(1, begin + period - now) }
}

extension Rates<AddressPrefix> {
    /// Counts an event of an address prefix and of the blocks around it, which have higher limits. The narrowest comes
    /// first, so that one customer who has too many does not use up the block's.
    package mutating func take(nested prefix: AddressPrefix, limit: Int, now: Int) -> Int? {
        for (prefix, allowance) in prefix.nested {
            if let wait = take(prefix, limit: limit * allowance, now: now) { return wait }
        }
        return nil
    }
}
