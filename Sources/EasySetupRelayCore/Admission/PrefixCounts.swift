/// Counts for each address prefix and for each wider block around it. The relay counts addresses in no other way
/// (`Protocol/limits.md`, "One address prefix"). Counts of existing things (connections, rooms) go up and down. Counts
/// of events only go up, and the relay forgets them after one to two periods.
package struct PrefixCounts: Sendable {
    /// The counts by the numbers of the prefixes. The number itself is the key, because Swift hashes it in two thirds of
    /// the time.
    private var counts: ExpiringDictionary<UInt64, Int>
    private let capacity: Int
    /// The highest count of events.
    private static let most = 1_000_000

    /// Makes counts of existing things, such as connections. They don't expire.
    package init() {
        self.init(period: nil, capacity: .max, started: .zero)
    }

    /// Makes counts of events, such as visits, for at most `capacity` prefixes in a period. The last quarter of the
    /// capacity is only for the wider blocks around prefixes, so that a crowd of single addresses can't prevent all
    /// counting.
    init(period: Duration?, capacity: Int, started: Duration) {
        self.capacity = capacity
        counts = ExpiringDictionary(period: period, capacity: capacity, started: started)
    }

    package var isEmpty: Bool { counts.isEmpty }
    /// How many things or events are counted in all: the sum over the narrowest prefixes, each of which is one
    /// customer's. Wider blocks are left out, because their counts include those of the prefixes in them. Only tests
    /// use it.
    package var total: Int { counts.sum { AddressPrefix(number: $0).isNarrowest ? $1 : 0 } }
    var nextDeadline: Duration? { counts.nextDeadline }

    mutating func advance(_ now: Duration) { counts.advance(now) }

    package subscript(prefix: AddressPrefix) -> Int {
        let both = counts.inBoth(prefix.number)
        return (both.current ?? 0) + (both.previous ?? 0)
    }

    /// Adds `change` to the number of existing things, such as rooms, that belong to a prefix and to each block around
    /// it.
    package mutating func count(_ change: Int, _ prefix: AddressPrefix) {
        for (prefix, _) in prefix.nested {
            counts.update(prefix.number) { current in
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
            counts.update(prefix.number) { count in
                if count != nil || mayBeNew { count = min((count ?? 0) + weight, Self.most) }
            }
        }
    }

    /// Adds `weight` to the count of events of this prefix alone, as another relay has counted them. Counts that are new
    /// take up to half of the capacity, so that the rest is left for the events of this relay.
    mutating func add(_ weight: Int, toAlone prefix: AddressPrefix, now: Duration) {
        counts.advance(now)
        let mayBeNew = counts.currentCount < capacity / 2
        counts.update(prefix.number) { count in
            if count != nil || mayBeNew { count = min((count ?? 0) + weight, Self.most) }
        }
    }

    /// Forgets the count of this prefix alone.
    mutating func remove(_ prefix: AddressPrefix) { counts.remove(prefix.number) }

    /// Whether a prefix, and each block around it, may have one more of what is counted. `counted` is the number of
    /// things that the caller has counted already and now asks about.
    package func allows(_ prefix: AddressPrefix, _ ceiling: PrefixCeiling, counted: Int = 0) -> Bool {
        guard ceiling.bindsAnybody else { return true }
        return prefix.nested.allSatisfy { ceiling.allows(self[$0.prefix] - counted, allowance: $0.allowance) }
    }

    /// The narrowest prefix that has reached its limit of what is counted, such as rooms: the given prefix or a wider
    /// block around it. Nil when none has.
    func exhausted(_ prefix: AddressPrefix, _ ceiling: PrefixCeiling) -> AddressPrefix? {
        guard ceiling.bindsAnybody else { return nil }
        return prefix.nested.first { !ceiling.allows(self[$0.prefix], allowance: $0.allowance) }?.prefix
    }

    /// How much of what is counted, such as connections, a prefix has: the largest of the counts of the prefix and of
    /// the blocks around it, each divided by its allowance (the factor of its limit). The relay compares these numbers
    /// to find which of several prefixes has most.
    package func standing(_ prefix: AddressPrefix) -> Int {
        prefix.nested.reduce(0) { max($0, self[$1.prefix] / $1.allowance) }
    }

    /// The largest of the counts of a prefix and of the blocks around it, each divided by its limit: 0 is below the
    /// limit, 1 is at it. If there was no room to count the prefix, the function compares the count of its block with
    /// the prefix's limit. If the block has no count either, the result is `Int.max`.
    mutating func excess(_ prefix: AddressPrefix, limit: Int, now: Duration) -> Int {
        counts.advance(now)
        var worst = 0
        var uncounted = false
        for (prefix, allowance) in prefix.nested {
            let both = counts.inBoth(prefix.number)
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

    /// How many times the count of this prefix's events reaches `limit`. The wider blocks around the prefix don't
    /// matter.
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
    /// The divisor of a prefix's share: once half of the resource is taken, one prefix may have 1/`part` of what is
    /// free.
    package let part: Int
    /// The most of the resource that one prefix may have, however much is free.
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

    /// The least share of one prefix, such as 4 rooms or connections, however few are free: the devices of a household
    /// share one address.
    private static let household = 4

    /// Whether this limit on what one prefix may have can refuse anything now: it is a fixed number (`perPrefix`), or
    /// at least half of the limited resource, such as the relay's rooms, is used.
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
    /// Whether a visitor of this prefix may join the visitors that wait, whose prefixes are `others`. The ceiling must
    /// allow one more place for the prefix and for each wider block around it.
    func mayJoin(_ others: some Sequence<AddressPrefix>, _ ceiling: PrefixCeiling) -> Bool {
        nested.allSatisfy { block, allowance in
            ceiling.allows(others.reduce(0) { $0 + (block.contains($1) ? 1 : 0) }, allowance: allowance)
        }
    }
}
