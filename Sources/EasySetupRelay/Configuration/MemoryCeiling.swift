import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol

/// An upper bound of the memory that a relay uses (`Protocol/operating.md`, "Memory").
extension RelayConfiguration {
    /// The most memory that the relay can use, in bytes, computed as if every limit were reached at once. The system's
    /// socket buffers are not included.
    public var memoryCeiling: Int { MemoryCost.process + memoryWhenFull }

    /// Lowers the limits of the whole relay, all in the same proportion, until ``memoryCeiling`` is at most `bytes`.
    /// Limits per device, room and address stay as they are. No limit is raised.
    /// - Parameters:
    ///   - bytes: the most memory that the relay may need.
    ///   - kept: the names of limits that stay as they are, because the operator has set them.
    /// - Returns: false if the ceiling can't become as low: the memory of the process, or the kept limits, take more.
    ///   Then all other limits are as low as they can be.
    @discardableResult
    public mutating func fit(memory bytes: Int, keeping kept: Set<String> = []) -> Bool {
        guard bytes < memoryCeiling else { return true }
        // The least sizes of some tables make the ceiling no straight line, so the share is found by halving.
        var (low, high) = (0.0, 1.0)
        for _ in 0..<40 {
            let share = (low + high) / 2
            if scaled(by: share, keeping: kept).memoryCeiling <= bytes { low = share } else { high = share }
        }
        self = scaled(by: low, keeping: kept)
        return memoryCeiling <= bytes
    }

    private func scaled(by share: Double, keeping kept: Set<String>) -> RelayConfiguration {
        var scaled = self
        let set = { (name: String, limit: inout Int, value: (Int) -> Int) in
            if !kept.contains(name) { limit = min(limit, max(1, value(limit))) }
        }
        let part = { (limit: Int) in Int(Double(limit) * share) }
        set("connections", &scaled.connectionLimits.connections) { max(32, part($0)) }
        set("unreadBytesInAll", &scaled.connectionLimits.unreadBytesInAll, part)
        set("bodyBytesInAll", &scaled.connectionLimits.bodyBytesInAll, part)
        set("closedCalls", &scaled.connectionLimits.closedCalls, part)
        set("rooms", &scaled.limits.rooms, part)
        set("meetingsInAll", &scaled.limits.meetingsInAll, part)
        set("mailboxBytesInAll", &scaled.limits.mailboxBytesInAll, part)
        set("waitingInAll", &scaled.limits.waitingInAll, part)
        set("roomless", &scaled.limits.roomless, part)
        set("waitingForOfferer", &scaled.limits.waitingForOfferer, part)
        set("deadlines", &scaled.limits.deadlines, part)
        set("tombstones", &scaled.limits.tombstones, part)
        if fleet != nil {
            set("farDevices", &scaled.sharing.farDevices, part)
            set("untoldPrefixes", &scaled.sharing.untoldPrefixes) { max(MemoryCost.leastUntold, part($0)) }
        }
        // When the limits are lowered, one address prefix may have at most an eighth of the connections. The tables of
        // counted prefixes and of used proof-of-work challenges have a least size, so that they don't fill up before
        // the relay does.
        let (roomless, connections) = (scaled.limits.roomless, scaled.connectionLimits.connections)
        set("roomlessPerPrefix", &scaled.limits.roomlessPerPrefix) { _ in roomless / 8 }
        set("openingPerPrefix", &scaled.connectionLimits.openingPerPrefix) { _ in connections / 8 }
        set("prefixes", &scaled.limits.prefixes) { max(MemoryCost.leastRemembered, part($0)) }
        set("usedChallenges", &scaled.limits.usedChallenges) { max(MemoryCost.leastRemembered, part($0)) }
        return scaled
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
            + (fleet == nil ? 0 : memoryAmongOthers)
    }

    /// The memory for which only a relay among others has a use.
    private var memoryAmongOthers: Int {
        let store = RedisLimits()
        let servers = 1 + (fleet?.others.count ?? 0)
        // A message may have to be said at another of several servers, and is kept until it was heard.
        let kept = servers > 1 ? FleetStores.keptBytes : 0
        return sharing.farDevices * MemoryCost.farDevice
            // Each connection may be that of a device whose room is at another relay.
            + connectionLimits.connections * MemoryCost.leg
            // Each of them, and each closed session, may be one of which the directory is told.
            + (connectionLimits.connections + connectionLimits.closedCalls) * MemoryCost.registeredSession
            // Three tables, each of which is two dictionaries that may take twice the memory of their content.
            + 4 * 3 * sharing.untoldPrefixes * MemoryCost.remembered
            + Slot.lengths.count * sharing.claims * MemoryCost.remembered
            + EnvelopeLimits.runs * MemoryCost.run
            + servers * (store.unsentBytes + 2 * store.resp.answerBytes + store.unanswered * MemoryCost.question)
            + kept
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
    /// The memory of a device at another relay that is in a room here, without its meeting. 360 bytes were measured, and a
    /// table that grows takes twice that.
    static let farDevice = 1024
    /// The memory that a device adds to its connection whose room is at another relay: its leg, and its first frame, which
    /// may be said again. 490 bytes were measured for a visit, and 930 for an offerer with 16 meetings.
    static let leg = 1024
    /// The memory that the relay has of another run: its counter, its last beat, and a trunk each way.
    static let run = 4 * 1024
    /// The memory of a question to the store that is not answered yet, without the bytes of a message.
    static let question = 1024
    /// The memory of a long-polling session in the list of those that are registered again.
    static let registeredSession = 256
    /// How many prefixes even a small relay among others counts of which something is untold. They take 0.5 MiB in each
    /// table.
    static let leastUntold = 1024
    /// How many address prefixes, and how many challenges, even a small relay remembers. They take 2 MiB in each table.
    static let leastRemembered = 4096
}
