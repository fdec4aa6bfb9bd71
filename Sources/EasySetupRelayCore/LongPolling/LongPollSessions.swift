private import DequeModule
package import EasySetupRelayProtocol
private import HeapModule

/// All long-polling sessions: their ids, the frames queued for each, the waiting polls (requests for frames), and the
/// closed sessions (`Protocol/http.md`, "Connections"). The type does no I/O and has no clock. A poll is identified by
/// the ``ConnectionID`` of the HTTP connection on which it waits.
package struct LongPollSessions: Sendable {
    private let limits: TransportLimits
    /// Sessions by the secret 128-bit id that the device drew. Swift hashes these keys with a random seed of this
    /// process. So nobody can cause collisions, and the time of a lookup reveals at most bits of an unknown hash. Hence
    /// the lookup need not compare ids in constant time.
    private var ids: [LongPollConnectionID: ConnectionID] = [:]
    private var entries: [ConnectionID: Entry] = [:]
    private var alarms = Heap<Alarm>()
    /// The closed sessions that the relay still remembers, the one that was closed first at the front.
    private var closed: Deque<Closed> = []
    /// The number of sessions in `closed` for each address prefix.
    private(set) var remembered = PrefixCounts()
    /// The number of open sessions, and the number of all sessions that the relay remembers, which includes closed
    /// ones.
    package private(set) var callers = Admission.LongPollCounts()
    /// The sessions that have a waiting poll and an answer for it.
    private var ready: [ConnectionID] = []
    private var answers: [AnsweredPoll] = []
    /// The number of open sessions for each address prefix.
    package private(set) var devices = PrefixCounts()
    /// The memory that the frames queued for all sessions take, in bytes.
    private var unreadBytes = 0
    /// The number of closed sessions whose device has not learned of the closing yet. A device learns of it from the
    /// answer to a poll.
    package private(set) var untold = 0
    /// The sessions that were forgotten since ``takeForgotten()``; nil if nobody asks for them.
    private var forgotten: [LongPollConnectionID]?

    /// A poll to answer, and its answer. The answer is nil when the relay no longer knows the session.
    package typealias AnsweredPoll = (poll: ConnectionID, answer: PollAnswer?)

    package enum PollResult: Equatable {
        case unknown
        case gap
        /// The session is known, and its poll waits now. ``takeAnswers(now:)`` returns the answer to the poll later.
        case waits(ConnectionID)
    }

    private struct Entry {
        let name: LongPollConnectionID
        let prefix: AddressPrefix?
        /// How many requests the session's device has made in the current interval of
        /// ``TransportLimits/requestInterval``, and when that interval began.
        var calls = 0
        var callsSince: Duration
        var queue = FrameWindow()
        var waiting: Waiting?
        /// When the session was opened, or its last poll was answered or lost. If `waiting` is nil, no poll has waited
        /// since then.
        var absentSince: Duration
        /// When the session's earliest alarm goes off; nil if it has none. An alarm in the heap with another time is
        /// stale.
        var alarm: Duration?
        var isReady = false
        var isTold = false
    }

    private struct Waiting {
        let poll: ConnectionID
        let until: Duration
    }

    private struct Alarm: Comparable {
        let due: Duration
        let id: ConnectionID

        static func < (one: Alarm, other: Alarm) -> Bool { one.due < other.due }
        static func == (one: Alarm, other: Alarm) -> Bool { one.due == other.due }
    }

    /// An entry for a closed session, which the relay forgets at the time `due`.
    private struct Closed {
        let due: Duration
        let id: ConnectionID
        let prefix: AddressPrefix?
    }

    /// - Parameter notesForgotten: whether the caller takes the ids of forgotten sessions.
    package init(limits: TransportLimits, notesForgotten: Bool = false) {
        self.limits = limits
        if notesForgotten { forgotten = [] }
    }

    package var isEmpty: Bool { entries.isEmpty }
    /// How long a poll may wait at most.
    package var longestPoll: Duration { limits.longestPoll }
    /// The number of alarms in the heap, including stale ones. Tests read it.
    var alarmCount: Int { alarms.count }

    package func id(of connection: LongPollConnectionID) -> ConnectionID? { ids[connection] }

    package func isOpen(_ id: ConnectionID) -> Bool { entries[id]?.queue.isClosed == false }

    /// The highest number up to which all frames of this session's device have arrived. Nil for an unknown session.
    package func have(of id: ConnectionID) -> UInt32? { entries[id]?.queue.have }

    // MARK: What devices do

    /// Opens a session. The caller guarantees that no session has the id `connection`, which the device drew, or the
    /// number `id`.
    package mutating func open(
        _ connection: LongPollConnectionID,
        as id: ConnectionID,
        from prefix: AddressPrefix? = nil,
        now: Duration
    ) {
        ids[connection] = id
        entries[id] = Entry(name: connection, prefix: prefix, callsSince: now, absentSince: now)
        callers.open += 1
        callers.remembered += 1
        if let prefix { devices.count(1, prefix) }
        watch(id)
    }

    /// Counts a request of an open session. False when the device has made more requests in this interval than the
    /// limit allows.
    package mutating func countCall(_ id: ConnectionID, now: Duration) -> Bool {
        guard var entry = entries[id], !entry.queue.isClosed else { return true }
        if now >= entry.callsSince + limits.requestInterval { (entry.calls, entry.callsSince) = (0, now) }
        entry.calls += 1
        entries[id] = entry
        return entry.calls <= limits.requestsPerInterval
    }

    /// Takes the frames of a `send` request, and returns those that are new, in order. Nil when a frame before them is
    /// missing, or the session is unknown.
    package mutating func take(_ call: SendCall, of id: ConnectionID) -> ArraySlice<[UInt8]>? {
        entries[id]?.queue.take(call.frames, from: call.first)
    }

    /// Takes a poll, with which a device asks for frames, on the HTTP connection `poll`. If an earlier poll of the
    /// session still waits, the relay answers that one without frames.
    package mutating func poll(_ call: PollCall, by poll: ConnectionID, now: Duration) -> PollResult {
        guard let id = ids[call.connection], let before = entries[id]?.queue.bytes,
            let standing = entries[id]?.queue.acknowledge(call.received), let entry = entries[id]
        else { return .unknown }
        unreadBytes += entry.queue.bytes - before
        switch standing {
        case .gap: return .gap
        case .late:
            // This poll arrived late: the device has sent a newer poll with a higher `received`, and so has had another
            // answer. The relay answers this poll without frames. If the newer poll still waits, it goes on waiting.
            answers.append((poll, entry.queue.emptyAnswer()))
            return .waits(id)
        case .current: break
        }
        if let earlier = entry.waiting { answers.append((earlier.poll, entry.queue.emptyAnswer())) }
        entries[id]?.waiting = Waiting(poll: poll, until: now + min(call.wait, limits.longestPoll))
        if entry.queue.hasNews || call.wait == .zero {
            markReady(id)
        } else {
            watch(id)
        }
        return .waits(id)
    }

    /// The caller reports that the HTTP connection of a poll has closed, so the poll waits no more.
    package mutating func gone(_ poll: ConnectionID, of id: ConnectionID, now: Duration) {
        guard entries[id]?.waiting?.poll == poll else { return }
        entries[id]?.waiting = nil
        entries[id]?.absentSince = now
        watch(id)
    }

    // MARK: What the relay does

    /// Queues a frame for a device; a waiting poll is then answered with the frame. False when the device has too many
    /// unread bytes; the caller must then end the session.
    package mutating func send(_ frame: [UInt8], to id: ConnectionID) -> Bool {
        guard let before = entries[id]?.queue.bytes else { return true }
        entries[id]?.queue.add(frame)
        markReady(id)
        let bytes = entries[id]?.queue.bytes ?? 0
        unreadBytes += bytes - before
        return bytes <= (unreadBytes > limits.unreadBytesInAll ? WireLimits.callBytes : limits.outboundBytes)
    }

    /// Closes a session. The device still gets the queued frames, because the relay remembers the session for
    /// ``TransportLimits/pollAbsence``.
    package mutating func close(_ id: ConnectionID, now: Duration) {
        guard isOpen(id) else { return }
        entries[id]?.queue.close()
        let prefix = entries[id]?.prefix
        if let prefix {
            devices.count(-1, prefix)
            makePlace(for: prefix)
            remembered.count(1, prefix)
        }
        markReady(id)
        untold += 1
        callers.open -= 1
        closed.append(Closed(due: now + limits.pollAbsence, id: id, prefix: prefix))
        while closed.count > limits.closedCalls { forget(closed[0].id) }
    }

    /// If a prefix, or a block around it, has its share of the closed sessions already, forgets the oldest of them. So
    /// an address that closes many sessions can't make the relay forget those of others.
    private mutating func makePlace(for prefix: AddressPrefix) {
        let ceiling = PrefixCeiling(all: limits.closedCalls, used: closed.count, part: limits.partOfFree)
        guard let block = remembered.exhausted(prefix, ceiling) else { return }
        // The search for the block's oldest closed session is short, because the block has a large part of all closed
        // sessions.
        guard let oldest = closed.first(where: { $0.prefix.map(block.contains) ?? false }) else { return }
        forget(oldest.id)
    }

    /// Closes every open session.
    package mutating func closeAll(now: Duration) {
        for id in entries.keys.filter(isOpen) {
            close(id, now: now)
        }
    }

    /// Removes a session. A poll that waits in it is answered as for an unknown session.
    package mutating func forget(_ id: ConnectionID) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        ids[entry.name] = nil
        forgotten?.append(entry.name)
        unreadBytes -= entry.queue.bytes
        callers.remembered -= 1
        if entry.queue.isClosed {
            if !entry.isTold { untold -= 1 }
            if let prefix = entry.prefix { remembered.count(-1, prefix) }
            dropClosed(id)
        } else {
            callers.open -= 1
            if let prefix = entry.prefix { devices.count(-1, prefix) }
        }
        if let waiting = entry.waiting { answers.append((waiting.poll, nil)) }
    }

    /// Removes a session from the list of closed ones. The function looks first at both ends of the list, where the
    /// session nearly always is.
    private mutating func dropClosed(_ id: ConnectionID) {
        if closed.first?.id == id {
            closed.removeFirst()
        } else if closed.last?.id == id {
            closed.removeLast()
        } else if let place = closed.firstIndex(where: { $0.id == id }) {
            closed.remove(at: place)
        }
    }

    /// The sessions that were forgotten since the last call, each of them once.
    package mutating func takeForgotten() -> [LongPollConnectionID] {
        guard let names = forgotten, !names.isEmpty else { return [] }
        forgotten = []
        return names
    }

    /// Removes every session, open or closed, because the relay ends.
    package mutating func forgetAll() {
        while let first = closed.first { forget(first.id) }
        for id in Array(entries.keys) {
            forget(id)
        }
        if forgotten != nil { forgotten = [] }
    }

    /// Whether ``takeAnswers(now:)`` would return any. The getter is mutating for the same reason as
    /// ``Rendezvous/nextDeadline``.
    package var hasAnswers: Bool {
        mutating get { !ready.isEmpty || !answers.isEmpty }
    }

    /// Returns the answers that the caller must send to polls now, each answer only once.
    package mutating func takeAnswers(now: Duration) -> [AnsweredPoll] {
        for id in ready {
            guard var entry = entries[id] else { continue }
            entry.isReady = false
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

    /// Moves the sessions and all other content of this type to dictionaries and lists that are just large enough.
    package mutating func shrink() {
        ids = Dictionary(uniqueKeysWithValues: Array(ids))
        entries = Dictionary(uniqueKeysWithValues: Array(entries))
        dropStaleAlarms()
        closed = Deque(Array(closed))
        devices.shrink()
        remembered.shrink()
        if ready.isEmpty { ready = [] }
        if answers.isEmpty { answers = [] }
    }

    /// Removes the stale alarms from the heap. Each session has at most one alarm that is not stale.
    private mutating func dropStaleAlarms() {
        let entries = entries
        alarms = Heap(alarms.unordered.filter { entries[$0.id]?.alarm == $0.due })
    }

    // MARK: Time

    /// When the caller must next call ``deadlinesPassed(now:)``; nil if no deadline is set. The getter is mutating
    /// although it changes nothing: otherwise the compiler would copy the whole value when another module reads this
    /// property.
    package var nextDeadline: Duration? {
        mutating get {
            guard let alarm = alarms.min?.due, let closing = closed.first?.due else {
                return alarms.min?.due ?? closed.first?.due
            }
            return min(alarm, closing)
        }
    }

    /// Ends the wait of polls that have waited for long enough, and forgets closed sessions whose time is over. Returns
    /// the sessions that it removed because no poll had waited in them for too long.
    package mutating func deadlinesPassed(now: Duration) -> [ConnectionID] {
        var absent: [ConnectionID] = []
        while let first = alarms.min, first.due <= now {
            alarms.removeMin()
            guard let entry = entries[first.id], entry.alarm == first.due else { continue }
            entries[first.id]?.alarm = nil
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
        while let first = closed.first, first.due <= now { forget(first.id) }
        return absent
    }

    private func due(_ entry: Entry) -> Duration {
        entry.waiting?.until ?? entry.absentSince + limits.pollAbsence
    }

    /// Sets an alarm for a session, unless the session has an earlier alarm. When that earlier alarm goes off, this
    /// function is called again.
    private mutating func watch(_ id: ConnectionID) {
        guard let entry = entries[id], !entry.queue.isClosed else { return }
        let due = due(entry)
        if let alarm = entry.alarm, alarm <= due { return }
        entries[id]?.alarm = due
        alarms.insert(Alarm(due: due, id: id))
        // A new alarm makes the session's later alarm stale. A stale alarm may stay in the heap for half a minute,
        // until its own time.
        if alarms.count > 2 * entries.count + 64 { dropStaleAlarms() }
    }

    private mutating func markReady(_ id: ConnectionID) {
        guard let entry = entries[id], entry.waiting != nil, !entry.isReady else { return }
        entries[id]?.isReady = true
        ready.append(id)
    }
}
