import NIOCore
import NIOWebSocket
import Rendezvous

/// Time: one alarm for everything.
extension Switchboard {
    /// The clock of the rendezvous has jumped, and the alarm was set for the time before.
    func lookAtTheClock() {
        alarm.cancel()
        timeHasCome()
    }

    func timeHasCome() {
        guard !alarm.hasEnded else { return }
        core.alarmIsUnset()
        let now = loop.now
        while let due = deadlines.popDue(now: now) { perform(due, now) }
        let isMemoryDue = memoryDue.map { $0 <= now } ?? false
        if isMemoryDue { memoryDue = nil }
        let (hasCrowdGone, givesBack) = core.change { state, context in
            state.deadlinesPassed(context)
            // Unless another loop has seen to it, or the crowd is back.
            let hasCrowdGone = state.hasCrowdGone
            if isMemoryDue, hasCrowdGone { state.shrink() }
            return (hasCrowdGone, isMemoryDue && hasCrowdGone)
        }
        if hasCrowdGone, !givesBack { crowdHasGone() }
        settle()
        if let next = deadlines.next { alarm.set(for: next) }
        if let memoryDue { alarm.set(for: memoryDue) }
        if givesBack { Memory.giveBack() }
    }

    private func perform(_ due: LoopDeadlines.Due, _ now: NIODeadline) {
        switch due {
        case .opening(let opening):
            guard let line = lines[opening.connection], line.isReading(request: opening.request) else { return }
            note(.slowOpening)
            line.hangUp()
        case .closing(let id): lines[id]?.lingeredEnough()
        case .deferredFrames(let id): if let line = lines[id] { wrote(line.deferredEnough(), to: line) }
        case .ping(let id):
            guard let line = lines[id] else { return }
            checkForLife(line)
            deadlines.addPing(id, now: now)
        case .idle(let id):
            guard let line = lines[id], let requests = line.requests, !requests.isLingering else { return }
            let isIdle = requests.tell { $0.idleFourths() } >= core.look { $0.idleFourths }
            if isIdle { line.hangUp() } else { deadlines.addIdle(id, now: now) }
        }
    }

    private func checkForLife(_ line: Line) {
        switch line.tick(silentIntervals: limits.silentIntervals) {
        case .ping: wrote(line.write(.ping, [], &buffers), to: line)
        case .silent:
            note(.silent)
            line.hangUp()
        case .none: break
        }
    }

    func setAlarm() {
        if let added = deadlines.takeEarliestAdded() { alarm.set(for: added) }
        if let due = core.takeNewDue() { alarm.set(for: due) }
    }

    func crowdHasGone() {
        guard memoryDue == nil else { return }
        let due = loop.now + Self.memoryRest
        memoryDue = due
        alarm.set(for: due)
    }

    /// Longer than a crowd takes to go.
    private static let memoryRest = TimeAmount.seconds(2)
}
