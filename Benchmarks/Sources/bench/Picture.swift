/// Two charts in one SVG: a pairing's latency by the number in flight, and a waiting device's memory by the number of
/// devices.
enum Picture {
    static func svg(_ results: Results) -> String {
        let loads = results.middleLoads.filter { $0.layout == nil && $0.inFlight != nil && $0.result.pairings > 0 }
        let latency = Subject.allCases.flatMap { subject in
            [(0.5, "median", false), (0.99, "p99", true)].map { share, name, isDashed in
                Chart.Line(
                    name: "\(subject.title), \(name)",
                    colour: colour(subject),
                    isDashed: isDashed,
                    points: loads.filter { $0.subject == subject }
                        .map { (Double($0.inFlight ?? 0), Double($0.result.pairing.quantile(share)) / 1e6) }
                )
            }
        }
        let memory = Subject.allCases.map { subject in
            Chart.Line(
                name: subject.title,
                colour: colour(subject),
                points: results.crowds.filter { $0.subject == subject }.map { (Double($0.count), $0.resident / 1024) }
            )
        }
        let charts = [
            Chart(title: "A pairing, in milliseconds", across: "pairings in flight", lines: latency),
            Chart(
                title: "Resident memory of a waiting device, in KiB",
                across: "devices waiting",
                lines: memory,
                least: 1
            ),
        ]
        let body = charts.enumerated().map { index, chart in
            "<g transform=\"translate(\(Double(index) * Chart.width) 0)\">\(chart.svg)</g>"
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(Chart.width) * charts.count)" height="\(Int(Chart.height))" \
            font-family="sans-serif" font-size="12" fill="#222">
            <rect width="100%" height="100%" fill="white"/>
            \(body.joined(separator: "\n"))
            </svg>

            """
    }

    private static func colour(_ subject: Subject) -> String {
        switch subject {
        case .plain, .cores: "#1f6fb4"
        case .tls: "#0b2f57"
        case .http: "#e07b10"
        case .https: "#9c3d00"
        case .mailbox: "#b3202a"
        case .publish: "#3c8f3c"
        case .bare: "#7a4fa3"
        case .devices: "#666666"
        }
    }
}

/// A chart with two logarithmic axes, and a legend below.
struct Chart {
    struct Line {
        var name: String
        var colour: String
        var isDashed = false
        var points: [(x: Double, y: Double)]
    }

    var title: String
    var across: String
    var lines: [Line]
    /// The vertical axis begins at this value or lower.
    var least: Double?

    static let width = 560.0
    static let height = 470.0
    private static let (left, right, top, bottom) = (52.0, 532.0, 40.0, 320.0)

    var svg: String {
        let drawn = lines.filter { !$0.points.isEmpty }
        let heading = text(Self.left, 22, title, "font-size=\"14\" font-weight=\"bold\"")
        guard let x = Axis(drawn.flatMap(\.points).map(\.x), from: Self.left, to: Self.right),
            let y = Axis(drawn.flatMap(\.points).map(\.y) + (least.map { [$0] } ?? []), from: Self.bottom, to: Self.top)
        else { return heading + text(Self.left, 60, "nothing was measured") }
        let grid =
            x.ticks.map { tick in
                path("M\(x.place(tick)) \(Self.top) V\(Self.bottom)", "#ddd")
                    + text(x.place(tick), Self.bottom + 16, Axis.label(tick), "text-anchor=\"middle\"")
            }
            + y.ticks.map { tick in
                path("M\(Self.left) \(y.place(tick)) H\(Self.right)", "#ddd")
                    + text(Self.left - 6, y.place(tick) + 4, Axis.label(tick), "text-anchor=\"end\"")
            }
        let frame = path("M\(Self.left) \(Self.top) V\(Self.bottom) H\(Self.right)", "#666")
        let middle = (Self.left + Self.right) / 2
        let below = text(middle, Self.bottom + 34, across, "text-anchor=\"middle\"")
        let names = drawn.enumerated().map { index, line in name(line, at: index) }
        return ([heading] + grid + [frame, below] + drawn.map { curve($0, x, y) } + names).joined(separator: "\n")
    }

    private func curve(_ line: Line, _ x: Axis, _ y: Axis) -> String {
        let places = line.points.map { (x: x.place($0.x), y: y.place($0.y)) }
        let way = places.enumerated().map { "\($0 == 0 ? "M" : "L")\($1.x) \($1.y)" }.joined(separator: " ")
        let dots = places.map { "<circle cx=\"\($0.x)\" cy=\"\($0.y)\" r=\"3\" fill=\"\(line.colour)\"/>" }
        return path(way, line.colour, width: 2, isDashed: line.isDashed) + dots.joined()
    }

    private func name(_ line: Line, at index: Int) -> String {
        let x = Self.left + Double(index % 2) * 245
        let y = Self.bottom + 58 + Double(index / 2) * 17
        return path("M\(x) \(y - 4) h24", line.colour, width: 2, isDashed: line.isDashed) + text(x + 30, y, line.name)
    }

    private func path(_ way: String, _ colour: String, width: Int = 1, isDashed: Bool = false) -> String {
        let dashes = isDashed ? " stroke-dasharray=\"5 4\"" : ""
        return "<path d=\"\(way)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"\(width)\"\(dashes)/>"
    }

    private func text(_ x: Double, _ y: Double, _ text: String, _ attributes: String = "") -> String {
        "<text x=\"\(x)\" y=\"\(y)\" \(attributes)>\(text)</text>"
    }
}
