/// The counts of events by prefix that a relay among others has not told the others yet (`Protocol/fleet.md`, "Counts of
/// prefixes"). A count is forgotten after one to two windows, as the relay's own counts are.
struct UntoldCounts: Sendable {
    private struct Table: Sendable {
        let event: SharedCount.Event
        /// The limit of a prefix that is one customer's.
        let limit: Int
        let part: Int
        var counts: PrefixCounts
        /// The prefixes whose count has reached its threshold, or had when it was not forgotten yet.
        var hot: Set<AddressPrefix> = []

        /// The untold count from which on it is told.
        func threshold(_ prefix: AddressPrefix) -> Int { max(1, limit * prefix.allowance / part) }

        /// How much of its limit a prefix has used up, in thousandths.
        func heat(_ prefix: AddressPrefix, _ count: Int) -> Int { count * 1_000 / max(1, limit * prefix.allowance) }
    }

    private struct Candidate {
        let heat: Int
        let table: Int
        let prefix: AddressPrefix
    }

    /// The most prefixes in a table that are looked at for one beat, so that a beat takes about as long while strangers come
    /// from many addresses. A further one is looked at after its next event.
    private static let mostHot = 1_024

    private var tables: [Table]

    init(_ sharing: SharingLimits, _ limits: Limits, started: Duration) {
        let perPrefix: [(SharedCount.Event, Int)] = [
            (.offers, limits.offersPerPrefix), (.visits, limits.visitsPerPrefix), (.misses, limits.missesPerPrefix),
        ]
        tables = perPrefix.map { event, limit in
            Table(
                event: event,
                limit: limit,
                part: max(1, sharing.untoldPart),
                counts: PrefixCounts(
                    period: limits.counterWindow,
                    capacity: sharing.untoldPrefixes,
                    started: started
                )
            )
        }
    }

    var isEmpty: Bool { tables.allSatisfy { $0.counts.isEmpty } }

    mutating func advance(_ now: Duration) {
        for index in tables.indices { tables[index].counts.advance(now) }
    }

    mutating func happened(_ event: SharedCount.Event, _ weight: Int, _ prefix: AddressPrefix, now: Duration) {
        guard let index = tables.firstIndex(where: { $0.event == event }) else { return }
        tables[index].counts.happened(weight, prefix, now: now)
        for (block, _) in prefix.nested
        where tables[index].counts[block] >= tables[index].threshold(block) && tables[index].hot.count < Self.mostHot {
            tables[index].hot.insert(block)
        }
    }

    /// Takes the hottest counts, each of which has reached its threshold.
    mutating func take(atMost most: Int, now: Duration) -> [SharedCount] {
        advance(now)
        var candidates: [Candidate] = []
        for index in tables.indices {
            let table = tables[index]
            tables[index].hot = table.hot.filter { table.counts[$0] >= table.threshold($0) }
            candidates += tables[index].hot.map {
                Candidate(heat: table.heat($0, table.counts[$0]), table: index, prefix: $0)
            }
        }
        // The order is the same in each run, whatever order the sets have.
        candidates.sort { ($1.heat, $0.table, $0.prefix.number) < ($0.heat, $1.table, $1.prefix.number) }
        return candidates.prefix(max(0, most)).map { take($0.prefix, from: $0.table, now: now) }
    }

    private mutating func take(_ prefix: AddressPrefix, from index: Int, now: Duration) -> SharedCount {
        let count = tables[index].counts[prefix]
        let told = UInt16(clamping: count)
        tables[index].counts.remove(prefix)
        tables[index].hot.remove(prefix)
        let rest = count - Int(told)
        if rest > 0 {
            tables[index].counts.add(rest, toAlone: prefix, now: now)
            if rest >= tables[index].threshold(prefix) { tables[index].hot.insert(prefix) }
        }
        return SharedCount(prefix, tables[index].event, count: told)
    }
}
