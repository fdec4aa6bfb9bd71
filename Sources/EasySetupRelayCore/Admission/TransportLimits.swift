/// The limits on connections and long-polling sessions that decisions of the core depend on. The defaults are those of
/// the relay that accepts the connections (`Protocol/limits.md`, "The relay's transport").
package struct TransportLimits: Sendable {
    /// Simultaneous connections.
    package var connections: Int
    /// Connections of these that are reserved for returning devices.
    package var keptConnections: Int
    /// Connections of one address prefix that serve no device.
    package var openingPerPrefix: Int
    /// The divisor for a prefix's share: 1/`partOfFree` of what is free.
    package var partOfFree: Int
    /// The retry time that a relay without a free connection tells.
    package var retryAfter: Duration
    /// Bytes that one device may leave unread.
    package var outboundBytes: Int
    /// Bytes that all devices of one transport may leave unread.
    package var unreadBytesInAll: Int
    /// Bytes of all request bodies being received.
    package var bodyBytesInAll: Int
    /// Requests of one long-polling device in a `requestInterval`.
    package var requestsPerInterval: Int
    package var requestInterval: Duration
    /// The longest time that a poll is held.
    package var longestPoll: Duration
    /// A long-polling session without a waiting poll is ended after this time.
    package var pollAbsence: Duration
    /// Closed long-polling sessions that are remembered.
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
