/// Writes metrics in the text format of Prometheus, version 0.0.4, or in that of OpenMetrics, version 1.0.0.
package struct PrometheusText {
    package enum Format: Sendable {
        case prometheus, openMetrics

        package var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package enum Value: Sendable {
        case number(Double)
        case histogram(Buckets)
    }

    /// How many values are in each bucket, the last of which has no bound, and the sum of all.
    package struct Buckets: Sendable {
        let bounds: [Double]
        let counts: [Int]
        let sum: Double
    }

    /// The bounds of a histogram for which nobody gave any, in seconds.
    static let usualBounds: [Double] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private let format: Format
    private var text = ""

    package init(_ format: Format) {
        self.format = format
    }

    /// Adds a metric with all its series.
    /// - Parameters:
    ///   - name: the name of its values; that of a counter ends in `_total`.
    ///   - unit: the unit in which the name ends. It is told in OpenMetrics alone, because the other format has no word
    ///     for it.
    package mutating func add(
        _ name: String,
        _ kind: Kind,
        help: String,
        unit: String?,
        _ series: [(labels: [(String, String)], value: Value)]
    ) {
        guard !series.isEmpty else { return }
        // In OpenMetrics a counter's metric is named without the suffix of its values.
        let total = "_total"
        let isSuffixed = kind == .counter && name.hasSuffix(total)
        let bare = isSuffixed ? String(name.dropLast(total.count)) : name
        let metric = format == .openMetrics ? bare : name
        let values = kind == .counter && format == .openMetrics ? bare + total : name
        if !help.isEmpty { text += "# HELP \(metric) \(escaped(help, quotes: format == .openMetrics))\n" }
        text += "# TYPE \(metric) \(kind.rawValue)\n"
        if let unit, format == .openMetrics, metric.hasSuffix("_" + unit) { text += "# UNIT \(metric) \(unit)\n" }
        for (labels, value) in series {
            switch value {
            case .number(let number): line(values, labels, number)
            case .histogram(let buckets): add(buckets, name, labels)
            }
        }
    }

    private mutating func add(_ buckets: Buckets, _ name: String, _ labels: [(String, String)]) {
        var count = 0
        for (bound, inBucket) in zip(buckets.bounds + [.infinity], buckets.counts) {
            count += inBucket
            line(name + "_bucket", labels + [("le", Self.bound(bound))], Double(count))
        }
        line(name + "_sum", labels, buckets.sum)
        line(name + "_count", labels, Double(count))
    }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.0)=\"\(escaped($0.1, quotes: true))\"" }.joined(separator: ",") + "}"
        }
        text += " \(Self.number(value))\n"
    }

    /// The whole text. In OpenMetrics it has a mark at its end, so that a reader notices when a part is missing.
    package consuming func finished() -> String {
        format == .openMetrics ? text + "# EOF\n" : text
    }

    // MARK: Words

    private func escaped(_ text: String, quotes: Bool) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\"" where quotes: out += "\\\""
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
    }

    /// A bound in the one form that OpenMetrics allows: with a point.
    private static func bound(_ value: Double) -> String { value.isInfinite ? "+Inf" : "\(value)" }

    /// A name as Prometheus allows it: letters, digits, `_` and `:`, and no digit in front.
    static func metricName(_ name: String) -> String { cleaned(name, allowsColon: true) }

    /// A label's name as Prometheus allows it: letters, digits and `_`, and no digit in front.
    static func labelName(_ name: String) -> String { cleaned(name, allowsColon: false) }

    private static func cleaned(_ name: String, allowsColon: Bool) -> String {
        let mapped = String(
            name.unicodeScalars.map { scalar -> Character in
                let isLetter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
                let isDigit = ("0"..."9").contains(scalar)
                return isLetter || isDigit || allowsColon && scalar == ":" ? Character(scalar) : "_"
            }
        )
        guard let first = mapped.unicodeScalars.first else { return "_" }
        return ("0"..."9").contains(first) ? "_" + mapped : mapped
    }
}

extension PrometheusText.Format {
    /// The format that a request asks for by its header `Accept` (RFC 9110, 12.5.1): that of OpenMetrics only where it
    /// is wanted at least as much as plain text.
    package init(accept: [String]) {
        var weights: [String: Double] = [:]
        for item in accept.flatMap({ $0.split(separator: ",") }) {
            let parts = item.split(separator: ";").map { $0.drop { $0 == " " || $0 == "\t" }.lowercased() }
            guard let type = parts.first else { continue }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            weights[type] = max(quality, weights[type] ?? 0)
        }
        let open = weights["application/openmetrics-text"] ?? 0
        let plain = weights["text/plain"] ?? weights["text/*"] ?? 0
        self = open > 0 && open >= plain ? .openMetrics : .prometheus
    }
}
