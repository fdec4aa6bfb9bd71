import EasySetupFleet
import EasySetupRelayCore

extension RelayHub.State {
    /// A copy of what the relay has counted and holds.
    var status: HubStatus {
        let statistics = rendezvous.statistics
        let ratio = { (used: Int, limit: Int) in limit == 0 ? 0 : Double(used) / Double(limit) }
        return HubStatus(
            counts: turn.counts,
            statistics: statistics,
            outcomes: ConnectionOutcome.allCases.map { ($0.rawValue, outcomes[$0] ?? 0) },
            sockets: admission.socketCount,
            accepted: inboxes.loops.map { accepted[$0] ?? 0 },
            webSocketDevices: max(0, statistics.connections - calls.callers.open),
            longPollingDevices: calls.callers.open,
            unreadBytes: admission.unread,
            bodyBytes: admission.bodyBytes,
            fill: [
                ("connections", ratio(admission.socketCount + calls.callers.open, limits.connections)),
                ("unreadBytesInAll", ratio(admission.unread, limits.unreadBytesInAll)),
                ("bodyBytesInAll", ratio(admission.bodyBytes, limits.bodyBytesInAll)),
            ] + rendezvous.fill,
            fleet: fleet?.status(now: turn.now.monotonic)
        )
    }
}
