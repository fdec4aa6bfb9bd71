/// The limits on connections: on one connection, and on all of them. Each has a reason (`Protocol/limits.md`, "The
/// relay's transport").
public struct ConnectionLimits: Sendable, Equatable {
    /// Simultaneous connections. Further ones wait in the listen backlog, where they cost the relay nothing. One takes
    /// about 22 KiB with TLS, so all take at most a gigabyte. The limit is never higher than the number of files that
    /// the process may open.
    public var connections = 50_000
    /// Connections of these (at most an eighth) that are reserved for returning devices, health checks, and refusals of
    /// all others: enough for some seconds of a crowd, because each of these takes milliseconds.
    public var keptConnections = 1_024
    /// The system's queue of unaccepted connections: one second of a crowd that comes back after a restart.
    public var backlog: Int32 = 4096
    /// The timeout of the first request, from accepting to its end with TLS, and of each later request from its first
    /// byte to its end: four round trips on a bad mobile network.
    public var openingTime = Duration.seconds(10)
    /// The timeout from our close frame to the peer's: a little over one round trip.
    public var closingTime = Duration.seconds(3)
    /// The interval of pings. Many proxies and address translators forget an idle connection after a minute. More
    /// frequent pings would only wake mobile radios and load a relay with many waiting devices.
    public var pingInterval = Duration.seconds(45)
    /// Whole ping intervals in which a connection may be silent. After one more silent interval it is closed.
    public var silentIntervals = 1
    /// Pings and pongs that a device may send per interval. An honest device sends a handful.
    public var controlFramesPerInterval = 60
    /// Unsent bytes for a peer that does not read: more than all mailboxes of an offerer that comes back (16 meetings
    /// of 4 KiB).
    public var outboundBytes = 512 * 1024
    /// Connections of one address prefix that serve no device: the first request or the first frame has not arrived, or
    /// the connection carries long polling and no poll waits on it. Wider blocks may have 8 and 64 times as many, and
    /// only a share of the free connections once half of them are taken. Further ones are closed at once, so that no
    /// block of addresses can take every place. Connections from trusted proxies serve many devices and are not
    /// counted; the addresses that they forward for are.
    public var openingPerPrefix = 256
    /// A long-polling session without a waiting poll is ended after this time. It covers a lost answer, the pauses
    /// between a few retries, and a network that comes back.
    public var pollAbsence = Duration.seconds(30)
    /// The longest time that a poll is held: below the 50 s and 60 s after which common proxies end a silent request.
    public var longestPoll = Duration.seconds(25)
    /// A keep-alive connection of long polling without a request for this time is closed, with up to a quarter of
    /// delay. Proxies keep idle connections for up to a minute, and it is better that they close them. The time is
    /// halved when half of the connections are taken, and a quarter when three quarters are.
    public var idleTime = Duration.seconds(60)
    /// Requests on one connection, and requests of one long-polling device, in a ``pingInterval``. A device that polls
    /// without pause makes about two hundred. Beyond this, a connection is closed after the answer (the device may open
    /// another), and a device is disconnected.
    public var requestsPerInterval = 600
    /// Pipelined requests that may wait behind a poll on one connection. Devices and proxies send none before the
    /// answer.
    public var waitingRequests = 2
    /// Closed long-polling sessions that are remembered, to answer repeated requests. Beyond this number the oldest is
    /// forgotten. Each takes a few hundred bytes.
    public var closedCalls = 10_000
    /// Bytes of all request bodies being received. Beyond this, a request whose body is larger than one frame is cut
    /// off, so that incomplete requests take little more memory than as many incomplete frames.
    public var bodyBytesInAll = 64 * 1024 * 1024
    /// Bytes that all devices of one transport have not read or polled: as much as the mailboxes may hold. Beyond this,
    /// a device with more unread bytes than one answer holds is disconnected.
    public var unreadBytesInAll = 256 * 1024 * 1024
    /// The retry time that a relay without a free connection tells: about as long as a peak lasts.
    public var retryAfter = Duration.seconds(30)
    /// Bytes of all headers of a request. Browsers and proxies stay below 4 KiB without cookies.
    public var headerBytes = 8 * 1024
    /// How many headers a request may have.
    public var headerFields = 64
    /// Bytes of a PROXY header. The addresses need at most 52; what proxies add about TLS or their cloud needs a few
    /// hundred.
    public var proxyHeaderBytes = 2048
    /// Entries of a `Forwarded` or `X-Forwarded-For` header that are read. One or two proxies in a chain are usual.
    public var forwardedEntries = 16
    /// Bytes of such an entry. An address has at most 45; a `Forwarded` entry may also name a host.
    public var forwardedEntryBytes = 512
    /// How long a draining relay waits for active pairings: as long as a pairing that was just seated has. Devices come
    /// back to a restarted relay, so this is only a courtesy.
    public var drainTime = Duration.seconds(300)
    /// How long a frame is deferred that the device needs only together with the next message (`visitor`, and `seated`
    /// to an offerer): a round trip on a mobile network and the visitor's computation.
    public var coalescingDelay = Duration.milliseconds(250)
    /// The least time between alarms, so that many deadlines cause at most a hundred wake-ups a second.
    public var alarmGrain = Duration.milliseconds(10)

    /// The defaults.
    public init() {}
}
