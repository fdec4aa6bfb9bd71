import EasySetupRelayCore

extension TransportLimits {
    /// The numbers of `Protocol/limits.md`.
    static let usual = TransportLimits(
        connections: 50_000,
        keptConnections: 1_024,
        openingPerPrefix: 256,
        partOfFree: 16,
        retryAfter: .seconds(30),
        outboundBytes: 512 * 1024,
        unreadBytesInAll: 256 * 1024 * 1024,
        bodyBytesInAll: 64 * 1024 * 1024,
        requestsPerInterval: 600,
        requestInterval: .seconds(45),
        longestPoll: .seconds(25),
        pollAbsence: .seconds(30),
        closedCalls: 10_000
    )
}
