import EasySetupRelayCore

extension TransportLimits {
    /// The part of a relay's settings that its core needs.
    init(_ limits: ConnectionLimits, partOfFree: Int) {
        self.init(
            connections: limits.connections,
            keptConnections: limits.keptConnections,
            openingPerPrefix: limits.openingPerPrefix,
            partOfFree: partOfFree,
            retryAfter: limits.retryAfter,
            outboundBytes: limits.outboundBytes,
            unreadBytesInAll: limits.unreadBytesInAll,
            bodyBytesInAll: limits.bodyBytesInAll,
            requestsPerInterval: limits.requestsPerInterval,
            requestInterval: limits.pingInterval,
            longestPoll: limits.longestPoll,
            pollAbsence: limits.pollAbsence,
            closedCalls: limits.closedCalls
        )
    }
}

extension Lifecycle {
    /// A relay that serves, with these times to end.
    init(_ limits: ConnectionLimits) {
        self.init(drainTime: limits.drainTime, closingTime: limits.closingTime)
    }
}
