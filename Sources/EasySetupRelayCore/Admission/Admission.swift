import EasySetupRelayProtocol

/// The rules by which the relay admits connections. This type counts connections by address prefix, chooses the idle
/// ones that are closed for others, and counts the bytes that connections make the relay keep (`Protocol/limits.md`,
/// "The relay's transport"). It does no I/O and has no clock.
///
/// Long-polling sessions take places as well. The caller passes their number as `callers`.
package struct Admission: Sendable {
    /// The number of long-polling sessions: the open ones, and all that the relay remembers, closed ones included.
    package struct Callers: Sendable {
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
    /// Connections that serve no device, counted by prefix, and all connections, counted by prefix.
    package private(set) var opening = PrefixCounts()
    package private(set) var sockets = PrefixCounts()
    private(set) var idleSockets = IdleSockets()
    /// The unread bytes of all devices on WebSockets, as last checked. Bytes that a device has read since then still
    /// count.
    package private(set) var unread = 0
    /// The bytes of all request bodies that the relay keeps.
    package private(set) var bodyBytes = 0
    /// The largest number of connections and sessions since the relay last gave back memory.
    private var peak = 0
    private var wasFull = false

    /// The number of idle connections, which the relay may close when it needs their places.
    package var idleSocketCount: Int { idleSockets.count }

    package init(limits: TransportLimits) {
        self.limits = limits
    }

    // MARK: Places

    /// Whether all places are taken, so that the relay accepts no connection.
    package func isFull(_ callers: Callers) -> Bool { taken(callers) >= limits.connections }

    /// Notes after a change whether all places are taken. True when there are places again.
    package mutating func noteFullness(_ callers: Callers) -> Bool {
        let isFull = isFull(callers)
        defer { wasFull = isFull }
        return wasFull && !isFull
    }

    /// Whether the free places are reserved for returning devices. The relay then tells other devices that it is full.
    package func isCrowded(_ callers: Callers) -> Bool { kept > 0 && taken(callers) > limits.connections - kept }

    /// How long an HTTP connection may be idle, in quarters of the time that an empty relay allows.
    package func idleFourths(_ callers: Callers) -> Int {
        let taken = taken(callers)
        return taken < limits.connections / 2 ? 4 : taken < limits.connections / 4 * 3 ? 2 : 1
    }

    private func taken(_ callers: Callers) -> Int { socketCount + callers.open }
    private var kept: Int { min(limits.keptConnections, limits.connections / 8) }

    private func ceiling(_ callers: Callers, perPrefix: Int = .max) -> PrefixCeiling {
        PrefixCeiling(all: limits.connections, used: taken(callers), part: limits.partOfFree, perPrefix: perPrefix)
    }

    /// Whether this prefix may have another connection that serves no device. A proxy's connection has no prefix.
    package func hasPlace(for prefix: AddressPrefix?, _ callers: Callers) -> Bool {
        guard let prefix else { return true }
        return opening.allows(prefix, ceiling(callers, perPrefix: limits.openingPerPrefix))
    }

    /// Why the relay refuses a new device on this connection; nil when it has a place for it.
    package func refusal(ofNew prefix: AddressPrefix?, _ callers: Callers) -> AdmissionRefusal? {
        if isCrowded(callers) { return AdmissionRefusal(reason: .relayFull, retryAfter: limits.retryAfter) }
        guard let prefix, !sockets.allows(prefix, ceiling(callers), counted: 1) else { return nil }
        return AdmissionRefusal(reason: .tooMany, retryAfter: limits.retryAfter)
    }

    /// Why the relay refuses a device that opens a long-polling session; nil when it has a place for it. `isNew` is
    /// false for a device with a token. `counts` are the sessions by prefix.
    package func refusal(ofCaller prefix: AddressPrefix, isNew: Bool, _ counts: PrefixCounts, _ callers: Callers)
        -> AdmissionRefusal?
    {
        let all = isNew ? limits.connections - kept : limits.connections
        guard taken(callers) < all else { return AdmissionRefusal(reason: .relayFull, retryAfter: limits.retryAfter) }
        guard isNew, !counts.allows(prefix, ceiling(callers)) else { return nil }
        return AdmissionRefusal(reason: .tooMany, retryAfter: limits.retryAfter)
    }

    // MARK: Connections come and go

    /// The relay has accepted a connection, which serves no device yet.
    package mutating func accepted(_ prefix: AddressPrefix?, _ callers: Callers) {
        socketCount += 1
        notePeak(callers)
        count(prefix)
    }

    /// Counts a connection, which serves no device yet, under this prefix.
    package mutating func count(_ prefix: AddressPrefix?) {
        guard let prefix else { return }
        sockets.count(1, prefix)
        opening.count(1, prefix)
    }

    /// A connection has ended. `wasIdle` says whether it served no device.
    package mutating func connectionEnded(_ id: ConnectionID, _ prefix: AddressPrefix?, wasIdle: Bool) {
        socketCount -= 1
        idleSockets.remove(id)
        guard let prefix else { return }
        sockets.count(-1, prefix)
        if wasIdle { opening.count(-1, prefix) }
    }

    /// A connection begins to serve a device, or serves none any more.
    package mutating func setIdle(_ isIdle: Bool, _ id: ConnectionID, _ prefix: AddressPrefix?) {
        if let prefix { opening.count(isIdle ? 1 : -1, prefix) }
        if isIdle { addIdleSocket(id, prefix) } else { idleSockets.remove(id) }
    }

    /// The first frame of a connection has arrived. If the relay refuses the device, the connection stays among the
    /// idle ones until it ends.
    package mutating func firstFrameReceived(_ id: ConnectionID, _ prefix: AddressPrefix?, isTurnedAway: Bool) {
        if let prefix { opening.count(-1, prefix) }
        if !isTurnedAway { idleSockets.remove(id) }
    }

    // MARK: Giving way

    /// Marks a connection as idle: the relay may close it when it needs its place.
    package mutating func addIdleSocket(_ id: ConnectionID, _ prefix: AddressPrefix?) {
        idleSockets.insert(id, of: prefix)
    }

    /// Chooses the idle connections to close for a connection that was accepted while only returning devices are
    /// admitted. It chooses one, or two while there are too many connections. It chooses none when it knows no idle
    /// one.
    package mutating func makeRoom(
        for id: ConnectionID,
        _ prefix: AddressPrefix?,
        _ callers: Callers,
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

    /// The candidate whose prefix has the most connections; nil when there are no candidates.
    package func fullest(_ candidates: [(id: ConnectionID, prefix: AddressPrefix?)]) -> ConnectionID? {
        candidates.max { ($0.prefix.map(sockets.standing) ?? 0) < ($1.prefix.map(sockets.standing) ?? 0) }?.id
    }

    // MARK: What connections make the relay keep

    /// Records that a device has `bytes` unread bytes, `difference` more than before. False when the device has too
    /// many.
    package mutating func account(unread bytes: Int, difference: Int) -> Bool {
        unread += difference
        return bytes <= (unread > limits.unreadBytesInAll ? WireLimits.callBytes : limits.outboundBytes)
    }

    /// Records that a connection's request bodies take `total` bytes, `difference` more than before. False when the
    /// relay has no memory for them. A body of one frame is always allowed.
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

    /// The number of connections and sessions that take memory. Closed sessions that the relay remembers are among
    /// them.
    private func population(_ callers: Callers) -> Int { socketCount + callers.remembered }

    package mutating func notePeak(_ callers: Callers) {
        peak = max(peak, population(callers))
    }

    /// Whether at least half of a crowd of connections has gone, so that the relay can give back its memory.
    package func hasCrowdGone(_ callers: Callers) -> Bool {
        let population = population(callers)
        return peak - population >= Self.crowd && population <= peak / 2
    }

    /// Shrinks the tables to the size that their content needs.
    package mutating func shrink(_ callers: Callers) {
        peak = population(callers)
        opening.shrink()
        sockets.shrink()
        idleSockets.shrink()
    }

    /// The least drop in connections after which the relay gives back memory. Fewer have less than about a megabyte.
    private static let crowd = 256
}
