import CoreMetrics
import Synchronization

/// A `MetricsFactory` that keeps all values in memory and tells them in the text formats of Prometheus
/// (``PrometheusText``).
final class PrometheusFactory: MetricsFactory {
    /// The texts of a metric besides its values.
    struct Description: Sendable {
        let name: String
        let help: String
        /// The unit in which the name ends; nil if it ends in none.
        let unit: String?
    }

    private let descriptions: [String: Description]
    private let families = Mutex(Families())

    private struct Families {
        /// The names in the order in which they were first made.
        var names: [String] = []
        var byName: [String: Family] = [:]
    }

    private struct Family {
        let kind: PrometheusText.Kind
        var cells: [Cell] = []
    }

    init(_ descriptions: [Description] = []) {
        self.descriptions = Dictionary(descriptions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// All metrics that have a value, in the order in which they were first made.
    func text(_ format: PrometheusText.Format) -> String {
        var text = PrometheusText(format)
        let families = families.withLock { families in families.names.map { ($0, families.byName[$0]) } }
        for (name, family) in families {
            guard let family else { continue }
            text.add(
                name,
                family.kind,
                help: descriptions[name]?.help ?? "",
                unit: descriptions[name]?.unit,
                family.cells.map { ($0.labels, $0.value) }
            )
        }
        return text.finished()
    }

    /// The cell of these labels. A name that is a metric of another kind already gets a cell that nobody reads, because
    /// a name is of one kind in Prometheus.
    private func cell(_ name: String, _ labels: [(String, String)], _ kind: PrometheusText.Kind) -> Cell {
        let name = PrometheusText.metricName(name)
        // The labels of a series are told in one order, however the caller gave them.
        let labels = labels.map { (PrometheusText.labelName($0.0), $0.1) }.sorted { $0.0 < $1.0 }
        return families.withLock { families in
            if families.byName[name] == nil {
                families.names.append(name)
                families.byName[name] = Family(kind: kind)
            }
            guard let family = families.byName[name], family.kind == kind else { return Cell(labels, kind) }
            if let cell = family.cells.first(where: { $0.has(labels) }) { return cell }
            let cell = Cell(labels, kind)
            families.byName[name]?.cells.append(cell)
            return cell
        }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        cell(label, dimensions, .counter)
    }

    func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        cell(label, dimensions, .counter)
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        cell(label, dimensions, .gauge)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        cell(label, dimensions, aggregate ? .histogram : .gauge)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        cell(label, dimensions, .histogram)
    }

    func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func remove(_ handler: AnyObject) {
        families.withLock { families in
            for name in families.names { families.byName[name]?.cells.removeAll { $0 === handler } }
        }
    }
}

/// The value of one series.
private final class Cell: BucketRecorder, CounterHandler, FloatingPointCounterHandler, MeterHandler, TimerHandler {
    let labels: [(String, String)]
    private let isHistogram: Bool
    private let state: Mutex<PrometheusText.Value>

    init(_ labels: [(String, String)], _ kind: PrometheusText.Kind) {
        self.labels = labels
        isHistogram = kind == .histogram
        let bounds = PrometheusText.usualBounds
        let empty = PrometheusText.Buckets(bounds: bounds, counts: .init(repeating: 0, count: bounds.count + 1), sum: 0)
        state = Mutex(isHistogram ? .histogram(empty) : .number(0))
    }

    var value: PrometheusText.Value { state.withLock { $0 } }

    func has(_ others: [(String, String)]) -> Bool {
        labels.elementsEqual(others, by: ==)
    }

    // MARK: Counters and gauges

    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func decrement(by amount: Double) { increment(by: -amount) }
    func reset() { set(0.0) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { state.withLock { $0 = .number(value) } }

    func increment(by amount: Double) {
        state.withLock {
            guard case .number(let value) = $0 else { return }
            $0 = .number(value + amount)
        }
    }

    // MARK: Recorders and timers

    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    /// Adds a value to a histogram with the usual bounds; a recorder that is a gauge keeps the last value alone.
    func record(_ value: Double) {
        guard isHistogram else { return set(value) }
        let bounds = PrometheusText.usualBounds
        var counts = [Int](repeating: 0, count: bounds.count + 1)
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] = 1
        add(counts, bounds: bounds, sum: value)
    }

    func add(_ counts: [Int], bounds: [Double], sum: Double) {
        state.withLock {
            guard case .histogram(let before) = $0, before.bounds == bounds else {
                return $0 = .histogram(.init(bounds: bounds, counts: counts, sum: sum))
            }
            $0 = .histogram(.init(bounds: bounds, counts: zip(before.counts, counts).map(+), sum: before.sum + sum))
        }
    }
}
