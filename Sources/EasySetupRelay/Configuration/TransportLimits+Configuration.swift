import EasySetupRelayCore

extension TransportLimits {
    /// Takes the limits that `EasySetupRelayCore` needs from the settings of a relay.
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
    /// Makes the lifecycle of a relay that serves, and that has these times for its shutdown.
    init(_ limits: ConnectionLimits) {
        self.init(drainTime: limits.drainTime, closingTime: limits.closingTime)
    }
}
