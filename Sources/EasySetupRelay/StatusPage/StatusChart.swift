/// A chart of the last hour. The script draws it from the columns of `history` in `/status.json`.
struct StatusChart: Sendable {
    /// How the values are drawn.
    enum Kind: String, Sendable {
        /// The sums of each minute, one series above the other.
        case bars
        /// The sums of each minute, as lines.
        case rates
        /// The values as they were, as lines.
        case lines
    }

    let name: String
    let title: String
    let kind: Kind
    let format: StatusFormat
    /// The columns of `history`, each with its label.
    let series: [(column: String, label: String)]

    static let all: [StatusChart] = [
        StatusChart(
            name: "pairings",
            title: "Pairings that ended, each minute",
            kind: .bars,
            format: .count,
            series: [("done", "done"), ("not_done", "ended otherwise")]
        ),
        StatusChart(
            name: "codes",
            title: "Codes and pairings in hand",
            kind: .lines,
            format: .count,
            series: [("codes", "codes living"), ("pairings", "pairings in hand")]
        ),
        StatusChart(
            name: "devices",
            title: "Devices and connections",
            kind: .lines,
            format: .count,
            series: [
                ("websocket", "devices by WebSocket"), ("long_polling", "devices by long polling"),
                ("connections", "open connections"),
            ]
        ),
        StatusChart(
            name: "refusals",
            title: "Turned away, and limits hit, each minute",
            kind: .rates,
            format: .count,
            series: [("turned_away", "devices turned away"), ("limit_hits", "limits hit")]
        ),
        StatusChart(
            name: "lag",
            title: "Event loop lag",
            kind: .lines,
            format: .milliseconds,
            series: [("lag", "the worst in half a minute")]
        ),
        StatusChart(
            name: "memory",
            title: "Resident memory",
            kind: .lines,
            format: .bytes,
            series: [("memory", "resident memory")]
        ),
    ]

    /// The place of the chart in the page. It is hidden until the script has drawn it.
    var html: HTML {
        let items = series.enumerated().map { place, series -> HTML in
            """
            <li data-series="\(series.column)"><svg class="key" viewBox="0 0 24 12" aria-hidden="true">\
            <path class="\(kind == .bars ? "bar" : "line") s\(String(place))" \
            d="\(kind == .bars ? "M1 1h22v10h-22z" : "M1 6h22")"/></svg> \(series.label)</li>
            """
        }
        return """
            <figure class="chart card" id="chart-\(name)" data-kind="\(kind.rawValue)" data-as="\(format.rawValue)" hidden>
            <figcaption><h3>\(title)</h3><ul class="legend">\(items)</ul></figcaption>
            </figure>

            """
    }
}
