import Glibc

/// What was measured: a line for people as soon as it is there, tables of all of it at the end, JSON lines for programs, and
/// a picture.
struct Report {
    /// One load.
    struct LoadRow {
        var name: String
        var inFlight: Int
        var result: LoadResult
    }

    /// One crowd.
    struct CrowdRow {
        var name: String
        var count: Int
        var seconds: Double
        var before: ProcessFigures
        var full: ProcessFigures
        var after: ProcessFigures
        var load: LoadResult

        /// Bytes each.
        var resident: Double { Double(full.resident - before.resident) / Double(count) }
        var proportional: Double? {
            guard let full = full.proportional, let before = before.proportional else { return nil }
            return Double(full - before) / Double(count)
        }
        /// What is left when they are gone, as a share of what they took.
        var kept: Double { Double(after.resident - before.resident) / Double(max(1, full.resident - before.resident)) }
    }

    private(set) var loads: [LoadRow] = []
    private(set) var crowds: [CrowdRow] = []
    private var file: UnsafeMutablePointer<FILE>?

    init(json: String?) {
        file = json.flatMap { fopen($0, "w") }
    }

    mutating func add(_ row: LoadRow) {
        loads.append(row)
        print(Self.loadHead.row(Self.cells(row)))
        fflush(nil)
        write(
            [
                ("kind", .text("load")), ("name", .text(row.name)), ("in_flight", .number(Double(row.inFlight))),
                ("pairings_per_second", .number(row.result.rate)),
                ("server_us_per_pairing", .number(row.result.serverCost)),
                ("server_share_of_core", .number(row.result.serverUse)),
                ("generator_us_per_pairing", .number(row.result.ownCost)),
                ("generator_share_of_core", .number(row.result.ownUse)),
                ("failures", .number(Double(row.result.failures.values.reduce(0, +)))),
            ] + Self.fields("pairing", row.result.pairing) + Self.fields("message", row.result.message)
        )
        for (place, count) in row.result.failures { print("    failed: \(place), \(count) times") }
    }

    mutating func add(_ row: CrowdRow) {
        crowds.append(row)
        print(Self.crowdHead.row(Self.cells(row)))
        fflush(nil)
        write([
            ("kind", .text("crowd")), ("name", .text(row.name)), ("waiting", .number(Double(row.count))),
            ("seconds_to_accept", .number(row.seconds)), ("resident_bytes_each", .number(row.resident)),
            ("proportional_bytes_each", .number(row.proportional ?? -1)), ("kept_share", .number(row.kept)),
            ("server_us_per_pairing_meanwhile", .number(row.load.serverCost)),
            ("failures", .number(Double(row.load.failures.values.reduce(0, +)))),
        ])
    }

    mutating func add(line name: String, _ fields: [(String, JSONField)]) {
        write([("kind", .text(name))] + fields)
    }

    // MARK: Tables

    static let loadHead = Table(columns: [
        ("load", 26), ("in flight", 9), ("pairings/s", 10), ("server µs", 9), ("server %", 8), ("generator µs", 12),
        ("pairing p50", 11), ("p90", 8), ("p99", 8), ("max", 8), ("message p50", 11), ("p99", 8), ("max", 8),
    ])

    static let crowdHead = Table(columns: [
        ("waiting", 26), ("devices", 9), ("came in s", 10), ("KiB each", 9), ("Pss KiB", 8), ("kept %", 8),
        ("pairing µs", 11),
    ])

    private static func cells(_ row: LoadRow) -> [String] {
        let result = row.result
        return [
            row.name, "\(row.inFlight)", digits(result.rate, 0), digits(result.serverCost, 1),
            digits(result.serverUse * 100, 0), digits(result.ownCost, 1),
        ] + [0.5, 0.9, 0.99].map { micro(result.pairing.quantile($0)) } + [micro(result.pairing.maximum)]
            + [0.5, 0.99].map { micro(result.message.quantile($0)) } + [micro(result.message.maximum)]
    }

    private static func cells(_ row: CrowdRow) -> [String] {
        [
            row.name, "\(row.count)", digits(row.seconds, 2), digits(row.resident / 1024, 2),
            row.proportional.map { digits($0 / 1024, 2) } ?? "", digits(row.kept * 100, 0),
            digits(row.load.serverCost, 1),
        ]
    }

    static func micro(_ nanoseconds: UInt64) -> String { digits(Double(nanoseconds) / 1e3, 0) }

    static func digits(_ value: Double, _ places: Int) -> String {
        let scale = places == 0 ? 1.0 : places == 1 ? 10.0 : 100.0
        let rounded = (value * scale).rounded() / scale
        return places == 0 ? "\(Int(rounded))" : "\(rounded)"
    }

    // MARK: JSON lines

    enum JSONField {
        case text(String)
        case number(Double)
    }

    private static func fields(_ name: String, _ times: Histogram) -> [(String, JSONField)] {
        [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1)].map { part, share in
            ("\(name)_us_\(part)", .number(Double(times.quantile(share)) / 1e3))
        }
    }

    private func write(_ fields: [(String, JSONField)]) {
        guard let file else { return }
        let parts = fields.map { name, field in
            switch field {
            case .text(let text): "\"\(name)\":\"\(text)\""
            case .number(let number): "\"\(name)\":\(number)"
            }
        }
        fputs("{\(parts.joined(separator: ","))}\n", file)
        fflush(file)
    }
}

/// Columns of text, numbers to the right.
struct Table {
    var columns: [(name: String, width: Int)]

    var head: String { row(columns.map(\.name)) }

    func row(_ cells: [String]) -> String {
        zip(cells, columns).enumerated().map { index, pair in
            let (cell, column) = pair
            let gap = String(repeating: " ", count: max(0, column.width - cell.count))
            return index == 0 ? cell + gap : gap + cell
        }
        .joined(separator: "  ")
    }
}
