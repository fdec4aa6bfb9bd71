package import EasySetupFleet
package import EasySetupRelayCore

/// How a relay does at one moment: all that its metrics, its logs and its status page tell. Nothing in it names a
/// device, an address or a code.
package struct RelayStatus: Sendable {
    package var hub: HubStatus
    /// The counts of each event loop, in the order of the loops.
    package var loops: [LoopStatus]
    package var process: ProcessStatus
    package var build: BuildStatus
    /// When the first certificate of the chain expires, in seconds since 1970 UTC; nil without TLS.
    package var certificateExpiry: Int64?
    /// Whether everything could be used when settings and files were read anew for the last time.
    package var lastReloadSucceeded = true
    /// The upper bound of the memory that the relay uses, in bytes.
    package var memoryCeiling: Int
    /// When the relay began to listen, in seconds since 1970 UTC.
    package var started: Int64
    /// When this status was taken, in seconds since 1970 UTC.
    package var taken: Int64
}

/// The state that all event loops share.
package struct HubStatus: Sendable {
    package var counts: Counts
    package var statistics: Statistics
    /// Connections that the relay refused or lost, by outcome.
    package var outcomes: [(name: String, count: Int)]
    /// Open connections, and how many each loop has accepted since the start.
    package var sockets: Int
    package var accepted: [Int]
    /// Devices that have an open connection, by transport.
    package var webSocketDevices: Int
    package var longPollingDevices: Int
    /// Bytes that devices have not read, and of request bodies that are arriving.
    package var unreadBytes: Int
    package var bodyBytes: Int
    /// How full each part of the relay is: 0 is empty, 1 is full. The names are those of the limits.
    package var fill: [(limit: String, ratio: Double)]
    /// The relay's part in a fleet; nil for a relay alone.
    package var fleet: FleetStatus?
}

/// The version and the build of this program.
package struct BuildStatus: Sendable {
    package var version: String
    package var protocolName: String
    package var cores: Int
    package var isTLS: Bool
}
