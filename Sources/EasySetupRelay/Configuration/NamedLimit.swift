import EasySetupRelayCore
import EasySetupRelayProtocol

/// A limit that an operator may set by its name in `Protocol/limits.md`.
public struct NamedLimit: Sendable, Hashable {
    /// The limit's name in `Protocol/limits.md`.
    public let name: String
    private let field: Field
    /// The least value that the limit may have: two devices can still pair with it.
    private let least: Int

    private enum Field: Hashable {
        case count(any WritableKeyPath<Limits, Int> & Sendable)
        case time(any WritableKeyPath<Limits, Duration> & Sendable)
        case connectionCount(any WritableKeyPath<ConnectionLimits, Int> & Sendable)
        case connectionTime(any WritableKeyPath<ConnectionLimits, Duration> & Sendable)
        case sharingCount(any WritableKeyPath<SharingLimits, Int> & Sendable)
        case sharingTime(any WritableKeyPath<SharingLimits, Duration> & Sendable)
    }

    /// All limits that an operator can set by name. The other limits have an option of their own, or are neither a
    /// count nor whole seconds.
    public static let all: [NamedLimit] = [
        NamedLimit("owedMessage", .time(\.owedMessage)),
        NamedLimit("owedToSilent", .time(\.owedToSilent)),
        NamedLimit("firstFrame", .time(\.firstFrame)),
        NamedLimit("seatedLifetime", .time(\.seatedLifetime)),
        NamedLimit("workLifetime", .time(\.workLifetime)),
        NamedLimit("offererReturn", .time(\.offererReturn)),
        NamedLimit("restartGuard", .time(\.restartGuard)),
        NamedLimit("unseatedDrain", .time(\.unseatedDrain)),
        NamedLimit("endedTold", .time(\.endedTold)),
        NamedLimit("frameInterval", .time(\.frameInterval)),
        NamedLimit("retryAfter", .time(\.retryAfter)),
        NamedLimit("retryDraining", .time(\.retryDraining)),
        NamedLimit("meetings", .count(\.meetings)),
        NamedLimit("waitingPerPrefix", .count(\.waitingPerPrefix)),
        NamedLimit("waitingPerRoom", .count(\.waitingPerRoom)),
        NamedLimit("positionsTold", .count(\.positionsTold)),
        NamedLimit("absencesTold", .count(\.absencesTold)),
        NamedLimit("mailboxMessages", .count(\.mailboxMessages), from: 6),
        NamedLimit("mailboxBytes", .count(\.mailboxBytes), from: WireLimits.frameBytes),
        NamedLimit("rooms", .count(\.rooms)),
        NamedLimit("meetingsInAll", .count(\.meetingsInAll), from: 8),
        NamedLimit("mailboxBytesInAll", .count(\.mailboxBytesInAll), from: 2 * WireLimits.frameBytes),
        NamedLimit("waitingInAll", .count(\.waitingInAll)),
        NamedLimit("roomless", .count(\.roomless)),
        NamedLimit("waitingForOfferer", .count(\.waitingForOfferer)),
        NamedLimit("waitingForOffererPerRoom", .count(\.waitingForOffererPerRoom)),
        NamedLimit("roomlessPerPrefix", .count(\.roomlessPerPrefix)),
        NamedLimit("partOfFree", .count(\.partOfFree)),
        NamedLimit("framesPerInterval", .count(\.framesPerInterval), from: 64),
        NamedLimit("framesPerVisitor", .count(\.framesPerVisitor)),
        NamedLimit("deadlines", .count(\.deadlines), from: 16),
        NamedLimit("tombstones", .count(\.tombstones)),
        NamedLimit("offersPerPrefix", .count(\.offersPerPrefix)),
        NamedLimit("visitsPerPrefix", .count(\.visitsPerPrefix)),
        NamedLimit("missesPerPrefix", .count(\.missesPerPrefix)),
        NamedLimit("restoresPerPrefix", .count(\.restoresPerPrefix)),
        NamedLimit("wrongProofWeight", .count(\.wrongProofWeight)),
        NamedLimit("counterWindow", .time(\.counterWindow)),
        NamedLimit("prefixes", .count(\.prefixes)),
        NamedLimit("usedChallenges", .count(\.usedChallenges)),
        NamedLimit("connections", .connectionCount(\.connections), from: 32),
        NamedLimit("keptConnections", .connectionCount(\.keptConnections)),
        NamedLimit("openingTime", .connectionTime(\.openingTime)),
        NamedLimit("closingTime", .connectionTime(\.closingTime)),
        NamedLimit("pingInterval", .connectionTime(\.pingInterval)),
        NamedLimit("silentIntervals", .connectionCount(\.silentIntervals)),
        NamedLimit("controlFramesPerInterval", .connectionCount(\.controlFramesPerInterval), from: 10),
        NamedLimit("outboundBytes", .connectionCount(\.outboundBytes), from: WireLimits.callBytes),
        NamedLimit("openingPerPrefix", .connectionCount(\.openingPerPrefix), from: 4),
        NamedLimit("pollAbsence", .connectionTime(\.pollAbsence)),
        NamedLimit("longestPoll", .connectionTime(\.longestPoll)),
        NamedLimit("idleTime", .connectionTime(\.idleTime)),
        NamedLimit("requestsPerInterval", .connectionCount(\.requestsPerInterval), from: 60),
        NamedLimit("waitingRequests", .connectionCount(\.waitingRequests)),
        NamedLimit("closedCalls", .connectionCount(\.closedCalls)),
        NamedLimit("bodyBytesInAll", .connectionCount(\.bodyBytesInAll), from: WireLimits.callBytes),
        NamedLimit("unreadBytesInAll", .connectionCount(\.unreadBytesInAll)),
        NamedLimit("headerBytes", .connectionCount(\.headerBytes), from: 1024),
        NamedLimit("headerFields", .connectionCount(\.headerFields), from: 16),
        NamedLimit("proxyHeaderBytes", .connectionCount(\.proxyHeaderBytes), from: 107),
        NamedLimit("forwardedEntries", .connectionCount(\.forwardedEntries)),
        NamedLimit("forwardedEntryBytes", .connectionCount(\.forwardedEntryBytes), from: 45),
        NamedLimit("farDevices", .sharingCount(\.farDevices)),
        // Longer than a room is sought.
        NamedLimit("soughtAtMost", .sharingTime(\.soughtAtMost), from: 50),
        NamedLimit("lostDoubt", .sharingTime(\.lostDoubt)),
        NamedLimit("sendOnAfter", .sharingTime(\.sendOnAfter)),
        NamedLimit("sentOnPerSecond", .sharingCount(\.sentOnPerSecond)),
        NamedLimit("takesPerSecond", .sharingCount(\.takesPerSecond)),
        NamedLimit("copyLook", .sharingTime(\.copyLook)),
        NamedLimit("copyLookAtMost", .sharingTime(\.copyLookAtMost)),
        NamedLimit("lastLooks", .sharingTime(\.lastLooks)),
        NamedLimit("claims", .sharingCount(\.claims)),
        NamedLimit("failedClaims", .sharingCount(\.failedClaims)),
        NamedLimit("untoldPart", .sharingCount(\.untoldPart)),
        NamedLimit("untoldPrefixes", .sharingCount(\.untoldPrefixes)),
    ]

    private init(_ name: String, _ field: Field, from least: Int = 1) {
        self.name = name
        self.field = field
        self.least = least
    }

    /// Finds the limit with this name; nil when there is none that an operator can set.
    public init?(named name: String) {
        guard let known = Self.all.first(where: { $0.name == name }) else { return nil }
        self = known
    }

    /// Whether the limit is a time, in seconds, rather than a count.
    public var isTime: Bool {
        switch field {
        case .time, .connectionTime, .sharingTime: true
        case .count, .connectionCount, .sharingCount: false
        }
    }

    /// The values that the limit may have: counts, or whole seconds. Two devices can still pair with the least count of
    /// each limit. `meetings` is at most the number of meetings that an offerer can name in one frame.
    public var range: ClosedRange<Int> {
        switch field {
        case .count(\.meetings): least...WireLimits.heldMeetings
        // A relay asks for this many slots at once, and a look counts at most so many claims.
        case .sharingCount(\.claims): least...1_024
        case .sharingCount(\.failedClaims): least...64
        case .count, .connectionCount, .sharingCount: least...1_000_000_000
        case .time, .connectionTime, .sharingTime: least...86_400
        }
    }

    /// Sets the limit in `configuration` to a count or to a time in whole seconds. Returns false, and sets nothing,
    /// when the value is out of ``range``.
    public func set(_ value: Int, in configuration: inout RelayConfiguration) -> Bool {
        guard range.contains(value) else { return false }
        switch field {
        case .count(let path): configuration.limits[keyPath: path] = value
        case .time(let path): configuration.limits[keyPath: path] = .seconds(value)
        case .connectionCount(let path): configuration.connectionLimits[keyPath: path] = value
        case .connectionTime(let path): configuration.connectionLimits[keyPath: path] = .seconds(value)
        case .sharingCount(let path): configuration.sharing[keyPath: path] = value
        case .sharingTime(let path): configuration.sharing[keyPath: path] = .seconds(value)
        }
        return true
    }
}
