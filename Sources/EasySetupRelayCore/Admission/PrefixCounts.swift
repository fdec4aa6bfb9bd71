/// How much of something each address prefix has, and each wider block around it: the one way in which this relay counts
/// addresses (`Protocol/limits.md`, "One address prefix"). What is alive is counted up and down; what has happened is counted up, and
/// forgotten after one to two periods.
package struct PrefixCounts: Sendable {
    private var counts: Generations<AddressPrefix, Int>
    private let capacity: Int

    /// Counts of what is alive.
    package init() {
        self.init(period: nil, capacity: .max, started: .zero)
    }

    /// Counts of what has happened, with so many prefixes in a period. The last quarter of them is for the wider blocks: a crowd of
    /// addresses must not make that nobody can be counted at all.
    init(period: Duration?, capacity: Int, started: Duration) {
        self.capacity = capacity
        counts = Generations(period: period, capacity: capacity, started: started)
    }

    package var isEmpty: Bool { counts.isEmpty }
    /// The sum over all addresses, each counted once, without the wider blocks; for tests.
    package var total: Int { counts.sum { $0.isNarrowest ? $1 : 0 } }
    var nextDeadline: Duration? { counts.nextDeadline }

    mutating func advance(_ now: Duration) { counts.advance(now) }

    package subscript(prefix: AddressPrefix) -> Int {
        let both = counts.inBoth(prefix)
        return (both.current ?? 0) + (both.previous ?? 0)
    }

    /// Counts `change` more, or fewer, of what is alive.
    package mutating func count(_ change: Int, _ prefix: AddressPrefix) {
        for (prefix, _) in prefix.counted {
            counts.update(prefix) { current in
                let count = (current ?? 0) + change
                current = count > 0 ? count : nil
            }
        }
    }

    /// Counts what has happened. The widest block comes first: where there is no place for an address, its block is counted.
    mutating func happened(_ weight: Int, _ prefix: AddressPrefix, now: Duration) {
        counts.advance(now)
        for prefix in prefix.countedFromWidest {
            let mayBeNew = hasPlaceForNew(prefix)
            counts.update(prefix) { count in
                if count != nil || mayBeNew { count = min((count ?? 0) + weight, 1_000_000) }
            }
        }
    }

    /// Whether a prefix, and each block around it, may have one more; or the `counted` that are counted already.
    package func allows(_ prefix: AddressPrefix, _ ceiling: PrefixCeiling, counted: Int = 0) -> Bool {
        guard ceiling.bindsAnybody else { return true }
        return prefix.counted.allSatisfy { ceiling.allows(self[$0.prefix] - counted, allowance: $0.allowance) }
    }

    /// How much a prefix has, or the block around it that has most, for what it may have: to tell who has more than others.
    package func standing(_ prefix: AddressPrefix) -> Int {
        prefix.counted.reduce(0) { max($0, self[$1.prefix] / $1.allowance) }
    }

    /// How many times over its limit a prefix is, the worst of those that it is counted under: 0 within the limit, 1 when it is
    /// reached. One for whom there was no place is measured by what its block has; without a block that is counted, it is at the top.
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

    /// Whether this very prefix, none of the blocks around it, has reached so many times its limit.
    func ownExcess(_ prefix: AddressPrefix, limit: Int) -> Int { self[prefix] / max(1, limit) }

    package mutating func shrink() { counts.shrink() }

    /// Whether a prefix may be counted that is not counted yet.
    private func hasPlaceForNew(_ prefix: AddressPrefix) -> Bool {
        counts.currentCount < (prefix.isNarrowest ? capacity - capacity / 4 : capacity)
    }
}

/// The share of a limited resource of the relay that one prefix may have. Once half of the resource is taken, the share is a part of
/// what is still free, so that a few prefixes can't take all of it (the dynamic thresholds of Choudhury and Hahne).
package struct PrefixCeiling: Sendable {
    /// How much of it there is in all, and how much of that is taken.
    package let all: Int
    package let used: Int
    /// Which part of what is free one prefix may have.
    package let part: Int
    /// The limit for one prefix at any time.
    package let perPrefix: Int

    package init(all: Int, used: Int, part: Int, perPrefix: Int = .max) {
        self.all = all
        self.used = used
        self.part = part
        self.perPrefix = perPrefix
    }

    /// Whether one more may be had by who has `count`; a wider block may have `allowance` times as much.
    func allows(_ count: Int, allowance: Int) -> Bool {
        guard count < perPrefix.multipliedClamped(by: allowance) else { return false }
        guard isScarce else { return true }
        return count < max(Self.household, (all - used) / max(1, part)).multipliedClamped(by: allowance)
    }

    /// However little is free, an address may have so much: a household is not to share one place.
    private static let household = 4

    /// Whether it holds back anybody at all just now.
    var bindsAnybody: Bool { perPrefix != .max || isScarce }

    /// Whether half of it is taken.
    package var isScarce: Bool { used > 0 && used >= all - used }

    /// How many times over its limit everybody counts who wants some of it: nobody while half of it is free, then once, and twice as
    /// often each time that half of what was free is gone.
    var excess: Int { isScarce ? max(1, all / 2 / max(1, all - used)) : 0 }
}

extension Int {
    fileprivate func multipliedClamped(by factor: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}

extension AddressPrefix {
    /// Whether this prefix, and each block around it, may have one more, beside `others` which have one each.
    func mayJoin(_ others: some Sequence<AddressPrefix>, _ ceiling: PrefixCeiling) -> Bool {
        counted.allSatisfy { block, allowance in
            ceiling.allows(others.reduce(0) { $0 + (block.contains($1) ? 1 : 0) }, allowance: allowance)
        }
    }
}
