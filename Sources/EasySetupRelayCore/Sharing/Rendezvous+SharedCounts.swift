/// Counts of prefixes that relays share.
extension Rendezvous {
    /// Notes that a device of this prefix has made an offer or a visit, or that a visit has found nothing.
    mutating func count(_ event: SharedCount.Event, _ prefix: AddressPrefix, weight: Int = 1, now: Duration) {
        switch event {
        case .offers: offered.happened(weight, prefix, now: now)
        case .visits: visited.happened(weight, prefix, now: now)
        case .misses: missed.happened(weight, prefix, now: now)
        }
        others?.untold.happened(event, weight, prefix, now: now)
    }

    /// The counts for this relay's next beat: the hottest of those of which an eighth of the limit, or more, is untold.
    /// They count as told. A relay alone has none.
    package mutating func takeCounts(atMost most: Int, now: Duration) -> [SharedCount] {
        others?.untold.take(atMost: most, now: now) ?? []
    }

    /// Adds what another relay's beat tells to the counts of this relay. They are forgotten as its own are. This relay does
    /// not tell them on.
    package mutating func heard(_ counts: [SharedCount], now: Duration) {
        guard others != nil else { return }
        for count in counts {
            let weight = Int(count.count)
            switch count.event {
            case .offers: offered.add(weight, toAlone: count.prefix, now: now)
            case .visits: visited.add(weight, toAlone: count.prefix, now: now)
            case .misses: missed.add(weight, toAlone: count.prefix, now: now)
            }
        }
    }
}
