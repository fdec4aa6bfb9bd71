import Glibc

/// Two small charts on one SVG: latency over load, memory over the number of devices.
struct Picture {
    private struct Line {
        var name: String
        var points: [(x: Double, y: Double)]
    }

    private static let width = 360.0
    private static let height = 220.0
    private static let colours = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b"]

    static func svg(_ report: Report) -> String {
        let names = report.loads.map(\.name).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let latency = names.map { name in
            Line(
                name: name,
                points: report.loads.filter { $0.name == name }
                    .map { (Double($0.inFlight), Double($0.result.pairing.quantile(0.5)) / 1e6) }
            )
        }
        let kinds = report.crowds.map(\.name).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let memory = kinds.map { name in
            Line(
                name: name,
                points: report.crowds.filter { $0.name == name }.map { (Double($0.count), $0.resident / 1024) }
            )
        }
        let body =
            chart("median pairing, ms, over pairings in flight", latency.filter { $0.points.count > 1 }, at: 0)
            + chart("resident KiB per waiting device, over devices", memory.filter { !$0.points.isEmpty }, at: 1)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(2 * (width + 120)))" height="\(Int(height + 90))" \
            font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>\(body)</svg>

            """
    }

    /// Both axes are logarithmic.
    private static func chart(_ title: String, _ lines: [Line], at column: Int) -> String {
        let all = lines.flatMap(\.points)
        guard let lowX = all.map(\.x).min(), let highX = all.map(\.x).max(), let lowY = all.map(\.y).min(),
            let highY = all.map(\.y).max()
        else { return "" }
        let left = Double(column) * (width + 110) + 60
        let top = 30.0
        func place(_ value: Double, _ low: Double, _ high: Double) -> Double {
            log(max(value, 1e-3) / max(low, 1e-3)) / max(log(max(high, 1e-3) / max(low, 1e-3)), 0.01)
        }
        func x(_ value: Double) -> Double { left + place(value, lowX, highX) * width }
        func y(_ value: Double) -> Double { top + height - place(value, lowY * 0.8, highY * 1.2) * height }
        var svg = "<text x=\"\(left)\" y=\"18\">\(title)</text>"
        svg += "<path d=\"M\(left) \(top) v\(height) h\(width)\" fill=\"none\" stroke=\"#888\"/>"
        for value in Set(all.map(\.x)).sorted() {
            svg += "<text x=\"\(x(value))\" y=\"\(top + height + 14)\" text-anchor=\"middle\">\(Int(value))</text>"
        }
        for value in [lowY, highY] {
            let text = Report.digits(value, 2)
            svg += "<text x=\"\(left - 4)\" y=\"\(y(value) + 4)\" text-anchor=\"end\">\(text)</text>"
        }
        for (index, line) in lines.enumerated() {
            let colour = colours[index % colours.count]
            let points = line.points.map { "\(x($0.x)),\(y($0.y))" }.joined(separator: " ")
            svg += "<polyline points=\"\(points)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"/>"
            for point in line.points {
                svg += "<circle cx=\"\(x(point.x))\" cy=\"\(y(point.y))\" r=\"3\" fill=\"\(colour)\"/>"
            }
            let textY = top + height + 30 + Double(index % 3) * 13
            let textX = left + Double(index / 3) * 180
            svg += "<text x=\"\(textX)\" y=\"\(textY)\" fill=\"\(colour)\">\(line.name)</text>"
        }
        return svg
    }
}
