import EasySetupRelayCore
import EasySetupRelayProtocol

/// An upper bound of the memory that a relay uses (`Protocol/operating.md`, "Memory").
extension RelayConfiguration {
    /// The most memory that the relay can use, in bytes, computed as if every limit were reached at once. The system's
    /// socket buffers are not included.
    public var memoryCeiling: Int { MemoryCost.process + memoryWhenFull }

    /// Lowers the limits of the whole relay, all in the same proportion, until ``memoryCeiling`` is at most `bytes`.
    /// The ceiling can't become lower than the memory of the process without connections. Limits per device, room and
    /// address stay as they are. No limit is raised.
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
        // When the limits are lowered, one address prefix may have at most an eighth of the connections. The tables of
        // counted prefixes and of used proof-of-work challenges have a least size, so that they don't fill up before
        // the relay does.
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
        // `callBytes` is the number of bytes that each device may always leave unread, whatever all devices together
        // leave unread.
        let connection = MemoryCost.connection + WireLimits.callBytes + (certificate == nil ? 0 : MemoryCost.tls)
        // The relay keeps three tables that count events by address prefix, a table of used challenges and one of ended
        // rooms. Each table is a pair of dictionaries that alternate (`ExpiringDictionary`), and a dictionary may take twice
        // the memory of its content. That makes the factor 4.
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

/// The memory that each of these things takes, in bytes, rounded up, including the allocator's overhead. The figures
/// come from measurements by `scripts/hostile`.
private enum MemoryCost {
    /// The memory of the process without connections.
    static let process = 64 * 1024 * 1024
    /// The memory of a connection with its handlers, an incomplete request or frame, and a request body of one frame,
    /// which the relay always accepts.
    static let connection = 36 * 1024
    /// The memory that TLS adds to a connection.
    static let tls = 64 * 1024
    /// The memory of a stored message without its body.
    static let message = 128
    static let meeting = 2 * 1024
    static let room = 4 * 1024
    static let closedCall = 768
    static let deadline = 128
    /// The memory of an entry in a table: the count of an address prefix, a used challenge, or the reason why a room
    /// ended.
    static let remembered = 128
    /// How many address prefixes, and how many challenges, even a small relay remembers. They take 2 MiB in each table.
    static let leastRemembered = 4096
    static let floors = 4 * (3 + 1) * leastRemembered * remembered
}
