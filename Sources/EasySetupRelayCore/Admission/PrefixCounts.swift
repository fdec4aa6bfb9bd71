/// Counts for each address prefix and for each wider block around it. The relay counts addresses in no other way
/// (`Protocol/limits.md`, "One address prefix"). Counts of living things (connections, rooms) go up and down. Counts of
/// events only go up, and are forgotten after one to two periods.
package struct PrefixCounts: Sendable {
    private var counts: Generations<AddressPrefix, Int>
    private let capacity: Int

    /// Makes counts of living things, which don't expire.
    package init() {
        self.init(period: nil, capacity: .max, started: .zero)
    }

    /// Makes counts of events, for at most `capacity` prefixes in a period. The last quarter of the capacity is
    /// reserved for wider blocks, so that a crowd of addresses can't make counting impossible.
    init(period: Duration?, capacity: Int, started: Duration) {
        self.capacity = capacity
        counts = Generations(period: period, capacity: capacity, started: started)
    }

    package var isEmpty: Bool { counts.isEmpty }
    /// The sum of the counts of single customers' prefixes, without the wider blocks. Only tests use it.
    package var total: Int { counts.sum { $0.isNarrowest ? $1 : 0 } }
    var nextDeadline: Duration? { counts.nextDeadline }

    mutating func advance(_ now: Duration) { counts.advance(now) }

    package subscript(prefix: AddressPrefix) -> Int {
        let both = counts.inBoth(prefix)
        return (both.current ?? 0) + (both.previous ?? 0)
    }

    /// Changes the number of living things of a prefix, and of each block around it, by `change`.
    package mutating func count(_ change: Int, _ prefix: AddressPrefix) {
        for (prefix, _) in prefix.counted {
            counts.update(prefix) { current in
                let count = (current ?? 0) + change
                current = count > 0 ? count : nil
            }
        }
    }

    /// Counts an event `weight` times. The widest block comes first, because it must have a count when there is no room
    /// for the prefix itself.
    mutating func happened(_ weight: Int, _ prefix: AddressPrefix, now: Duration) {
        counts.advance(now)
        for prefix in prefix.countedFromWidest {
            let mayBeNew = hasPlaceForNew(prefix)
            counts.update(prefix) { count in
                if count != nil || mayBeNew { count = min((count ?? 0) + weight, 1_000_000) }
            }
        }
    }

    /// Whether a prefix, and each block around it, may have one more. `counted` says how many of those that the caller
    /// asks for are in the counts already.
    package func allows(_ prefix: AddressPrefix, _ ceiling: PrefixCeiling, counted: Int = 0) -> Bool {
        guard ceiling.bindsAnybody else { return true }
        return prefix.counted.allSatisfy { ceiling.allows(self[$0.prefix] - counted, allowance: $0.allowance) }
    }

    /// The narrowest of a prefix and the blocks around it that may not have one more; nil when each may.
    func exhausted(_ prefix: AddressPrefix, _ ceiling: PrefixCeiling) -> AddressPrefix? {
        guard ceiling.bindsAnybody else { return nil }
        return prefix.counted.first { !ceiling.allows(self[$0.prefix], allowance: $0.allowance) }?.prefix
    }

    /// The usage of a prefix or of a block around it, divided by its allowance, whichever is larger. It says which of
    /// several prefixes uses most.
    package func standing(_ prefix: AddressPrefix) -> Int {
        prefix.counted.reduce(0) { max($0, self[$1.prefix] / $1.allowance) }
    }

    /// How many times over its limit a prefix, or a block around it, is; the largest value counts. 0 is below the
    /// limit, 1 is at the limit. If there was no room to count the prefix, the relay holds the count of its block
    /// against the prefix's limit. If the block has no count either, the result is `Int.max`.
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

    /// How many times over its limit this prefix alone is, without the blocks around it.
    func ownExcess(_ prefix: AddressPrefix, limit: Int) -> Int { self[prefix] / max(1, limit) }

    package mutating func shrink() { counts.shrink() }

    /// Whether there is room for the count of a prefix that has none yet.
    private func hasPlaceForNew(_ prefix: AddressPrefix) -> Bool {
        counts.currentCount < (prefix.isNarrowest ? capacity - capacity / 4 : capacity)
    }
}

/// How much of a limited resource one prefix may have. Once half of the resource is taken, a prefix may have a fraction
/// of what is still free, so that a few prefixes can't take all of it (dynamic thresholds, Choudhury and Hahne).
package struct PrefixCeiling: Sendable {
    /// The size of the resource, and how much of it is used.
    package let all: Int
    package let used: Int
    /// The divisor: one prefix may have 1/`part` of what is free.
    package let part: Int
    /// The limit for one prefix, even if much is free.
    package let perPrefix: Int

    package init(all: Int, used: Int, part: Int, perPrefix: Int = .max) {
        self.all = all
        self.used = used
        self.part = part
        self.perPrefix = perPrefix
    }

    /// Whether a prefix that has `count` may have one more. A wider block may have `allowance` times as much as a
    /// single prefix.
    func allows(_ count: Int, allowance: Int) -> Bool {
        guard count < perPrefix.multipliedClamped(by: allowance) else { return false }
        guard isScarce else { return true }
        return count < max(Self.household, (all - used) / max(1, part)).multipliedClamped(by: allowance)
    }

    /// The least that one address may have, even if little is free, because the devices of a household share one
    /// address.
    private static let household = 4

    /// Whether this ceiling limits any prefix just now.
    var bindsAnybody: Bool { perPrefix != .max || isScarce }

    /// Whether at least half of the resource is used.
    package var isScarce: Bool { used > 0 && used >= all - used }

    /// The excess that counts for every device because the resource is scarce: 0 while more than half of it is free,
    /// then 1, and twice as much each time that half of what was free is used.
    var excess: Int { isScarce ? max(1, all / 2 / max(1, all - used)) : 0 }
}

extension Int {
    fileprivate func multipliedClamped(by factor: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}

extension AddressPrefix {
    /// Whether this prefix, and each block around it, may have one more, if each of `others` has one.
    func mayJoin(_ others: some Sequence<AddressPrefix>, _ ceiling: PrefixCeiling) -> Bool {
        counted.allSatisfy { block, allowance in
            ceiling.allows(others.reduce(0) { $0 + (block.contains($1) ? 1 : 0) }, allowance: allowance)
        }
    }
}
