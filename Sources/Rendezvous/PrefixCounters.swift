/// How often each address prefix offered and visited lately (`Protocol/relay.md`, "Work"). Holds prefixes for at most two
/// windows, and never more than its capacity.
struct PrefixCounters: Sendable {
    enum Kind: UInt8, Hashable, Sendable {
        case offer = 1
        case visit = 2
    }

    private struct Key: Hashable, Sendable {
        let prefix: AddressPrefix
        let kind: Kind
    }

    private var counts: Generations<Key, Int>

    init(limits: Limits, started: Duration) {
        counts = Generations(period: limits.counterWindow, capacity: limits.prefixes, started: started)
    }

    var nextDeadline: Duration? { counts.nextDeadline }
    var isEmpty: Bool { counts.isEmpty }

    mutating func advance(_ now: Duration) { counts.advance(now) }

    mutating func add(_ weight: Int, _ kind: Kind, of prefix: AddressPrefix, now: Duration) {
        counts.advance(now)
        for (prefix, _) in prefix.counted {
            let key = Key(prefix: prefix, kind: kind)
            let count = counts.inBoth(key).current ?? 0
            // A table that is full has its answer in `excess`.
            _ = counts.put(min(count + weight, 1_000_000), for: key, now: now)
        }
    }

    /// How many times over its limit a prefix is, the worst of those it is counted under: 0 within the limit, 1 when it is
    /// reached. A prefix that could not be counted is at its limit.
    mutating func excess(_ kind: Kind, of prefix: AddressPrefix, limit: Int, now: Duration) -> Int {
        counts.advance(now)
        return prefix.counted.map { prefix, allowance in
            let both = counts.inBoth(Key(prefix: prefix, kind: kind))
            if both.current == nil, counts.isFull { return 1 }
            return ((both.current ?? 0) + (both.previous ?? 0)) / max(1, limit * allowance)
        }.max() ?? 0
    }
}
