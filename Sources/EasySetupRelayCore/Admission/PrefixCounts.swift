/// Counts per address prefix and per wider block around it; the only way in which this relay counts addresses
/// (`Protocol/limits.md`, "One address prefix"). Counts of living things (connections, rooms) go up and down. Counts of
/// events only go up, and are forgotten after one to two periods.
package struct PrefixCounts: Sendable {
    private var counts: Generations<AddressPrefix, Int>
    private let capacity: Int

    /// Counts of living things, without expiry.
    package init() {
        self.init(period: nil, capacity: .max, started: .zero)
    }

    /// Counts of events, for at most `capacity` prefixes in a period. The last quarter of the capacity is reserved for
    /// wider blocks, so that a crowd of addresses can't make counting impossible.
    init(period: Duration?, capacity: Int, started: Duration) {
        self.capacity = capacity
        counts = Generations(period: period, capacity: capacity, started: started)
    }

    package var isEmpty: Bool { counts.isEmpty }
    /// The sum over all addresses, each counted once; wider blocks are left out. For tests.
    package var total: Int { counts.sum { $0.isNarrowest ? $1 : 0 } }
    var nextDeadline: Duration? { counts.nextDeadline }

    mutating func advance(_ now: Duration) { counts.advance(now) }

    package subscript(prefix: AddressPrefix) -> Int {
        let both = counts.inBoth(prefix)
        return (both.current ?? 0) + (both.previous ?? 0)
    }

    /// Changes the number of living things of a prefix and of its blocks by `change`.
    package mutating func count(_ change: Int, _ prefix: AddressPrefix) {
        for (prefix, _) in prefix.counted {
            counts.update(prefix) { current in
                let count = (current ?? 0) + change
                current = count > 0 ? count : nil
            }
        }
    }

    /// Counts an event. The widest block comes first because the block must be counted when there is no room for the
    /// address.
    mutating func happened(_ weight: Int, _ prefix: AddressPrefix, now: Duration) {
        counts.advance(now)
        for prefix in prefix.countedFromWidest {
            let mayBeNew = hasPlaceForNew(prefix)
            counts.update(prefix) { count in
                if count != nil || mayBeNew { count = min((count ?? 0) + weight, 1_000_000) }
            }
        }
    }

    /// Whether a prefix and each block around it may have one more, or may keep the `counted` ones that are already
    /// counted.
    package func allows(_ prefix: AddressPrefix, _ ceiling: PrefixCeiling, counted: Int = 0) -> Bool {
        guard ceiling.bindsAnybody else { return true }
        return prefix.counted.allSatisfy { ceiling.allows(self[$0.prefix] - counted, allowance: $0.allowance) }
    }

    /// The usage of a prefix or of a block around it, each divided by its allowance; the largest is returned. It tells
    /// which of several prefixes uses most.
    package func standing(_ prefix: AddressPrefix) -> Int {
        prefix.counted.reduce(0) { max($0, self[$1.prefix] / $1.allowance) }
    }

    /// How many times over its limit a prefix or a block around it is; the largest value counts. 0 is below the limit,
    /// 1 is at the limit. A prefix that could not be stored is measured by its block; without a stored block the result
    /// is the maximum.
    mutating func excess(_ prefix: AddressPrefix, limit: Int, now: Duration) -> Int {
        counts.advance(now)
        var worst = 0
        var uncounted = false
        for (prefix, allowance) in prefix.counted {
            let both = counts.inBoth(prefix)
            let isUncounted = both.current == nil && !hasPlaceForNew(prefix)
            let count = (both.current ?? 0) + (both.previous ?? 0)
            if isUncounted {
                worst = max(worst, 1)
            } else {
                worst = max(worst, count / max(1, limit * (uncounted ? 1 : allowance)))
            }
            uncounted = isUncounted
        }
        return uncounted ? .max : worst
    }

    /// How many times this prefix alone has reached its limit, without the blocks around it.
    func ownExcess(_ prefix: AddressPrefix, limit: Int) -> Int { self[prefix] / max(1, limit) }

    package mutating func shrink() { counts.shrink() }

    /// Whether there is room to store a count for a prefix that has none yet.
    private func hasPlaceForNew(_ prefix: AddressPrefix) -> Bool {
        counts.currentCount < (prefix.isNarrowest ? capacity - capacity / 4 : capacity)
    }
}

/// The share of a limited resource that one prefix may have. Once half of the resource is taken, the share is a
/// fraction of what is still free, so that a few prefixes can't take all of it (dynamic thresholds, Choudhury and
/// Hahne).
package struct PrefixCeiling: Sendable {
    /// The size of the resource, and how much of it is taken.
    package let all: Int
    package let used: Int
    /// The divisor: one prefix may have 1/`part` of what is free.
    package let part: Int
    /// The limit for one prefix, however much is free.
    package let perPrefix: Int

    package init(all: Int, used: Int, part: Int, perPrefix: Int = .max) {
        self.all = all
        self.used = used
        self.part = part
        self.perPrefix = perPrefix
    }

    /// Whether a prefix that has `count` may have one more. A wider block may have `allowance` times as much.
    func allows(_ count: Int, allowance: Int) -> Bool {
        guard count < perPrefix.multipliedClamped(by: allowance) else { return false }
        guard isScarce else { return true }
        return count < max(Self.household, (all - used) / max(1, part)).multipliedClamped(by: allowance)
    }

    /// The least share of an address, however little is free, because the devices of a household have one address.
    private static let household = 4

    /// Whether this ceiling can hold back any prefix just now.
    var bindsAnybody: Bool { perPrefix != .max || isScarce }

    /// Whether half of the resource is taken.
    package var isScarce: Bool { used > 0 && used >= all - used }

    /// The excess that every requester is charged because the resource is scarce: 0 while half of it is free, then 1,
    /// and doubled each time that half of the free part is gone.
    var excess: Int { isScarce ? max(1, all / 2 / max(1, all - used)) : 0 }
}

extension Int {
    fileprivate func multipliedClamped(by factor: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}

extension AddressPrefix {
    /// Whether this prefix and each block around it may have one more, if each of `others` has one.
    func mayJoin(_ others: some Sequence<AddressPrefix>, _ ceiling: PrefixCeiling) -> Bool {
        counted.allSatisfy { block, allowance in
            ceiling.allows(others.reduce(0) { $0 + (block.contains($1) ? 1 : 0) }, allowance: allowance)
        }
    }
}
