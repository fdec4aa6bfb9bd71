import EasySetupRelayCore
import EasySetupRelayProtocol
private import HeapModule
import NIOCore

/// The connections of long polling: who they are, what waits for them, which of their polls wait, which have gone
/// (`Protocol/http.md`, "Connections"). It does no I/O and has no clock. `Poll` is whatever the outside calls a poll that waits.
struct LongPollSessions<Poll: Equatable & Sendable>: Sendable {
    private let limits: ConnectionLimits
    /// Found by 128 bits that a device drew. Swift hashes them under a seed of this process, so nobody can make them collide;
    /// and whether a lookup takes longer tells at most bits of a hash nobody knows: no comparison in constant time is needed.
    private var ids: [LongPollConnectionID: ConnectionID] = [:]
    private var entries: [ConnectionID: Entry] = [:]
    private var alarms = Heap<Alarm>()
    /// Those that are closed, in that order.
    private var closed: DeadlineQueue<ConnectionID>
    private var closedCount = 0
    /// Those with a poll that waits and something to answer it with.
    private var ready: [ConnectionID] = []
    private var answers: [Answered] = []
    /// How many of each prefix are not closed.
    private(set) var devices = PrefixCounts()
    /// What is kept for all of them.
    private var unreadBytes = 0
    /// Closed connections of which no poll has been told so.
    private(set) var untold = 0

    /// What a poll is to be answered. Nil when its connection is not known any more.
    typealias Answered = (poll: Poll, answer: PollAnswer?)

    enum Polled: Equatable {
        case unknown
        case gap
        /// It is among the ``takeAnswers()`` of now or later.
        case waits(ConnectionID)
    }

    private struct Entry {
        let name: LongPollConnectionID
        let prefix: AddressPrefix?
        /// How many calls came in this interval, which began then.
        var calls = 0
        var callsSince: NIODeadline
        var queue = FrameWindow()
        var waiting: Waiting?
        /// When the poll that waits is answered with frames that nobody waits for; nil when there are none.
        var deferredUntil: NIODeadline?
        /// Since when no poll waits.
        var absentSince: NIODeadline
        /// When the earliest alarm for it goes off; those after it are stale.
        var alarm = NIODeadline.distantFuture
        var isReady = false
        var isTold = false
    }

    private struct Waiting {
        let poll: Poll
        let until: NIODeadline
    }

    private struct Alarm: Comparable {
        let due: NIODeadline
        let id: ConnectionID

        static func < (one: Alarm, other: Alarm) -> Bool { one.due < other.due }
        static func == (one: Alarm, other: Alarm) -> Bool { one.due == other.due }
    }

    init(limits: ConnectionLimits) {
        self.limits = limits
        closed = DeadlineQueue(limits.pollAbsence)
    }

    /// How many there are, with the closed ones that are remembered.
    var count: Int { @inline(__always) get { entries.count } }
    /// How many there are that are not closed.
    var openCount: Int { @inline(__always) get { entries.count - closedCount } }
    var isEmpty: Bool { entries.isEmpty }
    /// How many alarms are kept, stale ones among them.
    var alarmCount: Int { alarms.count }

    func id(of connection: LongPollConnectionID) -> ConnectionID? { ids[connection] }

    func isOpen(_ id: ConnectionID) -> Bool { entries[id]?.queue.isClosed == false }

    /// The highest number of the device's frames that came. Nil when the connection is not known.
    func have(of id: ConnectionID) -> UInt32? { entries[id]?.queue.have }

    // MARK: What devices do

    /// A connection begins. It is not known yet, neither by its name nor by its number.
    mutating func open(
        _ connection: LongPollConnectionID,
        as id: ConnectionID,
        from prefix: AddressPrefix? = nil,
        now: NIODeadline
    ) {
        ids[connection] = id
        entries[id] = Entry(name: connection, prefix: prefix, callsSince: now, absentSince: now)
        if let prefix { devices.count(1, prefix) }
        watch(id)
    }

    /// A call has come for a connection. Whether it may make so many.
    mutating func countCall(_ id: ConnectionID, now: NIODeadline) -> Bool {
        guard var entry = entries[id], !entry.queue.isClosed else { return true }
        if now >= entry.callsSince + TimeAmount(limits.pingInterval) { (entry.calls, entry.callsSince) = (0, now) }
        entry.calls += 1
        entries[id] = entry
        return entry.calls <= limits.requestsPerInterval
    }

    /// The frames of a call that are new, in order. Nil when it leaves a gap.
    mutating func take(_ call: SendCall, of id: ConnectionID) -> ArraySlice<[UInt8]>? {
        entries[id]?.queue.take(call.frames, from: call.first)
    }

    /// A device asks for frames. An earlier poll that still waits is answered without any.
    mutating func poll(_ call: PollCall, by poll: Poll, now: NIODeadline) -> Polled {
        guard let id = ids[call.connection], let before = entries[id]?.queue.bytes,
            let standing = entries[id]?.queue.acknowledge(call.received), let entry = entries[id]
        else { return .unknown }
        unreadBytes += entry.queue.bytes - before
        switch standing {
        case .gap: return .gap
        case .late:
            // Its device has long had another answer; the poll that may wait meanwhile is the one that counts.
            answers.append((poll, entry.queue.emptyAnswer()))
            return .waits(id)
        case .current: break
        }
        if let earlier = entry.waiting { answers.append((earlier.poll, entry.queue.emptyAnswer())) }
        entries[id]?.waiting = Waiting(poll: poll, until: now + TimeAmount(min(call.wait, limits.longestPoll)))
        if entry.queue.hasNews || call.wait == .zero {
            markReady(id)
        } else {
            watch(id)
        }
        return .waits(id)
    }

    /// The call that a poll came with has gone without its answer.
    mutating func gone(_ poll: Poll, of id: ConnectionID, now: NIODeadline) {
        guard entries[id]?.waiting?.poll == poll else { return }
        entries[id]?.waiting = nil
        entries[id]?.deferredUntil = nil
        entries[id]?.absentSince = now
        watch(id)
    }

    // MARK: What the relay does

    /// Keeps a frame for a device. A poll that waits is answered with it at once; or, with `latest`, then at the latest, and with what
    /// comes before. False when the device leaves too much unread; then it is to be lost.
    mutating func send(_ frame: [UInt8], to id: ConnectionID, latest: NIODeadline? = nil) -> Bool {
        guard let before = entries[id]?.queue.bytes else { return true }
        entries[id]?.queue.add(frame)
        if let latest {
            deferAnswer(id, until: latest)
        } else {
            markReady(id)
        }
        let bytes = entries[id]?.queue.bytes ?? 0
        unreadBytes += bytes - before
        return bytes <= (unreadBytes > limits.unreadBytesInAll ? WireLimits.callBytes : limits.outboundBytes)
    }

    /// Ends a connection, after what was sent to it. It is remembered for ``ConnectionLimits/pollAbsence``.
    mutating func close(_ id: ConnectionID, now: NIODeadline) {
        guard isOpen(id) else { return }
        entries[id]?.queue.close()
        if let prefix = entries[id]?.prefix { devices.count(-1, prefix) }
        markReady(id)
        untold += 1
        closedCount += 1
        closed.add(id, now: now)
        while closedCount > limits.closedCalls, let oldest = closed.popFirst() {
            forget(oldest)
        }
    }

    /// Ends every connection.
    mutating func closeAll(now: NIODeadline) {
        for id in entries.keys.filter(isOpen) {
            close(id, now: now)
        }
    }

    /// A connection is lost: nothing is known of it from now on.
    mutating func forget(_ id: ConnectionID) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        ids[entry.name] = nil
        unreadBytes -= entry.queue.bytes
        if entry.queue.isClosed {
            closedCount -= 1
            if !entry.isTold { untold -= 1 }
        } else if let prefix = entry.prefix {
            devices.count(-1, prefix)
        }
        if let waiting = entry.waiting { answers.append((waiting.poll, nil)) }
    }

    /// The end: nothing is known of anybody.
    mutating func forgetAll() {
        for id in Array(entries.keys) {
            forget(id)
        }
    }

    /// The polls that can be answered by now.
    mutating func takeAnswers(now: NIODeadline) -> [Answered] {
        guard !ready.isEmpty || !answers.isEmpty else { return [] }
        for id in ready {
            guard var entry = entries[id] else { continue }
            entry.isReady = false
            entry.deferredUntil = nil
            if let waiting = entry.waiting {
                let answer = entry.queue.answer()
                answers.append((waiting.poll, answer))
                entry.waiting = nil
                entry.absentSince = now
                if answer.isClosed, !entry.isTold {
                    entry.isTold = true
                    untold -= 1
                }
            }
            entries[id] = entry
            watch(id)
        }
        ready.removeAll(keepingCapacity: true)
        defer { answers.removeAll(keepingCapacity: true) }
        return answers
    }

    /// Makes tables as small as what is in them needs.
    mutating func shrink() {
        ids = Dictionary(uniqueKeysWithValues: Array(ids))
        entries = Dictionary(uniqueKeysWithValues: Array(entries))
        dropStaleAlarms()
        let entries = entries
        closed.keep { entries[$0] != nil }
        devices.shrink()
        if ready.isEmpty { ready = [] }
        if answers.isEmpty { answers = [] }
    }

    /// Each connection has one alarm that counts, at most.
    private mutating func dropStaleAlarms() {
        let entries = entries
        alarms = Heap(alarms.unordered.filter { entries[$0.id]?.alarm == $0.due })
    }

    // MARK: Time

    /// When ``deadlinesPassed(now:)`` is to be called next; nil for never.
    var nextDeadline: NIODeadline? {
        @inline(__always) get {
            guard let alarm = alarms.min?.due, let closing = closed.next else { return alarms.min?.due ?? closed.next }
            return min(alarm, closing)
        }
    }

    /// Answers polls that have waited long enough, forgets closed connections, and gives those that have been absent for too long:
    /// they are forgotten here already.
    mutating func deadlinesPassed(now: NIODeadline) -> [ConnectionID] {
        var absent: [ConnectionID] = []
        while let first = alarms.min, first.due <= now {
            alarms.removeMin()
            guard let entry = entries[first.id], entry.alarm == first.due else { continue }
            entries[first.id]?.alarm = .distantFuture
            guard !entry.queue.isClosed, due(entry) <= now else {
                watch(first.id)
                continue
            }
            if entry.waiting != nil {
                markReady(first.id)
            } else {
                absent.append(first.id)
                forget(first.id)
            }
        }
        while let id = closed.popDue(now: now) {
            forget(id)
        }
        return absent
    }

    private func due(_ entry: Entry) -> NIODeadline {
        guard let waiting = entry.waiting else { return entry.absentSince + TimeAmount(limits.pollAbsence) }
        return min(waiting.until, entry.deferredUntil ?? waiting.until)
    }

    /// Sets an alarm for a connection, unless an earlier one is set: that one sets itself again.
    private mutating func watch(_ id: ConnectionID) {
        guard let entry = entries[id], !entry.queue.isClosed else { return }
        let due = due(entry)
        guard due < entry.alarm else { return }
        entries[id]?.alarm = due
        alarms.insert(Alarm(due: due, id: id))
        // An earlier one makes a later one stale, which may lie half a minute ahead.
        if alarms.count > 2 * entries.count + 64 { dropStaleAlarms() }
    }

    private mutating func deferAnswer(_ id: ConnectionID, until latest: NIODeadline) {
        // The next poll is answered with all there is.
        guard let entry = entries[id], entry.waiting != nil, !entry.isReady, entry.deferredUntil == nil else { return }
        entries[id]?.deferredUntil = latest
        watch(id)
    }

    private mutating func markReady(_ id: ConnectionID) {
        guard let entry = entries[id], entry.waiting != nil, !entry.isReady else { return }
        entries[id]?.isReady = true
        ready.append(id)
    }
}
