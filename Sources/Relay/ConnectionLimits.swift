/// What a relay bears from one connection, and how many it bears. Every number with its reason
/// (`Protocol/operating.md`, "Limits of a connection").
public struct ConnectionLimits: Sendable, Equatable {
    /// Connections at a time. Those beyond it wait in the listen backlog, and cost nothing there. About 10 KiB each with
    /// TLS's share, so half a gigabyte at the most; never more than the process may open files.
    public var connections = 50_000
    /// How many unaccepted connections the system keeps: a second's worth of a crowd that comes back after a restart.
    public var backlog: Int32 = 4096
    /// From accepting to the end of the upgrade request, TLS included: four round trips on a bad mobile network.
    public var openingTime = Duration.seconds(10)
    /// From our close frame to the peer's: one round trip and some.
    public var closingTime = Duration.seconds(3)
    /// After so long without a sign of life a ping goes out. Many address translators forget an idle connection after a
    /// minute, and mobile radios dislike shorter intervals.
    public var pingInterval = Duration.seconds(30)
    /// A connection that stays silent for so many intervals after a ping is lost.
    public var silentIntervals = 2
    /// Pings and pongs a device may send per interval. An honest one sends a handful.
    public var controlFramesPerInterval = 60
    /// Bytes waiting to be sent to a peer that does not read: more than all the mailboxes of an offerer that comes back
    /// (16 meetings of 16 KiB).
    public var outboundBytes = 512 * 1024
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
    /// Alarms are set no closer than this, so that a crowd of deadlines costs a hundred wake-ups a second at most.
    public var alarmGrain = Duration.milliseconds(10)

    /// The defaults.
    public init() {}
}
