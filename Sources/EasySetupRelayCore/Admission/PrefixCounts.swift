/// Counts for each address prefix and for each wider block around it. The relay counts addresses in no other way
/// (`Protocol/limits.md`, "One address prefix"). Counts of existing things (connections, rooms) go up and down. Counts
/// of events only go up, and the relay forgets them after one to two periods.
package struct PrefixCounts: Sendable {
    private var counts: Generations<AddressPrefix, Int>
    private let capacity: Int

    /// Makes counts of existing things, such as connections. They don't expire.
    package init() {
        self.init(period: nil, capacity: .max, started: .zero)
    }

    /// Makes counts of events, for at most `capacity` prefixes in a period. Only wider blocks may use the last quarter
    /// of the capacity, so that a crowd of single addresses can't prevent all counting.
    init(period: Duration?, capacity: Int, started: Duration) {
        self.capacity = capacity
        counts = Generations(period: period, capacity: capacity, started: started)
    }

    package var isEmpty: Bool { counts.isEmpty }
    /// The sum of the counts of all single customers' prefixes. Counts of wider blocks are left out, because they
    /// repeat the same things. Only tests use it.
    package var total: Int { counts.sum { $0.isNarrowest ? $1 : 0 } }
    var nextDeadline: Duration? { counts.nextDeadline }

    mutating func advance(_ now: Duration) { counts.advance(now) }

    package subscript(prefix: AddressPrefix) -> Int {
        let both = counts.inBoth(prefix)
        return (both.current ?? 0) + (both.previous ?? 0)
    }

    /// Adds `change` to the count of existing things of a prefix, and to the count of each block around it.
    package mutating func count(_ change: Int, _ prefix: AddressPrefix) {
        for (prefix, _) in prefix.counted {
            counts.update(prefix) { current in
                let count = (current ?? 0) + change
                current = count > 0 ? count : nil
            }
        }
    }

    /// Adds `weight` to the count of events of a prefix and of each block around it. The widest block comes first,
    /// because it must get a count even when there is no room for a count of the prefix itself.
    mutating func happened(_ weight: Int, _ prefix: AddressPrefix, now: Duration) {
        counts.advance(now)
        for prefix in prefix.countedFromWidest {
            let mayBeNew = hasPlaceForNew(prefix)
            counts.update(prefix) { count in
                if count != nil || mayBeNew { count = min((count ?? 0) + weight, 1_000_000) }
            }
        }
    }

    /// Whether a prefix, and each block around it, may have one more of what is counted. `counted` is the number of
    /// things that the caller has counted already and now asks about.
    package func allows(_ prefix: AddressPrefix, _ ceiling: PrefixCeiling, counted: Int = 0) -> Bool {
        guard ceiling.bindsAnybody else { return true }
        return prefix.counted.allSatisfy { ceiling.allows(self[$0.prefix] - counted, allowance: $0.allowance) }
    }

    /// The narrowest among a prefix and the blocks around it that may not have one more of what is counted; nil when
    /// each may.
    func exhausted(_ prefix: AddressPrefix, _ ceiling: PrefixCeiling) -> AddressPrefix? {
        guard ceiling.bindsAnybody else { return nil }
        return prefix.counted.first { !ceiling.allows(self[$0.prefix], allowance: $0.allowance) }?.prefix
    }

    /// How much a prefix uses: the largest of the counts of the prefix and of the blocks around it, each divided by its
    /// allowance. The relay compares these numbers to find which of several prefixes uses most.
    package func standing(_ prefix: AddressPrefix) -> Int {
        prefix.counted.reduce(0) { max($0, self[$1.prefix] / $1.allowance) }
    }

    /// The largest of the counts of a prefix and of the blocks around it, each divided by its limit: 0 is below the
    /// limit, 1 is at it. If there was no room to count the prefix, the function compares the count of its block with
    /// the prefix's limit. If the block has no count either, the result is `Int.max`.
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

    /// The count of this prefix divided by `limit`. The blocks around the prefix are not considered.
    func ownExcess(_ prefix: AddressPrefix, limit: Int) -> Int { self[prefix] / max(1, limit) }

    package mutating func shrink() { counts.shrink() }

    /// Whether there is room for the count of a prefix that has no count yet.
    private func hasPlaceForNew(_ prefix: AddressPrefix) -> Bool {
        counts.currentCount < (prefix.isNarrowest ? capacity - capacity / 4 : capacity)
    }
}

/// How much of a limited resource one prefix may have. Once half of the resource is taken, a prefix may have a fraction
/// of what is still free, so that a few prefixes can't take all of it (dynamic thresholds, Choudhury and Hahne).
package struct PrefixCeiling: Sendable {
    /// The size of the limited resource; `used` says how much of it is taken.
    package let all: Int
    package let used: Int
    /// The divisor of a prefix's share: once half is taken, one prefix may have 1/`part` of what is free.
    package let part: Int
    /// The most that one prefix may have, however much is free.
    package let perPrefix: Int

    package init(all: Int, used: Int, part: Int, perPrefix: Int = .max) {
        self.all = all
        self.used = used
        self.part = part
        self.perPrefix = perPrefix
    }

    /// Whether a prefix that has `count` of the resource may have one more. `allowance` multiplies the limits: it is 1
    /// for a single prefix, and larger for a wider block.
    func allows(_ count: Int, allowance: Int) -> Bool {
        guard count < perPrefix.multipliedClamped(by: allowance) else { return false }
        guard isScarce else { return true }
        return count < max(Self.household, (all - used) / max(1, part)).multipliedClamped(by: allowance)
    }

    /// The number that one address may have however little is free, because the devices of a household share one
    /// address.
    private static let household = 4

    /// Whether this ceiling can refuse anything at present: it has a limit for one prefix, or the resource is scarce.
    var bindsAnybody: Bool { perPrefix != .max || isScarce }

    /// Whether at least half of the resource is used.
    package var isScarce: Bool { used > 0 && used >= all - used }

    /// How scarce the resource is, for the difficulty of proof of work: 0 while more than half of it is free, then 1,
    /// and twice as much each time that half of what was free is used.
    var excess: Int { isScarce ? max(1, all / 2 / max(1, all - used)) : 0 }
}

extension Int {
    fileprivate func multipliedClamped(by factor: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}

extension AddressPrefix {
    /// Whether the ceiling allows this prefix, and each block around it, one more place, when each of `others` has one
    /// place.
    func mayJoin(_ others: some Sequence<AddressPrefix>, _ ceiling: PrefixCeiling) -> Bool {
        counted.allSatisfy { block, allowance in
            ceiling.allows(others.reduce(0) { $0 + (block.contains($1) ? 1 : 0) }, allowance: allowance)
        }
    }
}
