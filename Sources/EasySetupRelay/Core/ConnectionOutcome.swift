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
}
