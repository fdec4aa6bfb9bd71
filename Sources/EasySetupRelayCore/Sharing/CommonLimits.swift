/// The limits that all relays of a fleet should have in common (`Protocol/fleet.md`, "Limits in common"), because a device
/// may come under those of any relay: a room lives by the limits of the relay that takes it over, and some counts are of all
/// relays together.
package struct CommonLimits: Hashable, Sendable {
    package static let names = [
        "codeLifetime", "seatedLifetime", "meetings", "offersPerPrefix", "visitsPerPrefix", "missesPerPrefix",
        "counterWindow",
    ]

    /// The values in the order of ``names``, times in seconds. An earlier version tells fewer, and a later one more.
    package let values: [UInt32]

    package init(values: [UInt32] = []) { self.values = values }

    package init(_ limits: Limits) {
        let seconds = { (time: Duration) in Int(clamping: time.components.seconds) }
        values = [
            seconds(limits.codeLifetime), seconds(limits.seatedLifetime), limits.meetings, limits.offersPerPrefix,
            limits.visitsPerPrefix, limits.missesPerPrefix, seconds(limits.counterWindow),
        ]
        .map { UInt32(clamping: $0) }
    }

    /// The places of the values that differ, of those that both have.
    package func places(differingFrom other: CommonLimits) -> [Int] {
        Self.names.indices.filter { place in
            place < min(values.count, other.values.count) && values[place] != other.values[place]
        }
    }
}

extension Rendezvous {
    package var commonLimits: CommonLimits { CommonLimits(limits) }
}
