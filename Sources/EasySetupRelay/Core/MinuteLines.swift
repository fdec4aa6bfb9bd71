import EasySetupFleet
import EasySetupRelayCore
import Logging

/// The line of counts that the relay logs once a minute while something happens. The minute begins with the first event
/// after the last line, so an idle relay logs nothing.
struct MinuteLines: Sendable {
    /// When the next line is due, on the relay's monotonic clock; nil while nothing has happened since the last one.
    private(set) var due: Duration?
    private var last = Counts()
    private var lastFailures = 0
    private var lastOfFleet = FleetCounts()

    /// Notes that a connection or a frame has come.
    mutating func happened(_ now: Duration) {
        if due == nil { due = now + .seconds(60) }
    }

    /// Whether the caller must log a line now. The next line is due a minute after the next event.
    mutating func isDue(_ now: Duration) -> Bool {
        guard let due, due <= now else { return false }
        self.due = nil
        return true
    }

    /// The counts since the last line, and the present state.
    mutating func line(_ status: HubStatus) -> Logger.Metadata {
        let (counts, before) = (status.counts, last)
        let failures = status.outcomes.reduce(0) { $0 + $1.count }
        let numbers: [(String, Int)] = [
            ("codes", counts.codes - before.codes), ("seats", counts.seats - before.seats),
            ("done", counts.pairings[.done] - before.pairings[.done]), ("visits", counts.visits - before.visits),
            ("misses", counts.misses - before.misses), ("wrong-proofs", counts.wrongProofs - before.wrongProofs),
            ("messages", counts.messages - before.messages), ("refusals", counts.refusals.sum - before.refusals.sum),
            ("work-asked", counts.workAsked.sum - before.workAsked.sum),
            ("limit-hits", counts.limits.sum - before.limits.sum), ("failures", failures - lastFailures),
            ("connections-now", status.sockets), ("codes-now", status.statistics.rooms - status.statistics.seated),
            ("pairings-now", status.statistics.seated),
        ]
        last = counts
        lastFailures = failures
        return Dictionary(
            uniqueKeysWithValues: (numbers + ofFleet(status.fleet)).map { ($0.0, .stringConvertible($0.1)) }
        )
    }

    /// The same of the relay's part in a fleet; nothing for a relay alone.
    private mutating func ofFleet(_ status: FleetStatus?) -> [(String, Int)] {
        guard let status else { return [] }
        let (counts, before) = (status.counts, lastOfFleet)
        lastOfFleet = counts
        return [
            ("published", counts.published - before.published), ("unheard", counts.unheard - before.unheard),
            ("unreadable", counts.unreadable - before.unreadable), ("takeovers", counts.takeovers - before.takeovers),
            ("cuts", counts.cuts - before.cuts), ("joined-now", status.isJoined ? 1 : 0), ("relays-now", status.others),
            ("far-devices-now", status.farDevices), ("devices-elsewhere-now", status.devicesElsewhere),
        ]
    }
}
