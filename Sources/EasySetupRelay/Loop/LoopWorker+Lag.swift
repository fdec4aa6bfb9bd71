import NIOCore

/// Measuring how late the loop is with what it has to do.
extension LoopWorker {
    /// Wakes the loop once a second from now on, and counts how late each time.
    func watchLag() {
        measureLag(at: loop.now + Self.lagInterval)
    }

    private func measureLag(at due: NIODeadline) {
        // Scheduling fails only while the event loop shuts down.
        _ = loop.assumeIsolated().scheduleTask(deadline: due) { [weak self] in
            guard let self, !alarm.hasEnded else { return }
            let now = loop.now
            counts.wasLate(by: .nanoseconds((now - due).nanoseconds))
            measureLag(at: now + Self.lagInterval)
        }
    }

    private static let lagInterval = TimeAmount.seconds(1)
}
