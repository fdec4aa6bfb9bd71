import Glibc

/// Prints each result as soon as it is measured: tables for people, JSON lines for programs.
struct Report {
    private(set) var results = Results()
    private let lines: JSONLines
    /// The header of the table that is being printed.
    private var head = ""

    /// - Parameter json: the file for JSON lines.
    init(json: String?) {
        lines = JSONLines(json)
    }

    func begin(on machine: String) {
        print(machine)
        lines.add("machine", [("description", .text(machine))])
    }

    mutating func add(_ row: Results.LoadRow) {
        results.loads.append(row)
        tell(Self.loads, Self.cells(row))
        let result = row.result
        for (place, count) in result.failures.sorted(by: { $0.key < $1.key }) { print("    \(count) failed: \(place)") }
        if let network = result.network, network != NetworkCounters(overflows: 0, drops: 0, retransmitted: 0) {
            print("    \(network.overflows) overflows, \(network.drops) drops, \(network.retransmitted) opened late")
        }
        lines.add(
            "load",
            [
                ("name", .text(row.name)), ("in_flight", row.inFlight.map { .number(Double($0)) } ?? .none),
                ("cores", row.layout.map { .number(Double($0.cores)) } ?? .none),
                ("relays", row.layout.map { .number(Double($0.relays)) } ?? .none),
                ("pairings_per_second", .number(result.rate)),
                ("server_us_per_pairing", .number(result.serverCost)),
                ("server_share_of_core", .number(result.serverUse)),
                ("generator_us_per_pairing", .number(result.ownCost)),
                ("generator_share_of_core", .number(result.ownUse)),
                ("others_share_of_core", .number(result.otherUse)),
                ("failures", .number(Double(result.failed))),
                ("listen_overflows", Self.number(result.network?.overflows)),
                ("listen_drops", Self.number(result.network?.drops)),
                ("retransmitted_syns", Self.number(result.network?.retransmitted)),
            ] + Self.fields("pairing", result.pairing) + Self.fields("message", result.message)
        )
    }

    mutating func add(_ row: Results.CrowdRow) {
        results.crowds.append(row)
        tell(Self.crowds, Self.cells(row))
        lines.add(
            "crowd",
            [
                ("name", .text(row.subject.title)), ("waiting", .number(Double(row.count))),
                ("seconds_to_accept", .number(row.seconds)), ("resident_bytes_each", .number(row.resident)),
                ("proportional_bytes_each", row.proportional.map { .number($0) } ?? .none),
                ("resident_bytes_before", Self.number(row.before.resident)),
                ("resident_bytes_full", Self.number(row.full.resident)),
                ("resident_bytes_after", Self.number(row.after.resident)), ("kept_share", .number(row.kept)),
                ("server_us_per_pairing_before", .number(row.empty.serverCost)),
                ("server_us_per_pairing_meanwhile", .number(row.load.serverCost)),
                ("failures", .number(Double(row.empty.failed + row.load.failed))),
            ]
        )
    }

    mutating func add(_ devices: Devices) {
        results.devices = devices
        head = ""
        print(
            """

            The devices' cryptography, \(devices.pairings) pairings: \(digits(devices.cost, 2)) ms of CPU for both, of \
            which \(digits(devices.offererCost, 2)) at the one that shows the code.
            """
        )
        lines.add(
            "devices",
            [
                ("pairings", .number(Double(devices.pairings))), ("both_ms_of_cpu", .number(devices.cost)),
                ("offerer_ms_of_cpu", .number(devices.offererCost)),
                ("visitor_ms_of_cpu", .number(devices.visitorCost)),
            ]
        )
    }

    /// - Parameter what: the name of the measurement that is left out.
    mutating func leaveOut(_ subject: Subject, _ what: String, _ why: String, isFailure: Bool = false) {
        results.leftOut.append(Results.LeftOut(subject: subject, why: why, isFailure: isFailure))
        let name = "\(subject.title), \(what)"
        print("\(name): \(isFailure ? "failed" : "left out"). \(why)")
        lines.add("left_out", [("name", .text(name)), ("why", .text(why)), ("failed", .boolean(isFailure))])
    }

    /// Prints the last table, the targets and whether they were met.
    mutating func end() {
        if let devices = results.devices, let relay = Targets.load(results, .plain, 16) {
            print(
                """

                A whole pairing takes \(digits(devices.cost, 2)) ms of CPU at its two devices, their network not counted, and \
                \(digits(relay.serverCost / 1e3, 2)) ms at the relay.
                """
            )
        }
        let others =
            (results.loads.map(\.result) + results.crowds.flatMap { [$0.empty, $0.load] }).map(\.otherUse).max() ?? 0
        if others > 0.2 {
            print(
                "\nOther programs used up to \(digits(others * 100, 0)) % of a core meanwhile: a quiet machine says more."
            )
        }
        for row in Targets.rows(of: results) {
            tell(Self.reach, [row.what, row.bound, row.verdict.rawValue, row.measured])
            lines.add(
                "reach",
                [
                    ("what", .text(row.what)), ("bound", .text(row.bound)),
                    ("figure", row.figure.map { .number($0) } ?? .none), ("measured", .text(row.measured)),
                    ("verdict", .text(row.verdict.rawValue)),
                ]
            )
        }
    }

    private mutating func tell(_ table: Table, _ cells: [String]) {
        if head != table.head {
            head = table.head
            print("\n" + head)
        }
        print(table.row(cells))
        fflush(nil)
    }

    // MARK: Tables

    private static let loads = Table(columns: [
        ("load", 22), ("in flight", 9), ("pairings/s", 10), ("server µs", 9), ("server %", 8), ("generator µs", 12),
        ("generator %", 11), ("pairing p50", 11), ("p90", 7), ("p99", 7), ("max", 7), ("message p50", 11), ("p99", 7),
        ("max", 7), ("failed", 6), ("others %", 8),
    ])

    private static let crowds = Table(columns: [
        ("waiting", 22), ("devices", 9), ("came in s", 10), ("KiB each", 9), ("Pss KiB", 8), ("MiB before", 10),
        ("full", 6), ("after", 6), ("kept %", 7), ("empty µs", 9), ("pairing µs", 11), ("failed", 6),
    ])

    private static let reach = Table(columns: [("reach", 56), ("at least", 16), ("", 12), ("measured", 58)])

    private static func cells(_ row: Results.LoadRow) -> [String] {
        let result = row.result
        return [
            row.name, row.inFlight.map { "\($0)" } ?? "", digits(result.rate, 0), digits(result.serverCost, 1),
            digits(result.serverUse * 100, 0), digits(result.ownCost, 1), digits(result.ownUse * 100, 0),
        ] + [0.5, 0.9, 0.99].map { micro(result.pairing.quantile($0)) } + [micro(result.pairing.maximum)]
            + [0.5, 0.99].map { micro(result.message.quantile($0)) } + [micro(result.message.maximum)]
            + ["\(result.failed)", digits(result.otherUse * 100, 0)]
    }

    private static func cells(_ row: Results.CrowdRow) -> [String] {
        [
            row.subject.title, "\(row.count)", digits(row.seconds, 2), digits(row.resident / 1024, 2),
            row.proportional.map { digits($0 / 1024, 2) } ?? "",
        ] + [row.before, row.full, row.after].map { digits(Double($0.resident) / 1_048_576, 0) }
            + [
                digits(row.kept * 100, 0), digits(row.empty.serverCost, 1), digits(row.load.serverCost, 1),
                "\(row.empty.failed + row.load.failed)",
            ]
    }

    private static func micro(_ nanoseconds: UInt64) -> String { digits(Double(nanoseconds) / 1e3, 0) }

    private static func number(_ value: Int?) -> JSONLines.Field { value.map { .number(Double($0)) } ?? .none }

    private static func fields(_ name: String, _ times: Histogram) -> [(String, JSONLines.Field)] {
        [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1)].map { part, share in
            ("\(name)_us_\(part)", .number(Double(times.quantile(share)) / 1e3))
        }
    }
}
