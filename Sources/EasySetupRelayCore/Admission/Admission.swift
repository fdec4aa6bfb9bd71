import EasySetupRelayProtocol

/// The relay's admission policy for connections: how many there are, the prefix that each counts for, which idle ones
/// are closed for others, and how many bytes they make the relay keep (`Protocol/limits.md`, "The relay's transport").
/// It is a pure value without I/O and clock.
///
/// Long-polling sessions take places as well; their number is passed as `callers`.
package struct Admission: Sendable {
    /// The number of long-polling sessions: the open ones, and all that are remembered.
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
    /// Connections that serve no device, and all connections, counted by prefix.
    package private(set) var opening = PrefixCounts()
    package private(set) var sockets = PrefixCounts()
    private(set) var idleSockets = IdleSockets()
    /// Unread bytes of all WebSockets, as last checked: bytes read since are noticed at the next ping.
    package private(set) var unread = 0
    /// The bytes of all request bodies.
    package private(set) var bodyBytes = 0
    /// The largest number of connections and sessions since memory was last given back.
    private var peak = 0
    private var wasFull = false

    /// The number of connections that may be closed when their place is needed.
    package var idleSocketCount: Int { idleSockets.count }

    package init(limits: TransportLimits) {
        self.limits = limits
    }

    // MARK: Places

    /// Whether no connection is accepted.
    package func isFull(_ callers: Callers) -> Bool { taken(callers) >= limits.connections }

    /// Notes after a change whether no connection is accepted. True when connections are accepted again.
    package mutating func noteFullness(_ callers: Callers) -> Bool {
        let isFull = isFull(callers)
        defer { wasFull = isFull }
        return wasFull && !isFull
    }

    /// Whether only returning devices are admitted, and others are told that the relay is full.
    package func isCrowded(_ callers: Callers) -> Bool { kept > 0 && taken(callers) > limits.connections - kept }

    /// How long a connection may be idle, in quarters of the time that an empty relay leaves it.
    package func idleFourths(_ callers: Callers) -> Int {
        let taken = taken(callers)
        return taken < limits.connections / 2 ? 4 : taken < limits.connections / 4 * 3 ? 2 : 1
    }

    private func taken(_ callers: Callers) -> Int { socketCount + callers.open }
    private var kept: Int { min(limits.keptConnections, limits.connections / 8) }

    private func ceiling(_ callers: Callers, perPrefix: Int = .max) -> PrefixCeiling {
        PrefixCeiling(all: limits.connections, used: taken(callers), part: limits.partOfFree, perPrefix: perPrefix)
    }

    /// Whether an address may have another connection without a device. A proxy's connection has no prefix.
    package func hasPlace(for prefix: AddressPrefix?, _ callers: Callers) -> Bool {
        guard let prefix else { return true }
        return opening.allows(prefix, ceiling(callers, perPrefix: limits.openingPerPrefix))
    }

    /// Why a new device on this connection is refused; nil when there is a place for it.
    package func refusal(ofNew prefix: AddressPrefix?, _ callers: Callers) -> AdmissionRefusal? {
        if isCrowded(callers) { return AdmissionRefusal(reason: .relayFull, retryAfter: limits.retryAfter) }
        guard let prefix, !sockets.allows(prefix, ceiling(callers), counted: 1) else { return nil }
        return AdmissionRefusal(reason: .tooMany, retryAfter: limits.retryAfter)
    }

    /// Why a device that opens a long-polling session is refused; nil when there is a place for it. `isNew` is false
    /// for a device with a token; `counts` are the sessions by prefix.
    package func refusal(ofCaller prefix: AddressPrefix, isNew: Bool, _ counts: PrefixCounts, _ callers: Callers)
        -> AdmissionRefusal?
    {
        let all = isNew ? limits.connections - kept : limits.connections
        guard taken(callers) < all else { return AdmissionRefusal(reason: .relayFull, retryAfter: limits.retryAfter) }
        guard isNew, !counts.allows(prefix, ceiling(callers)) else { return nil }
        return AdmissionRefusal(reason: .tooMany, retryAfter: limits.retryAfter)
    }

    // MARK: Connections come and go

    /// A connection was accepted and serves no device yet.
    package mutating func accepted(_ prefix: AddressPrefix?, _ callers: Callers) {
        socketCount += 1
        notePeak(callers)
        count(prefix)
    }

    /// Counts a connection that serves no device under this prefix from now on.
    package mutating func count(_ prefix: AddressPrefix?) {
        guard let prefix else { return }
        sockets.count(1, prefix)
        opening.count(1, prefix)
    }

    /// A connection has ended. `wasIdle` tells whether it served no device.
    package mutating func connectionEnded(_ id: ConnectionID, _ prefix: AddressPrefix?, wasIdle: Bool) {
        socketCount -= 1
        idleSockets.remove(id)
        guard let prefix else { return }
        sockets.count(-1, prefix)
        if wasIdle { opening.count(-1, prefix) }
    }

    /// A connection begins or ceases to serve a device.
    package mutating func setIdle(_ isIdle: Bool, _ id: ConnectionID, _ prefix: AddressPrefix?) {
        if let prefix { opening.count(isIdle ? 1 : -1, prefix) }
        if isIdle { addIdleSocket(id, prefix) } else { idleSockets.remove(id) }
    }

    /// The first frame of a connection has arrived. A connection that is refused for it is idle until it ends.
    package mutating func firstFrameReceived(_ id: ConnectionID, _ prefix: AddressPrefix?, isTurnedAway: Bool) {
        if let prefix { opening.count(-1, prefix) }
        if !isTurnedAway { idleSockets.remove(id) }
    }

    // MARK: Giving way

    /// Marks a connection as one that may be closed when its place is needed.
    package mutating func addIdleSocket(_ id: ConnectionID, _ prefix: AddressPrefix?) {
        idleSockets.insert(id, of: prefix)
    }

    /// Chooses the idle connections to close for a connection that was accepted while only returning devices are
    /// admitted. It is one, or two while there are too many connections; none when no idle one is known here.
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

    /// The candidate whose prefix has the most connections.
    package func fullest(_ candidates: [(id: ConnectionID, prefix: AddressPrefix?)]) -> ConnectionID? {
        candidates.max { ($0.prefix.map(sockets.standing) ?? 0) < ($1.prefix.map(sockets.standing) ?? 0) }?.id
    }

    // MARK: What connections make the relay keep

    /// A device has `bytes` unread bytes, a change of `difference`. False when that is too many.
    package mutating func account(unread bytes: Int, difference: Int) -> Bool {
        unread += difference
        return bytes <= (unread > limits.unreadBytesInAll ? WireLimits.callBytes : limits.outboundBytes)
    }

    /// The request bodies kept for a connection change by `difference` bytes to `total`. False when there is no room
    /// for them; a body of one frame is always allowed.
    package mutating func account(bodies difference: Int, total: Int) -> Bool {
        bodyBytes += difference
        return bodyBytes <= limits.bodyBytesInAll || total <= WireLimits.frameBytes || difference <= 0
    }

    /// Removes the bytes that were kept for a connection that has ended.
    package mutating func forget(unread unreadBytes: Int, bodyBytes bytes: Int) {
        unread -= unreadBytes
        bodyBytes -= bytes
    }

    // MARK: Crowds

    /// The number of connections and sessions that take memory, including closed sessions that are remembered.
    private func population(_ callers: Callers) -> Int { socketCount + callers.remembered }

    package mutating func notePeak(_ callers: Callers) {
        peak = max(peak, population(callers))
    }

    /// Whether a crowd of connections, or half of it, has gone, so that its memory can be given back.
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

    /// The memory of fewer connections, about a megabyte, is not worth giving back.
    private static let crowd = 256
}
