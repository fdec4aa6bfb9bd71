import EasySetupRelayCore
import EasySetupRelayProtocol

/// How much memory a relay may come to hold (`Protocol/operating.md`, "Memory").
extension RelayConfiguration {
    /// The most memory that the relay holds, in bytes, whoever does what: as if every limit were reached at once. The system's own
    /// buffers for sockets come on top.
    public var memoryCeiling: Int { MemoryCost.process + memoryWhenFull }

    /// Brings down what the whole relay bears, all of it in the same proportion, until ``memoryCeiling`` is at most `bytes`, if that is
    /// more than the process alone. What one device, one room and one address may is left as it is; nothing is raised.
    public mutating func fit(memory bytes: Int) {
        guard bytes < memoryCeiling else { return }
        let share = Double(max(0, bytes - MemoryCost.process - MemoryCost.floors)) / Double(memoryWhenFull)
        let scale = { (limit: inout Int) in limit = max(1, Int(Double(limit) * share)) }
        scale(&connectionLimits.connections)
        scale(&connectionLimits.unreadBytesInAll)
        scale(&connectionLimits.bodyBytesInAll)
        scale(&connectionLimits.closedCalls)
        scale(&limits.rooms)
        scale(&limits.meetingsInAll)
        scale(&limits.mailboxBytesInAll)
        scale(&limits.waitingInAll)
        scale(&limits.roomless)
        scale(&limits.waitingForOfferer)
        scale(&limits.deadlines)
        scale(&limits.tombstones)
        // No address may have more than its share of what is left, and the counts of addresses must not run out before it.
        let share8 = { (limit: inout Int, all: Int) in limit = min(limit, max(1, all / 8)) }
        share8(&limits.roomlessPerPrefix, limits.roomless)
        share8(&connectionLimits.openingPerPrefix, connectionLimits.connections)
        let floored = { (limit: inout Int) in
            let least = min(limit, MemoryCost.leastRemembered)
            scale(&limit)
            limit = max(limit, least)
        }
        floored(&limits.prefixes)
        floored(&limits.usedChallenges)
    }

    private var memoryWhenFull: Int {
        let mailbox = limits.mailboxBytes + limits.mailboxMessages * MemoryCost.message
        // What a device may leave unread whatever the others do, beside what all of one transport may.
        let connection = MemoryCost.connection + WireLimits.callBytes + (certificate == nil ? 0 : MemoryCost.tls)
        // Two generations of each, and each of them grows by doubling.
        let remembered = 4 * (3 * limits.prefixes + limits.usedChallenges + limits.tombstones)
        return connectionLimits.connections * connection
            + 2 * connectionLimits.unreadBytesInAll
            + connectionLimits.bodyBytesInAll
            + connectionLimits.closedCalls * MemoryCost.closedCall
            + limits.meetingsInAll * (MemoryCost.meeting + 2 * mailbox)
            + limits.rooms * MemoryCost.room
            + limits.deadlines * MemoryCost.deadline
            + remembered * MemoryCost.remembered
    }
}

/// What things cost in bytes, rounded up, with the allocator's share; measured by scripts/hostile.
private enum MemoryCost {
    /// The program with nobody there.
    static let process = 64 * 1024 * 1024
    /// A socket with its handlers, half a request or half a frame, and the body that a call may always have.
    static let connection = 36 * 1024
    /// The share of TLS in a connection.
    static let tls = 64 * 1024
    /// A message in a mailbox, beside its body.
    static let message = 128
    static let meeting = 2 * 1024
    static let room = 4 * 1024
    static let closedCall = 512
    static let deadline = 128
    /// A counter, a used challenge, the reason why a room ended.
    static let remembered = 128
    /// Prefixes and challenges that even a small relay remembers: 2 MiB for each kind.
    static let leastRemembered = 4096
    static let floors = 4 * (3 + 1) * leastRemembered * remembered
}
