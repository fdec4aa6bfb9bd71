extension Rendezvous {
    /// How full each part of the relay is: 0 is empty, 1 is full. The names are those of the limits.
    package var fill: [(limit: String, ratio: Double)] {
        let far = others.map { [("farDevices", connections.far, $0.limits.farDevices)] } ?? []
        let all = [
            ("rooms", rooms.count, limits.rooms), ("meetingsInAll", totals.meetings, limits.meetingsInAll),
            ("waitingInAll", totals.waiting, limits.waitingInAll),
            ("mailboxBytesInAll", totals.mailboxBytes, limits.mailboxBytesInAll),
            ("roomless", connections.atWork, limits.roomless), ("deadlines", deadlines.count, limits.deadlines),
            ("waitingForOfferer", connections.earlyCount, limits.waitingForOfferer),
        ]
        return (all + far).map { ($0.0, $0.2 == 0 ? 0 : Double($0.1) / Double($0.2)) }
    }
}
