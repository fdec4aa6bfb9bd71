/// The kernel's counters of connections that had to be tried again, for the whole network namespace of this process.
struct NetworkCounters: Equatable {
    /// Connections for which a listening socket's accept queue had no room.
    var overflows = 0
    /// Connections that a listening socket dropped for any reason, overflows included.
    var drops = 0
    /// SYN packets that were sent again, a second or more after the first.
    var retransmitted = 0

    /// The counters now; nil where they can't be read.
    static var now: NetworkCounters? { Machine.file("/proc/net/netstat").flatMap { NetworkCounters(netstat: $0) } }

    /// Parses `/proc/net/netstat`: a line of names, and one of values in the same order.
    init?(netstat: String) {
        let lines = netstat.split(separator: "\n").filter { $0.hasPrefix("TcpExt:") }
        guard lines.count == 2 else { return nil }
        let values = Dictionary(
            zip(lines[0].split(separator: " "), lines[1].split(separator: " ")).map { ($0, Int($1)) },
            uniquingKeysWith: { first, _ in first }
        )
        guard let overflows = values["ListenOverflows"] ?? nil, let drops = values["ListenDrops"] ?? nil,
            let retransmitted = values["TCPSynRetrans"] ?? nil
        else { return nil }
        self.init(overflows: overflows, drops: drops, retransmitted: retransmitted)
    }

    init(overflows: Int, drops: Int, retransmitted: Int) {
        self.overflows = overflows
        self.drops = drops
        self.retransmitted = retransmitted
    }

    static func - (after: Self, before: Self) -> Self {
        NetworkCounters(
            overflows: after.overflows - before.overflows,
            drops: after.drops - before.drops,
            retransmitted: after.retransmitted - before.retransmitted
        )
    }
}
