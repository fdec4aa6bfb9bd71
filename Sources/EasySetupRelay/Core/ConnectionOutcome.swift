import EasySetupRelayCore

/// Why the relay refused or lost a connection. The relay counts these outcomes for its logs, which contain no
/// addresses.
enum ConnectionOutcome: String, CaseIterable, Sendable {
    case refusedRequest = "refused-request"
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
        case .refusedRequest, .badProxyHeader, .badFrame, .turnedAway: nil
        }
    }
}
