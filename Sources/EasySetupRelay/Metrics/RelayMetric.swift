import EasySetupRelayCore

/// A metric of a relay: its name, its meaning, and where its values come from. `docs/metrics.md` has all of them.
struct RelayMetric: Sendable {
    /// The name in Prometheus; that of a counter ends in `_total`.
    let name: String
    let kind: Kind
    let unit: Unit?
    let help: String
    /// The values of the metric, each with its labels. Empty where the relay has none.
    let read: @Sendable (RelayStatus) -> [Sample]

    enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    enum Unit: String, Sendable {
        case seconds, bytes, ratio
    }

    enum Value: Sendable {
        case number(Double)
        case times(Histogram)
    }

    /// A value and its labels. The labels' values are words of this program, and numbers of its cores.
    struct Sample: Sendable {
        let labels: [(String, String)]
        let value: Value

        init(_ value: Value, _ labels: [(String, String)] = []) {
            self.labels = labels
            self.value = value
        }
    }
}

extension RelayMetric {
    static func counter(
        _ name: String,
        _ unit: Unit? = nil,
        _ help: String,
        _ read: @escaping @Sendable (RelayStatus) -> Int?
    ) -> RelayMetric {
        RelayMetric(name: name + "_total", kind: .counter, unit: unit, help: help) { status in
            read(status).map { [Sample(.number(Double($0)))] } ?? []
        }
    }

    static func counters(
        _ name: String,
        _ unit: Unit? = nil,
        by label: String,
        _ help: String,
        _ read: @escaping @Sendable (RelayStatus) -> [(String, Int)]
    ) -> RelayMetric {
        RelayMetric(name: name + "_total", kind: .counter, unit: unit, help: help) { status in
            read(status).map { Sample(.number(Double($0.1)), [(label, $0.0)]) }
        }
    }

    static func gauge(
        _ name: String,
        _ unit: Unit? = nil,
        _ help: String,
        _ read: @escaping @Sendable (RelayStatus) -> Double?
    ) -> RelayMetric {
        RelayMetric(name: name, kind: .gauge, unit: unit, help: help) { status in
            read(status).map { [Sample(.number($0))] } ?? []
        }
    }

    static func gauges(
        _ name: String,
        _ unit: Unit? = nil,
        by label: String,
        _ help: String,
        _ read: @escaping @Sendable (RelayStatus) -> [(String, Double)]
    ) -> RelayMetric {
        RelayMetric(name: name, kind: .gauge, unit: unit, help: help) { status in
            read(status).map { Sample(.number($0.1), [(label, $0.0)]) }
        }
    }

    static func histogram(
        _ name: String,
        _ help: String,
        _ read: @escaping @Sendable (RelayStatus) -> [Sample]
    ) -> RelayMetric {
        RelayMetric(name: name, kind: .histogram, unit: .seconds, help: help, read: read)
    }
}
