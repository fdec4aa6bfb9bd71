package import EasySetupFleetStore

/// The standing of a relay among the others: whether it is joined to what they share, and what it may believe of the
/// directory (`Protocol/fleet.md`, "Joined and cut off").
package struct Standing: Sendable {
    private let times: FleetTimes
    /// Whether the directory answers, and the bus is heard.
    package private(set) var isJoined = false
    /// When the relay has joined or was cut off for the last time; nil if neither has happened.
    package private(set) var changed: Duration?
    /// Since when the directory can be believed to have forgotten nothing.
    private var believedSince = Duration.zero

    package init(times: FleetTimes = FleetTimes()) { self.times = times }

    /// Handles what the store has told.
    package mutating func told(_ event: StoreEvent, now: Duration) {
        switch event {
        case .connecting, .message, .line: break
        case .joined:
            if !isJoined { changed = now }
            (isJoined, believedSince) = (true, now)
        case .lostData: believedSince = now
        case .cutOff:
            if isJoined { changed = now }
            isJoined = false
        }
    }

    /// Whether a room that the directory does not know is not there.
    package func isMissProof(now: Duration) -> Bool { isJoined && now >= believedSince + times.missDoubt }
}
