import Glibc

/// Measures relays that share a Redis, with the two devices of a pairing at different relays, against one relay alone.
struct FleetMeasure {
    /// The relays, and where the devices of a pairing are.
    enum Layout: CaseIterable {
        /// One relay without a fleet.
        case alone
        /// Two relays without a fleet, each with pairings of its own: as many processes on the machine's cores as with two
        /// relays of a fleet, but for Redis.
        case apart
        /// One relay of a fleet of one, so that no pairing needs another relay.
        case one
        /// The devices of each pairing are at different relays.
        case two, four

        var relays: Int {
            switch self {
            case .alone, .one: 1
            case .apart, .two: 2
            case .four: 4
            }
        }

        var title: String {
            switch self {
            case .alone: "a relay alone"
            case .apart: "2 relays, each alone"
            case .one: "1 relay, Redis"
            case .two: "2 relays, Redis"
            case .four: "4 relays, Redis"
            }
        }
    }

    /// The figures of one run.
    struct Row {
        let layout: Layout
        let inFlight: Int
        let result: LoadResult
        /// The CPU time of Redis for one pairing, in microseconds; nil without Redis.
        let redis: Double?
        /// The commands that Redis carried out for one pairing, by name.
        let commands: [String: Double]
    }

    let servers: Servers
    let seconds: Double

    /// Runs all layouts, one after the other, and the whole as often as `rounds` says. Returns the figures.
    func run(rounds: Int, inFlight: [Int]) throws(BenchError) -> [Row] {
        var rows: [Row] = []
        for _ in 0..<rounds {
            for count in inFlight {
                for layout in Layout.allCases { rows.append(try run(layout, count)) }
            }
        }
        return rows
    }

    private func run(_ layout: Layout, _ inFlight: Int) throws(BenchError) -> Row {
        let isFleet = layout != .alone && layout != .apart
        let redis = isFleet ? try Server(PublishScheme.command, pin: nil) : nil
        let relays = try servers.startRelays(layout.relays, redis: redis?.port)
        defer { withExtendedLifetime((redis, relays)) {} }
        // The relays join, and claim slots ahead of need.
        usleep(1_000_000)
        let scheme = isFleet ? servers.acrossScheme(relays) : servers.scheme(.plain, relays)
        let load = Load(scheme: scheme, poller: Poller(), pace: .inFlight(inFlight))
        let before = redis.map { RedisFigures($0) }
        let result = try load.run(seconds: seconds, warmUp: 1, servers: relays.map(\.process))
        guard let redis, let before else {
            return Row(layout: layout, inFlight: inFlight, result: result, redis: nil, commands: [:])
        }
        let after = RedisFigures(redis)
        // Redis is measured over the warm-up, too, so per pairing that either has had.
        let pairings = Double(load.finishedInAll)
        return Row(
            layout: layout,
            inFlight: inFlight,
            result: result,
            redis: (after.cpu - before.cpu) * 1e6 / pairings,
            commands: after.commands.reduce(into: [:]) { commands, entry in
                let count = entry.value - (before.commands[entry.key] ?? 0)
                if count > 0 { commands[entry.key] = Double(count) / pairings }
            }
        )
    }

    /// Prints the figures and the ratios that the fleet is held to.
    /// - Returns: whether all of them are met.
    static func tell(_ rows: [Row]) -> Bool {
        print(table.head)
        for row in rows { print(table.row(cells(row))) }
        var areMet = true
        for inFlight in Set(rows.map(\.inFlight)).sorted() {
            func middle(_ layout: Layout, _ figure: (Row) -> Double?) -> Double? {
                let figures = rows.filter { $0.layout == layout && $0.inFlight == inFlight }.compactMap(figure).sorted()
                return figures.isEmpty ? nil : figures[figures.count / 2]
            }
            guard let alone = middle(.alone, { $0.result.serverCost }),
                let apart = middle(.apart, { $0.result.serverCost }),
                let across = middle(.two, { $0.result.serverCost }),
                let commands = middle(.two, { $0.commands.values.reduce(0, +) }),
                let redis = middle(.two, \.redis),
                let slow = middle(.two, { Double($0.result.pairing.quantile(0.5)) / 1e6 }),
                let fast = middle(.alone, { Double($0.result.pairing.quantile(0.5)) / 1e6 })
            else { continue }
            print("\n\(inFlight) in flight:")
            // With few pairings at once the CPU goes into waking up for each message, and there is plenty of it.
            let isBusy = inFlight == rows.map(\.inFlight).max()
            areMet = areMet && commands <= 14 && (!isBusy || across / alone <= 2)
            let bound = isBusy ? " (at most 2)" : ""
            print("  relays' CPU across against one relay alone: \(digits(across / alone, 2)) ×\(bound)")
            print("  relays' CPU across against two relays, each alone: \(digits(across / apart, 2)) ×")
            print("  Redis' commands: \(digits(commands, 1)) (at most 14)")
            print("  Redis' CPU against the relays': \(digits(redis / across, 2))")
            if inFlight == 1 {
                areMet = areMet && slow - fast <= 2
                let times = "\(digits(fast, 2)) and \(digits(slow, 2))"
                print("  a pairing takes \(digits(slow - fast, 2)) ms longer (at most 2): \(times)")
            }
        }
        return areMet
    }

    private static let table = Table(columns: [
        ("layout", 20), ("in flight", 9), ("pairings/s", 10), ("relays µs", 9), ("Redis µs", 8), ("commands", 8),
        ("PUBLISH", 7), ("pairing p50 ms", 14), ("p99", 7), ("failed", 6),
    ])

    private static func cells(_ row: Row) -> [String] {
        let commands = row.commands.values.reduce(0, +)
        return [
            row.layout.title, "\(row.inFlight)", digits(row.result.rate, 0), digits(row.result.serverCost, 1),
            row.redis.map { digits($0, 1) } ?? "", row.redis == nil ? "" : digits(commands, 1),
            row.commands["publish"].map { digits($0, 1) } ?? "",
            digits(Double(row.result.pairing.quantile(0.5)) / 1e6, 2),
            digits(Double(row.result.pairing.quantile(0.99)) / 1e6, 2), "\(row.result.failed)",
        ]
    }
}

/// The work of a Redis server so far.
private struct RedisFigures {
    let cpu: Double
    /// How often each command was carried out.
    let commands: [String: Int]

    init(_ server: Server) {
        cpu = ProcessFigures(of: server.process)?.cpu ?? 0
        var commands: [String: Int] = [:]
        for line in Servers.output(of: "redis-cli -p \(server.port) info commandstats").split(separator: "\r\n") {
            guard line.hasPrefix("cmdstat_"), let colon = line.firstIndex(of: ":"),
                let calls = line[colon...].firstRange(of: "calls="),
                let count = Int(line[calls.upperBound...].prefix { $0.isNumber })
            else { continue }
            commands[String(line[..<colon].dropFirst("cmdstat_".count))] = count
        }
        self.commands = commands
    }
}
