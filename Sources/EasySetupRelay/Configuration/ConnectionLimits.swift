/// What a relay bears from one connection, and how many it bears. Every number with its reason
/// (`Protocol/limits.md`, "The relay's transport").
public struct ConnectionLimits: Sendable, Equatable {
    /// Connections at a time. Those beyond it wait in the listen backlog, and cost nothing there. About 22 KiB each with
    /// TLS, so a gigabyte at the most; never more than the process may open files.
    public var connections = 50_000
    /// So many of them, an eighth at most, are kept for devices that come back, for questions about the relay's health, and for telling
    /// all others that it is full: some seconds of a crowd, each of which is answered in milliseconds.
    public var keptConnections = 1_024
    /// How many unaccepted connections the system keeps: a second's worth of a crowd that comes back after a restart.
    public var backlog: Int32 = 4096
    /// From accepting to the end of the first request, TLS included, and from the first byte of every later one to its end:
    /// four round trips on a bad mobile network.
    public var openingTime = Duration.seconds(10)
    /// From our close frame to the peer's: one round trip and some.
    public var closingTime = Duration.seconds(3)
    /// As often a ping goes out. Many proxies and address translators forget an idle connection after a minute; more often would
    /// only wake radios, and a relay with many who wait.
    public var pingInterval = Duration.seconds(45)
    /// Whole intervals in which a connection may be silent; at the end of the next it is lost.
    public var silentIntervals = 1
    /// Pings and pongs a device may send per interval. An honest one sends a handful.
    public var controlFramesPerInterval = 60
    /// Bytes waiting to be sent to a peer that does not read: more than all the mailboxes of an offerer that comes back
    /// (16 meetings of 4 KiB).
    public var outboundBytes = 512 * 1024
    /// Connections of one address prefix that stand for no device: the first request is not complete, the first frame is not there,
    /// or it is one of long polling's on which no poll waits. Eight and 64 times as many of the wider blocks, and of each only its part
    /// of what is free once half of the connections are taken. Those beyond it are closed at once, so that no block of addresses can
    /// take every place. Trusted proxies stand for many devices, and are not counted; whom they speak for is.
    public var openingPerPrefix = 256
    /// A connection by long polling for which no poll waits for so long is lost: a lost answer, the pauses between a few
    /// tries, and a network that comes back.
    public var pollAbsence = Duration.seconds(30)
    /// The longest that a poll is kept: below the 50 s and 60 s after which common proxies give up a silent call.
    public var longestPoll = Duration.seconds(25)
    /// A socket of long polling on which no request came for so long is closed, after a quarter more at the latest: proxies keep
    /// theirs for up to a minute, and it is better that they close them. Half as long when half of the connections are taken, a quarter
    /// when three quarters are.
    public var idleTime = Duration.seconds(60)
    /// Requests on one socket, and calls of one device, in a ``pingInterval``: a device that polls without pause makes some two
    /// hundred. The socket is closed after the answer, and opened anew; the device is lost.
    public var requestsPerInterval = 600
    /// Requests that may wait behind a poll on one socket: devices and proxies send none before the answer is there.
    public var waitingRequests = 2
    /// Closed connections of long polling remembered for repeated calls. Beyond it the oldest is forgotten: a few hundred bytes
    /// each.
    public var closedCalls = 10_000
    /// Bytes of calls' bodies that are being read, all together. Beyond it, one with more than a frame's share is cut off, so that
    /// half-sent calls keep little more than as many half-sent frames would.
    public var bodyBytesInAll = 64 * 1024 * 1024
    /// Bytes that all devices of one transport have not read or polled: as much as the mailboxes may hold. Beyond it, one is lost that
    /// leaves more unread than one answer holds.
    public var unreadBytesInAll = 256 * 1024 * 1024
    /// What a relay without a place for a connection tells to wait: about the time in which a busy moment passes.
    public var retryAfter = Duration.seconds(30)
    /// The headers of a request, altogether. Browsers and proxies stay below 4 KiB when there are no cookies.
    public var headerBytes = 8 * 1024
    /// How many headers a request may have.
    public var headerFields = 64
    /// Bytes of a PROXY header: the addresses need 52 at most, and what proxies add about TLS or their cloud a few hundred.
    public var proxyHeaderBytes = 2048
    /// Entries of a `Forwarded` or `X-Forwarded-For` header that are read: proxies come one or two behind each other.
    public var forwardedEntries = 16
    /// Bytes of such an entry: an address has 45 at most, and a `Forwarded` one may name a host beside it.
    public var forwardedEntryBytes = 512
    /// How long a stopping relay waits for pairings in hand: as long as one has that was just seated. Devices come back to a
    /// restarted relay, so this is a courtesy.
    public var drainTime = Duration.seconds(300)
    /// How long a frame that nobody waits for, `visitor` or an offerer's `seated`, waits for the message that it may travel with: a
    /// round trip on a mobile network and what the visitor computes meanwhile.
    public var coalescingDelay = Duration.milliseconds(250)
    /// Alarms are set no closer than this, so that a crowd of deadlines costs a hundred wake-ups a second at most.
    public var alarmGrain = Duration.milliseconds(10)

    /// The defaults.
    public init() {}
}
