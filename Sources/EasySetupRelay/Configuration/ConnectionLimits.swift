/// The limits on each connection, and on all connections together. `Protocol/limits.md`, "The relay's transport", gives
/// the reason for each limit.
public struct ConnectionLimits: Sendable, Equatable {
    /// The most simultaneous connections. Further ones wait in the listen backlog (the system's queue of unaccepted
    /// connections), where they cost the relay nothing. A connection takes about 22 KiB with TLS, so all together take
    /// about a gigabyte. The limit is never higher than the number of files that the process may open.
    public var connections = 50_000
    /// How many of the ``connections`` (at most an eighth) are reserved for returning devices, for health checks, and
    /// for telling other devices that the relay is full. The number is enough for some seconds of a rush, because each
    /// such connection takes only milliseconds.
    public var keptConnections = 1_024
    /// The length of the system's queue of connections that the relay has not accepted yet. The queue holds as many as
    /// arrive in one second when all devices come back after a restart.
    public var backlog: Int32 = 4096
    /// How long a request may take: the first one from accepting the connection, TLS included, to its end; each later
    /// one from its first byte to its end. The time is enough for four round trips on a bad mobile network.
    public var openingTime = Duration.seconds(10)
    /// How long the relay waits for the peer's close frame after sending its own, or for the rest of a request that it
    /// has answered early: a little over one round trip.
    public var closingTime = Duration.seconds(3)
    /// The time between two pings of the relay. Many proxies and address translators forget an idle connection after a
    /// minute. More frequent pings would only wake mobile radios, and load a relay with many waiting devices.
    public var pingInterval = Duration.seconds(45)
    /// For how many whole ping intervals in a row a device may send nothing. The relay closes the connection after one
    /// more such interval.
    public var silentIntervals = 1
    /// The most WebSocket pings and pongs that a device may send in a ``pingInterval``. An honest device sends a
    /// handful.
    public var controlFramesPerInterval = 60
    /// The most unsent bytes that the relay keeps for a device that does not read: eight times the stored messages for
    /// an offerer, which are up to 4 KiB for each of 16 meetings. Beyond this number, the relay closes the connection.
    public var outboundBytes = 512 * 1024
    /// The most connections from one address prefix that serve no device: the first request or the first frame has not
    /// arrived, or the connection carries long polling and no poll (request for frames) waits on it. An IPv4 /24 or an
    /// IPv6 /48 may have 8 times as many, an IPv6 /32 may have 64 times as many. Once half of all connections are
    /// taken, each prefix and each of these blocks may have only a share of the free ones. The relay closes further
    /// connections at once, so that no block of addresses can take every place. It does not count connections for the
    /// address of a trusted proxy, which serves many devices, but for the addresses that the proxy reports.
    public var openingPerPrefix = 256
    /// How long a long-polling session lives while no poll (request for frames) waits on it. The time allows for a lost
    /// answer, the pauses between a few retries, and a network that comes back.
    public var pollAbsence = Duration.seconds(30)
    /// The longest time that the relay keeps a poll (a request for frames) waiting before it answers without frames.
    /// Common proxies end a silent request after 50 or 60 seconds.
    public var longestPoll = Duration.seconds(25)
    /// How long the relay keeps a long-polling connection open without a request; the relay may close it up to a
    /// quarter of this time later. Proxies keep idle connections for up to a minute. A proxy should close first,
    /// because a request that it sends while the relay closes is lost. The relay uses half of this time when half of
    /// all connections are taken, and a quarter when three quarters are taken.
    public var idleTime = Duration.seconds(60)
    /// The most requests in a ``pingInterval`` on one connection, and the most in one long-polling session. A device
    /// that polls without pause makes about two hundred. Beyond this number, the relay closes the connection after the
    /// answer (the device may open another one), or ends the session.
    public var requestsPerInterval = 600
    /// The most requests that may wait on a connection behind one that the relay has not answered yet, such as a poll.
    /// Devices and proxies send no request before they have the answer to the previous one.
    public var waitingRequests = 2
    /// The number of closed long-polling sessions that the relay remembers, to answer repeated requests; beyond this
    /// number it forgets the oldest. Each takes a few hundred bytes.
    public var closedCalls = 10_000
    /// The most bytes of all request bodies together that the relay is receiving. Beyond this number, the relay cuts
    /// off a request whose body is larger than one frame, so that incomplete requests take little more memory than as
    /// many incomplete frames.
    public var bodyBytesInAll = 64 * 1024 * 1024
    /// The most bytes that all WebSockets together, or all long-polling sessions together, may leave unread: as much as
    /// all mailboxes (stores of messages) may hold. Beyond this number, the relay disconnects each device that leaves
    /// more bytes unread than one answer to a poll holds.
    public var unreadBytesInAll = 256 * 1024 * 1024
    /// The time to wait that the relay sends in `Retry-After` when it has no free connection: about as long as a peak
    /// lasts.
    public var retryAfter = Duration.seconds(30)
    /// The most bytes of all headers of a request together. Browsers and proxies stay below 4 KiB without cookies.
    public var headerBytes = 8 * 1024
    /// The most headers that a request may have.
    public var headerFields = 64
    /// The most bytes of a PROXY header. The addresses need at most 52 bytes, and what proxies add about TLS or their
    /// cloud a few hundred.
    public var proxyHeaderBytes = 2048
    /// The number of entries of a `Forwarded` or `X-Forwarded-For` header that the relay reads. One or two proxies in a
    /// row are usual.
    public var forwardedEntries = 16
    /// The most bytes of one entry of a `Forwarded` or `X-Forwarded-For` header. An address has at most 45; a
    /// `Forwarded` entry may also name a host.
    public var forwardedEntryBytes = 512
    /// How long a draining relay (one that is about to stop) waits for pairings to end: as long as a visitor that has
    /// just proved itself may take. Devices could go on at a restarted relay, so this wait is only a courtesy.
    public var drainTime = Duration.seconds(300)
    /// The least time from setting an event loop's timer (alarm) to its firing, so that many deadlines cause at most a
    /// hundred wake-ups a second.
    public var alarmGrain = Duration.milliseconds(10)

    /// The limits with their default values.
    public init() {}
}
