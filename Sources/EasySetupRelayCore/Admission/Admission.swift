import EasySetupRelayProtocol

/// The rules by which the relay admits connections. This type counts connections by address prefix, chooses idle
/// connections to close when others need their places, and counts the bytes that the relay keeps for connections
/// (`Protocol/limits.md`, "The relay's transport"). It does no I/O and has no clock.
///
/// Long-polling sessions count towards the limit of connections too. The caller passes how many there are as `callers`.
package struct Admission: Sendable {
    /// Two numbers of long-polling sessions: the open sessions, and all that the relay remembers, which are the open
    /// ones and some closed ones.
    package struct LongPollCounts: Sendable {
        package var open: Int
        package var remembered: Int

        package init(open: Int = 0, remembered: Int = 0) {
            self.open = open
            self.remembered = remembered
        }
    }

    private let limits: TransportLimits
    /// The number of connections.
    package private(set) var socketCount = 0
    /// Counts by address prefix: `opening` counts the connections that serve no device, and `sockets` all connections.
    package private(set) var opening = PrefixCounts()
    package private(set) var sockets = PrefixCounts()
    private(set) var idleSockets = IdleSockets()
    /// The unread bytes of all devices on WebSockets, as of the last call of `account` for each. Bytes that a device
    /// has read since that call still count.
    package private(set) var unread = 0
    /// The bytes of all request bodies that the relay keeps.
    package private(set) var bodyBytes = 0
    /// The largest number of connections and sessions since the relay last shrank its tables.
    private var peak = 0
    private var wasFull = false

    /// The number of idle connections, which the relay may close when it needs their places.
    package var idleSocketCount: Int { idleSockets.count }

    package init(limits: TransportLimits) {
        self.limits = limits
    }

    // MARK: Places

    /// Whether all places for connections are taken, so that the relay accepts no connection.
    package func isFull(_ callers: LongPollCounts) -> Bool { taken(callers) >= limits.connections }

    /// The caller calls this after each change of the number of connections or sessions. True if all places were taken
    /// at the last call and one is free now.
    package mutating func noteFullness(_ callers: LongPollCounts) -> Bool {
        let isFull = isFull(callers)
        defer { wasFull = isFull }
        return wasFull && !isFull
    }

    /// Whether all places that are still free are reserved for returning devices. The relay then tells other devices
    /// that it is full.
    package func isCrowded(_ callers: LongPollCounts) -> Bool { kept > 0 && taken(callers) > limits.connections - kept }

    /// How long an HTTP connection may be idle, in quarters of the time for an empty relay: 4 while less than half of
    /// the places are taken, 2 from half on, 1 from three quarters on.
    package func idleFourths(_ callers: LongPollCounts) -> Int {
        let taken = taken(callers)
        return taken < limits.connections / 2 ? 4 : taken < limits.connections / 4 * 3 ? 2 : 1
    }

    private func taken(_ callers: LongPollCounts) -> Int { socketCount + callers.open }
    private var kept: Int { min(limits.keptConnections, limits.connections / 8) }

    private func ceiling(_ callers: LongPollCounts, perPrefix: Int = .max) -> PrefixCeiling {
        PrefixCeiling(all: limits.connections, used: taken(callers), part: limits.partOfFree, perPrefix: perPrefix)
    }

    /// Whether this prefix may have another connection that serves no device yet. The prefix is nil for a connection
    /// from a trusted proxy, which is always allowed.
    package func hasPlace(for prefix: AddressPrefix?, _ callers: LongPollCounts) -> Bool {
        guard let prefix else { return true }
        return opening.allows(prefix, ceiling(callers, perPrefix: limits.openingPerPrefix))
    }

    /// Why the relay refuses a new device on a connection from this prefix; nil when the relay has a place for the
    /// device.
    package func refusal(ofNew prefix: AddressPrefix?, _ callers: LongPollCounts) -> AdmissionRefusal? {
        if isCrowded(callers) { return AdmissionRefusal(reason: .relayFull, retryAfter: limits.retryAfter) }
        guard let prefix, !sockets.allows(prefix, ceiling(callers), counted: 1) else { return nil }
        return AdmissionRefusal(reason: .tooMany, retryAfter: limits.retryAfter)
    }

    /// Why the relay refuses a device that opens a long-polling session; nil when the relay has a place for the
    /// session. `isNew` is false for a device that returns with a token. `counts` are the sessions by prefix.
    package func refusal(ofCaller prefix: AddressPrefix, isNew: Bool, _ counts: PrefixCounts, _ callers: LongPollCounts)
        -> AdmissionRefusal?
    {
        let all = isNew ? limits.connections - kept : limits.connections
        guard taken(callers) < all else { return AdmissionRefusal(reason: .relayFull, retryAfter: limits.retryAfter) }
        guard isNew, !counts.allows(prefix, ceiling(callers)) else { return nil }
        return AdmissionRefusal(reason: .tooMany, retryAfter: limits.retryAfter)
    }

    // MARK: Connections come and go

    /// Counts a connection that the relay has accepted. The connection serves no device yet.
    package mutating func accepted(_ prefix: AddressPrefix?, _ callers: LongPollCounts) {
        socketCount += 1
        notePeak(callers)
        count(prefix)
    }

    /// Adds a connection that serves no device yet to the counts of its prefix.
    package mutating func count(_ prefix: AddressPrefix?) {
        guard let prefix else { return }
        sockets.count(1, prefix)
        opening.count(1, prefix)
    }

    /// Removes an ended connection from the counts. `wasIdle` says whether the connection served no device when it
    /// ended.
    package mutating func connectionEnded(_ id: ConnectionID, _ prefix: AddressPrefix?, wasIdle: Bool) {
        socketCount -= 1
        idleSockets.remove(id)
        guard let prefix else { return }
        sockets.count(-1, prefix)
        if wasIdle { opening.count(-1, prefix) }
    }

    /// The caller reports that a connection now serves no device (`isIdle` is true), or that it now serves one.
    package mutating func setIdle(_ isIdle: Bool, _ id: ConnectionID, _ prefix: AddressPrefix?) {
        if let prefix { opening.count(isIdle ? 1 : -1, prefix) }
        if isIdle { addIdleSocket(id, prefix) } else { idleSockets.remove(id) }
    }

    /// The caller reports that the first frame of a connection has arrived. If the relay refuses the device
    /// (`isTurnedAway`), the connection stays in the list of idle connections until it ends.
    package mutating func firstFrameReceived(_ id: ConnectionID, _ prefix: AddressPrefix?, isTurnedAway: Bool) {
        if let prefix { opening.count(-1, prefix) }
        if !isTurnedAway { idleSockets.remove(id) }
    }

    // MARK: Giving way

    /// Marks a connection as idle: the relay may close it when the place is needed for another connection.
    package mutating func addIdleSocket(_ id: ConnectionID, _ prefix: AddressPrefix?) {
        idleSockets.insert(id, of: prefix)
    }

    /// Chooses idle connections to close after the relay accepted the connection `id` at a place reserved for returning
    /// devices. It chooses one; two if more than one reserved place is taken; or fewer if there are not enough idle
    /// connections.
    package mutating func makeRoom(
        for id: ConnectionID,
        _ prefix: AddressPrefix?,
        _ callers: LongPollCounts,
        using generator: inout some RandomNumberGenerator
    ) -> [ConnectionID] {
        let sockets = sockets
        var leaving: [ConnectionID] = []
        for _ in 0..<min(2, taken(callers) - (limits.connections - kept)) {
            guard let id = idleSockets.takeFullest(using: &generator, standing: { sockets.standing($0) }) else { break }
            leaving.append(id)
        }
        idleSockets.insert(id, of: prefix)
        return leaving
    }

    /// Chooses which connection the relay closes to make room for another: the one whose address prefix has the most
    /// connections. Nil when `candidates` is empty. A trusted proxy's connection has no prefix, and is chosen last.
    package func fullest(_ candidates: [(id: ConnectionID, prefix: AddressPrefix?)]) -> ConnectionID? {
        candidates.max { ($0.prefix.map(sockets.standing) ?? 0) < ($1.prefix.map(sockets.standing) ?? 0) }?.id
    }

    // MARK: What connections make the relay keep

    /// Records that a device on a WebSocket has `bytes` unread bytes, which are `difference` more than before. False
    /// when the device has more unread bytes than it may have.
    package mutating func account(unread bytes: Int, difference: Int) -> Bool {
        unread += difference
        return bytes <= (unread > limits.unreadBytesInAll ? WireLimits.callBytes : limits.outboundBytes)
    }

    /// Records that the request bodies that arrive on a connection take `total` bytes, `difference` more than before.
    /// False when the relay has no memory for them. A `total` of at most one frame's size is always allowed.
    package mutating func account(bodies difference: Int, total: Int) -> Bool {
        bodyBytes += difference
        return bodyBytes <= limits.bodyBytesInAll || total <= WireLimits.frameBytes || difference <= 0
    }

    /// Subtracts the bytes that the relay kept for a connection that has ended.
    package mutating func forget(unread unreadBytes: Int, bodyBytes bytes: Int) {
        unread -= unreadBytes
        bodyBytes -= bytes
    }

    // MARK: Crowds

    /// The number of connections and sessions that take memory, including the closed sessions that the relay remembers.
    private func population(_ callers: LongPollCounts) -> Int { socketCount + callers.remembered }

    package mutating func notePeak(_ callers: LongPollCounts) {
        peak = max(peak, population(callers))
    }

    /// Whether at least half of the connections and sessions of the last peak have ended, so that shrinking the tables
    /// frees much memory.
    package func hasCrowdGone(_ callers: LongPollCounts) -> Bool {
        let population = population(callers)
        return peak - population >= Self.crowd && population <= peak / 2
    }

    /// Shrinks the tables of connections and of their address prefixes to the size that their content needs.
    package mutating func shrink(_ callers: LongPollCounts) {
        peak = population(callers)
        opening.shrink()
        sockets.shrink()
        idleSockets.shrink()
    }

    /// The least drop in connections after which the relay shrinks its tables. The memory for fewer connections is less
    /// than about a megabyte, which is not worth the work.
    private static let crowd = 256
}
