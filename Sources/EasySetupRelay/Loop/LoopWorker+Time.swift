import EasySetupRelayCore
import NIOCore
import NIOWebSocket

/// Timers: a loop has one alarm for all of its deadlines.
extension LoopWorker {
    /// Handles a jump of the relay's clock. The alarm is set for a time before the jump, so this checks all deadlines
    /// and sets the alarm again.
    func clockMoved() {
        alarm.cancel()
        alarmFired()
    }

    func alarmFired() {
        guard !alarm.hasEnded else { return }
        core.alarmIsUnset()
        let now = loop.now
        while let due = deadlines.popDue(now: now) { perform(due, now) }
        let isMemoryDue = memoryDue.map { $0 <= now } ?? false
        if isMemoryDue { memoryDue = nil }
        let (hasCrowdGone, givesBack) = core.change { state in
            state.deadlinesPassed()
            // A short time ago, half of the relay's connections had ended. The worker shrinks no tables of the relay's
            // state if another loop has done so since, or if most of the devices have connected again.
            let hasCrowdGone = state.hasCrowdGone
            if isMemoryDue, hasCrowdGone { state.shrink() }
            return (hasCrowdGone, isMemoryDue && hasCrowdGone)
        }
        if hasCrowdGone, !givesBack { crowdHasGone() }
        endTurn()
        if let next = deadlines.next { alarm.set(for: next) }
        if let memoryDue { alarm.set(for: memoryDue) }
        if givesBack { Memory.giveBack() }
    }

    private func perform(_ due: LoopDeadlines.Due, _ now: NIODeadline) {
        switch due {
        case .opening(let opening):
            guard let connection = connections[opening.connection],
                connection.isReading(request: opening.request)
            else { return }
            note(.slowOpening)
            connection.hangUp()
        case .closing(let id): connections[id]?.lingerTimedOut()
        case .ping(let id):
            guard let connection = connections[id] else { return }
            checkLiveness(connection)
            alarm.set(for: deadlines.addPing(id, now: now))
        case .idle(let id):
            guard let connection = connections[id], let requests = connection.requests, !requests.isLingering
            else {
                return
            }
            let isIdle = requests.tell { $0.countIdleFourths() } >= core.read { $0.idleFourths }
            if isIdle { connection.hangUp() } else { alarm.set(for: deadlines.addIdle(id, now: now)) }
        }
    }

    private func checkLiveness(_ connection: DeviceConnection) {
        switch connection.tick(silentIntervals: limits.silentIntervals) {
        case .ping: wrote(connection.write(.ping, [], buffers), to: connection)
        case .silent:
            note(.silent)
            connection.hangUp()
        case .none: break
        }
    }

    /// Sets the alarm for the next deadline of the shared state.
    func setAlarmForCore() {
        if let due = core.takeNewDue() { alarm.set(for: due) }
    }

    func crowdHasGone() {
        guard memoryDue == nil else { return }
        let due = loop.now + Self.memoryRest
        memoryDue = due
        alarm.set(for: due)
    }

    /// The time from when half of the connections have ended until the loop gives back their memory. It is longer than
    /// a crowd of connections takes to disconnect.
    private static let memoryRest = TimeAmount.seconds(2)
}
