import EasySetupRelayCore
import EasySetupRelayProtocol

/// Which connections the relay has a place for: how many there are, whom they count for, which of them give way to others, and what they
/// make the relay keep (`Protocol/limits.md`, "The relay's transport"). Values in, values out: it does no I/O and has no clock.
///
/// Devices that come through calls have no connection of their own, and take a place all the same; what counts them is told.
///
/// The questions that are asked after each change are inlined: otherwise the compiler copies all of this to ask them.
struct Admission: Sendable {
    /// How many devices come through calls: open ones, and all that are remembered.
    struct Callers {
        let open: Int
        let remembered: Int
    }

    private let limits: ConnectionLimits
    /// Which part of what is free one prefix may have.
    private let partOfFree: Int
    /// How many connections there are.
    private(set) var socketCount = 0
    /// Connections of each prefix that stand for no device, and all that there are.
    private(set) var opening = PrefixCounts()
    private(set) var sockets = PrefixCounts()
    private(set) var idleSockets = IdleSockets()
    /// How much all WebSockets leave unread, as far as is known: what was read since is noticed at the next ping.
    private(set) var unread = 0
    /// Of all calls.
    private(set) var bodyBytes = 0
    /// The most that there was since memory was last given back.
    private var peak = 0

    init(limits: ConnectionLimits, partOfFree: Int) {
        self.limits = limits
        self.partOfFree = partOfFree
    }

    // MARK: Places

    /// Whether no connection is accepted.
    @inline(__always)
    func isFull(_ callers: Callers) -> Bool { taken(callers) >= limits.connections }

    /// Whether only devices that come back are let in, and others are told that the relay is full.
    @inline(__always)
    func isCrowded(_ callers: Callers) -> Bool { kept > 0 && taken(callers) > limits.connections - kept }

    /// How many fourths of ``ConnectionLimits/idleTime`` a connection may be idle.
    @inline(__always)
    func idleFourths(_ callers: Callers) -> Int {
        let taken = taken(callers)
        return taken < limits.connections / 2 ? 4 : taken < limits.connections / 4 * 3 ? 2 : 1
    }

    @inline(__always)
    private func taken(_ callers: Callers) -> Int { socketCount + callers.open }
    private var kept: Int { @inline(__always) get { min(limits.keptConnections, limits.connections / 8) } }

    private func ceiling(_ callers: Callers, perPrefix: Int = .max) -> PrefixCeiling {
        PrefixCeiling(all: limits.connections, used: taken(callers), part: partOfFree, perPrefix: perPrefix)
    }

    /// Whether an address may have another connection without a device. A proxy's has no prefix.
    func hasPlace(for prefix: AddressPrefix?, _ callers: Callers) -> Bool {
        guard let prefix else { return true }
        return opening.allows(prefix, ceiling(callers, perPrefix: limits.openingPerPrefix))
    }

    /// Why a connection that has said what it wants has no place if it is somebody new; nil when it has one.
    func refusal(ofNew prefix: AddressPrefix?, _ callers: Callers) -> AdmissionRefusal? {
        if isCrowded(callers) { return AdmissionRefusal(reason: .relayFull, retryAfter: limits.retryAfter) }
        guard let prefix, !sockets.allows(prefix, ceiling(callers), counted: 1) else { return nil }
        return AdmissionRefusal(reason: .tooMany, retryAfter: limits.retryAfter)
    }

    /// The same for a device that comes through calls, `isNew` or back with a token; `counts` counts those.
    func refusal(ofCaller prefix: AddressPrefix, isNew: Bool, _ counts: PrefixCounts, _ callers: Callers)
        -> AdmissionRefusal?
    {
        let all = isNew ? limits.connections - kept : limits.connections
        guard taken(callers) < all else { return AdmissionRefusal(reason: .relayFull, retryAfter: limits.retryAfter) }
        guard isNew, !counts.allows(prefix, ceiling(callers)) else { return nil }
        return AdmissionRefusal(reason: .tooMany, retryAfter: limits.retryAfter)
    }

    // MARK: Connections come and go

    /// A connection was accepted, and stands for no device yet.
    mutating func accepted(_ prefix: AddressPrefix?, _ callers: Callers) {
        socketCount += 1
        notePeak(callers)
        count(prefix)
    }

    /// A connection counts for this prefix from now on, and stands for no device.
    mutating func count(_ prefix: AddressPrefix?) {
        guard let prefix else { return }
        sockets.count(1, prefix)
        opening.count(1, prefix)
    }

    /// A connection is no more; whether it stood for no device.
    mutating func connectionEnded(_ id: ConnectionID, _ prefix: AddressPrefix?, wasIdle: Bool) {
        socketCount -= 1
        idleSockets.remove(id)
        guard let prefix else { return }
        sockets.count(-1, prefix)
        if wasIdle { opening.count(-1, prefix) }
    }

    /// A connection stands for no device, or does.
    mutating func setIdle(_ isIdle: Bool, _ id: ConnectionID, _ prefix: AddressPrefix?) {
        if let prefix { opening.count(isIdle ? 1 : -1, prefix) }
        if isIdle { addIdleSocket(id, prefix) } else { idleSockets.remove(id) }
    }

    /// A connection has said what it wants. One that is turned away for it is nobody's until it is gone.
    mutating func firstFrameReceived(_ id: ConnectionID, _ prefix: AddressPrefix?, isTurnedAway: Bool) {
        if let prefix { opening.count(-1, prefix) }
        if !isTurnedAway { idleSockets.remove(id) }
    }

    // MARK: Giving way

    /// A connection may be closed when its place is needed.
    mutating func addIdleSocket(_ id: ConnectionID, _ prefix: AddressPrefix?) {
        idleSockets.insert(id, of: prefix)
    }

    /// A connection was accepted where none but those that come back are let in: the ones that are closed for it, which are nobody. It is
    /// one, or two as long as there are more connections than there should be; none when none is known here.
    mutating func makeRoom(
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

    /// The one of these whose prefix has most.
    func fullest(_ candidates: [(id: ConnectionID, prefix: AddressPrefix?)]) -> ConnectionID? {
        candidates.max { ($0.prefix.map(sockets.standing) ?? 0) < ($1.prefix.map(sockets.standing) ?? 0) }?.id
    }

    // MARK: What connections make the relay keep

    /// A device leaves so many bytes unread, `difference` more or fewer than before; whether that is borne.
    mutating func account(unread bytes: Int, difference: Int) -> Bool {
        unread += difference
        return bytes <= (unread > limits.unreadBytesInAll ? WireLimits.callBytes : limits.outboundBytes)
    }

    /// Bodies of so many bytes more, or fewer, are kept for a connection, `total` in all. Whether there is place for them; for a call
    /// with one frame there always is.
    mutating func account(bodies difference: Int, total: Int) -> Bool {
        bodyBytes += difference
        return bodyBytes <= limits.bodyBytesInAll || total <= WireLimits.frameBytes || difference <= 0
    }

    /// What was kept for a connection that is no more.
    mutating func forget(unread unreadBytes: Int, bodyBytes bytes: Int) {
        unread -= unreadBytes
        bodyBytes -= bytes
    }

    // MARK: Crowds

    /// What takes memory: connections, and devices that come through calls, the closed ones that are remembered too.
    @inline(__always)
    private func population(_ callers: Callers) -> Int { socketCount + callers.remembered }

    mutating func notePeak(_ callers: Callers) {
        peak = max(peak, population(callers))
    }

    /// Whether a crowd has gone, or half of it: what it took can be given back.
    @inline(__always)
    func hasCrowdGone(_ callers: Callers) -> Bool {
        let population = population(callers)
        return peak - population >= Self.crowd && population <= peak / 2
    }

    /// Makes the tables as small as what is in them needs.
    mutating func shrink(_ callers: Callers) {
        peak = population(callers)
        opening.shrink()
        sockets.shrink()
        idleSockets.shrink()
    }

    /// Fewer leave nothing worth the trouble, about a megabyte.
    private static let crowd = 256
}
