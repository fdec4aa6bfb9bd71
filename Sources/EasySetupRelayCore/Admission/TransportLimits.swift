/// The limits on connections and long-polling sessions that this module's decisions need. The module that accepts the
/// connections sets them (`Protocol/limits.md`, "The relay's transport").
package struct TransportLimits: Sendable {
    /// The most simultaneous connections.
    package var connections: Int
    /// How many of the ``connections`` are reserved for returning devices.
    package var keptConnections: Int
    /// The most connections of one address prefix that serve no device.
    package var openingPerPrefix: Int
    /// The divisor of a prefix's share: once half of the connections are taken, one prefix may have 1/`partOfFree` of
    /// those that are free.
    package var partOfFree: Int
    /// The time to wait that the relay sends to a device when it has no free connection.
    package var retryAfter: Duration
    /// The most sent bytes that one device may leave unread.
    package var outboundBytes: Int
    /// The limit on the unread bytes of all WebSockets together, and on those of all long-polling sessions together.
    package var unreadBytesInAll: Int
    /// The most bytes of all request bodies together that the relay is receiving.
    package var bodyBytesInAll: Int
    /// The most requests of one long-polling session in a `requestInterval`.
    package var requestsPerInterval: Int
    package var requestInterval: Duration
    /// The longest time that the relay keeps a poll (a request for frames) waiting before it answers without frames.
    package var longestPoll: Duration
    /// The relay ends a long-polling session after no poll (request for frames) has waited for this time.
    package var pollAbsence: Duration
    /// The most closed long-polling sessions that the relay remembers. Each address prefix may have a limited share of
    /// them.
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
