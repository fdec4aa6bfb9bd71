import CoreMetrics
import EasySetupRelayCore
import Synchronization

/// Records a relay's metrics into a `MetricsFactory` of swift-metrics: that of the admin port, or that of the program
/// in which the relay runs. It records what has changed since the last time, because counters of swift-metrics can only
/// be raised.
final class MetricsRecorder: Sendable {
    private let factory: any MetricsFactory
    private let state = Mutex(State())

    private struct State: Sendable {
        var series: [String: Series] = [:]
    }

    private enum Series: Sendable {
        case counter(any CounterHandler, last: Double)
        case fractions(any FloatingPointCounterHandler, last: Double)
        case gauge(any MeterHandler)
        case histogram(any RecorderHandler, last: Histogram)
    }

    init(_ factory: any MetricsFactory) {
        self.factory = factory
    }

    func record(_ status: RelayStatus) {
        state.withLock { state in
            for metric in RelayMetrics.all {
                for sample in metric.read(status) { record(sample, of: metric, &state) }
            }
        }
    }

    private func record(_ sample: RelayMetric.Sample, of metric: RelayMetric, _ state: inout State) {
        let key = sample.labels.reduce(metric.name) { "\($0)|\($1.1)" }
        let series = state.series[key] ?? makeSeries(metric, sample)
        switch (series, sample.value) {
        case (.counter(let handler, let last), .number(let value)):
            if value > last { handler.increment(by: Int64(value - last)) }
            state.series[key] = .counter(handler, last: value)
        case (.fractions(let handler, let last), .number(let value)):
            if value > last { handler.increment(by: value - last) }
            state.series[key] = .fractions(handler, last: value)
        case (.gauge(let handler), .number(let value)):
            handler.set(value)
            state.series[key] = series
        case (.histogram(let handler, let last), .times(let times)):
            handler.record(times, since: last)
            state.series[key] = .histogram(handler, last: times)
        default: break
        }
    }

    private func makeSeries(_ metric: RelayMetric, _ sample: RelayMetric.Sample) -> Series {
        let (label, dimensions) = (metric.name, sample.labels)
        switch sample.value {
        case .times(let times):
            let handler = factory.makeRecorder(label: label, dimensions: dimensions, aggregate: true)
            return .histogram(handler, last: Histogram(bounds: times.bounds))
        case .number where metric.kind == .gauge:
            return .gauge(factory.makeMeter(label: label, dimensions: dimensions))
        case .number where metric.unit == .seconds:
            return .fractions(factory.makeFloatingPointCounter(label: label, dimensions: dimensions), last: 0)
        case .number:
            return .counter(factory.makeCounter(label: label, dimensions: dimensions), last: 0)
        }
    }
}

/// A recorder that takes times that are counted by buckets already.
protocol BucketRecorder: RecorderHandler {
    /// Adds so many times to each bucket of these bounds, in seconds, and their sum.
    func add(_ counts: [Int], bounds: [Double], sum: Double)
}

extension RecorderHandler {
    /// Records the times that `times` has and `last` has not. The relay keeps no single times, so a recorder that takes
    /// no buckets gets each time as the bound of its bucket, and one beyond all bounds as the last bound.
    fileprivate func record(_ times: Histogram, since last: Histogram) {
        let counts = zip(times.counts, last.counts).map { $0 - $1 }
        let bounds = times.bounds.map(\.inSeconds)
        if let recorder = self as? any BucketRecorder {
            recorder.add(counts, bounds: bounds, sum: (times.sum - last.sum).inSeconds)
        } else {
            for (place, count) in counts.enumerated() {
                let bound = bounds[min(place, bounds.count - 1)]
                for _ in 0..<count { record(bound) }
            }
        }
    }
}

extension Duration {
    fileprivate var inSeconds: Double { self / .seconds(1) }
}
