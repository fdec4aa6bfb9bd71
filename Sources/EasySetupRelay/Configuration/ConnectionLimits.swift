/// The limits on each connection, and on all connections together. Each limit has a reason (`Protocol/limits.md`, "The
/// relay's transport").
public struct ConnectionLimits: Sendable, Equatable {
    /// The most simultaneous connections. Further ones wait in the listen backlog (the system's queue of unaccepted
    /// connections), where they cost the relay nothing. A connection takes about 22 KiB with TLS, so all together take
    /// about a gigabyte. The limit is never higher than the number of files that the process may open.
    public var connections = 50_000
    /// How many of these connections (at most an eighth) are reserved for returning devices, health checks, and
    /// refusals of all other devices. They are enough for some seconds of a rush, because each of these takes only
    /// milliseconds.
    public var keptConnections = 1_024
    /// The length of the system's queue of unaccepted connections. It holds as many as arrive in one second when all
    /// devices come back after a restart.
    public var backlog: Int32 = 4096
    /// The time for the first request, from accepting the connection to the end of the request, TLS included; and for
    /// each later request, from its first byte to its end. It is enough for four round trips on a bad mobile network.
    public var openingTime = Duration.seconds(10)
    /// How long the relay waits for the peer's close frame after its own: a little over one round trip.
    public var closingTime = Duration.seconds(3)
    /// The time between two pings of the relay. Many proxies and address translators forget an idle connection after a
    /// minute. More frequent pings would only wake mobile radios, and load a relay with many waiting devices.
    public var pingInterval = Duration.seconds(45)
    /// The number of whole ping intervals in which a device may be silent. The relay closes the connection after one
    /// more silent interval.
    public var silentIntervals = 1
    /// The most pings and pongs that a device may send in a ping interval. An honest device sends a handful.
    public var controlFramesPerInterval = 60
    /// The most unsent bytes that the relay keeps for a device that does not read: more than all mailboxes (stored
    /// messages) of an offerer that comes back, with 16 meetings of 4 KiB. Beyond this, the relay closes the
    /// connection.
    public var outboundBytes = 512 * 1024
    /// The most connections from one address prefix that serve no device. On such a connection the first request or the
    /// first frame has not arrived yet, or it carries long polling and no poll is waiting on it. Wider blocks of
    /// addresses may have 8 and 64 times as many. Once half of all connections are taken, each block may have only a
    /// share of the free ones. The relay closes further connections at once, so that no block of addresses can take
    /// every place. The relay does not count connections from trusted proxies, because each serves many devices. It
    /// counts the addresses that the proxies report.
    public var openingPerPrefix = 256
    /// How long a long-polling session lives without a waiting poll. The time allows for a lost answer, the pauses
    /// between a few retries, and a network that comes back.
    public var pollAbsence = Duration.seconds(30)
    /// The longest time for which the relay holds a poll before it answers. Common proxies end a silent request after
    /// 50 or 60 seconds.
    public var longestPoll = Duration.seconds(25)
    /// How long a connection of long polling is kept open without a request. The relay closes it up to a quarter later.
    /// Proxies keep idle connections for up to a minute. It is better that the proxy closes first, because a request
    /// that it sends while the relay closes is lost. The relay halves the time when half of all connections are taken,
    /// and takes a quarter of it when three quarters are taken.
    public var idleTime = Duration.seconds(60)
    /// The most requests in a ``pingInterval``, on one connection and from one long-polling device. A device that polls
    /// without pause makes about two hundred. Beyond this, the relay closes the connection after the answer (the device
    /// may open another one), and disconnects the device.
    public var requestsPerInterval = 600
    /// The most requests that may wait on a connection behind one that is not answered yet, such as a poll. Devices and
    /// proxies send no request before the answer to the last one.
    public var waitingRequests = 2
    /// The number of closed long-polling sessions that the relay remembers, to answer repeated requests. Beyond this,
    /// it forgets the oldest. Each takes a few hundred bytes.
    public var closedCalls = 10_000
    /// The most bytes of all request bodies that the relay is receiving. Beyond this, it cuts off a request whose body
    /// is larger than one frame, so that incomplete requests take little more memory than as many incomplete frames.
    public var bodyBytesInAll = 64 * 1024 * 1024
    /// The most bytes that wait for all devices of one transport, because they have not read or polled them: as much as
    /// all mailboxes may hold. Beyond this, the relay disconnects a device for which more bytes wait than one answer
    /// holds.
    public var unreadBytesInAll = 256 * 1024 * 1024
    /// The wait that a relay without a free connection asks for in `Retry-After`: about as long as a peak lasts.
    public var retryAfter = Duration.seconds(30)
    /// The most bytes of all headers of a request together. Browsers and proxies stay below 4 KiB without cookies.
    public var headerBytes = 8 * 1024
    /// The most headers that a request may have.
    public var headerFields = 64
    /// The most bytes of a PROXY header. The addresses need at most 52. What proxies add about TLS or their cloud needs
    /// a few hundred.
    public var proxyHeaderBytes = 2048
    /// The number of entries of a `Forwarded` or `X-Forwarded-For` header that the relay reads. One or two proxies in a
    /// row are usual.
    public var forwardedEntries = 16
    /// The most bytes of such an entry. An address has at most 45; a `Forwarded` entry may also name a host.
    public var forwardedEntryBytes = 512
    /// How long a draining relay waits for pairings to end: as long as a pairing that has just been seated may take.
    /// Devices come back to a restarted relay, so this wait is only a courtesy.
    public var drainTime = Duration.seconds(300)
    /// The least time between two timer events (alarms) of an event loop, so that many deadlines cause at most a
    /// hundred wake-ups a second.
    public var alarmGrain = Duration.milliseconds(10)

    /// The limits with their default values.
    public init() {}
}
