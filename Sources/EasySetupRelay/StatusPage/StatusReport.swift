import EasySetupRelayCore
import EasySetupRelayProtocol

/// The content of the status page: how the relay does at present, what was counted in the last hour, and what to do
/// where it does not do well. Nothing in it comes from a peer but numbers.
struct StatusReport: Sendable {
    let status: RelayStatus
    let history: StatusHistory
    /// The present as a sample, which is not kept.
    let present: StatusSample
    let state: StatusState
    let notices: [StatusNotice]

    init(_ status: RelayStatus, _ history: StatusHistory, now: Duration) {
        self.status = status
        self.history = history
        present = StatusSample(status, at: now)
        let checks = StatusChecks(status, history, present)
        notices = checks.notices
        state = checks.state
    }
}

extension StatusSample {
    /// Devices that heard that the relay is full, or that their address has too many.
    var turnedAway: Int { counts.refusals[.relayFull] + counts.refusals[.tooMany] }
}
