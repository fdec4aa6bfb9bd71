/// The limits on connections and long-polling sessions that the core's decisions need. The module that accepts the
/// connections sets them (`Protocol/limits.md`, "The relay's transport").
package struct TransportLimits: Sendable {
    /// The most simultaneous connections.
    package var connections: Int
    /// How many of these are reserved for returning devices.
    package var keptConnections: Int
    /// The most connections of one address prefix that serve no device.
    package var openingPerPrefix: Int
    /// The divisor of a prefix's share: one prefix may have 1/`partOfFree` of what is free.
    package var partOfFree: Int
    /// The time to wait that a relay without a free connection sends.
    package var retryAfter: Duration
    /// The most bytes that one device may leave unread.
    package var outboundBytes: Int
    /// The most bytes that all WebSockets, or all long-polling sessions, may leave unread together.
    package var unreadBytesInAll: Int
    /// The most bytes of all request bodies that are being received.
    package var bodyBytesInAll: Int
    /// The most requests of one long-polling device in a `requestInterval`.
    package var requestsPerInterval: Int
    package var requestInterval: Duration
    /// The longest time that a poll waits for an answer.
    package var longestPoll: Duration
    /// The relay ends a long-polling session on which no poll has waited for this time.
    package var pollAbsence: Duration
    /// The most closed long-polling sessions that the relay remembers. Each prefix has its share of them.
    package var closedCalls: Int

    package init(
        connections: Int,
        keptConnections: Int,
        openingPerPrefix: Int,
        partOfFree: Int,
        retryAfter: Duration,
        outboundBytes: Int,
        unreadBytesInAll: Int,
        bodyBytesInAll: Int,
        requestsPerInterval: Int,
        requestInterval: Duration,
        longestPoll: Duration,
        pollAbsence: Duration,
        closedCalls: Int
    ) {
        self.connections = connections
        self.keptConnections = keptConnections
        self.openingPerPrefix = openingPerPrefix
        self.partOfFree = partOfFree
        self.retryAfter = retryAfter
        self.outboundBytes = outboundBytes
        self.unreadBytesInAll = unreadBytesInAll
        self.bodyBytesInAll = bodyBytesInAll
        self.requestsPerInterval = requestsPerInterval
        self.requestInterval = requestInterval
        self.longestPoll = longestPoll
        self.pollAbsence = pollAbsence
        self.closedCalls = closedCalls
    }
}
