import EasySetupRelayCore

/// Why the relay refused or lost a connection. The relay counts these outcomes for its logs, which contain no
/// addresses.
enum ConnectionOutcome: String, CaseIterable, Sendable {
    case refusedRequest = "refused-request"
    /// A client spoke TLS at a port without TLS: its address begins with `wss` or `https` in place of `ws` or `http`, or
    /// the proxy in front passes TLS on.
    case tlsAtPlainPort = "tls-at-plain-port"
    /// The TLS handshake failed: the client trusts no such certificate, has no version or cipher in common, or does not
    /// speak TLS.
    case tlsFailed = "tls-failed"
    case badProxyHeader = "bad-proxy-header"
    case badFrame = "bad-frame"
    case slowOpening = "slow-opening"
    case tooManyOpening = "too-many-opening"
    case turnedAway = "turned-away"
    case slowReader = "slow-reader"
    case gaveWay = "gave-way"
    case silent
    case absent

    /// The limit that the connection has hit; nil if it has hit none, or one of several.
    var limit: CountedLimit? {
        switch self {
        case .slowOpening: .openingTime
        case .tooManyOpening: .openingPerPrefix
        case .slowReader: .outboundBytes
        case .gaveWay: .connections
        case .silent: .silentIntervals
        case .absent: .pollAbsence
        case .refusedRequest, .tlsAtPlainPort, .tlsFailed, .badProxyHeader, .badFrame, .turnedAway: nil
        }
    }
}
