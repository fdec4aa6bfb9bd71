import EasySetupFleet
import EasySetupRelayCore

/// The counts of a relay since its start, and its connections, codes and memory, at one moment.
struct StatusSample: Sendable {
    /// The moment, on the relay's monotonic clock.
    let at: Duration
    let counts: Counts
    /// Connections that the relay refused or lost, by outcome, in the order of ``ConnectionOutcome``.
    let outcomes: [Int]
    let codes: Int
    let pairings: Int
    let webSocketDevices: Int
    let longPollingDevices: Int
    let connections: Int
    let residentBytes: Int?
    /// How late the event loops were since the sample before.
    let lag: LagWindow
    /// The counts of the relay's part in a fleet, and how long the store's answers took in all.
    let fleet: FleetCounts
    let directory: TotalTime
    let publishing: TotalTime

    init(_ status: RelayStatus, at: Duration) {
        let statistics = status.hub.statistics
        self.at = at
        counts = status.hub.counts
        outcomes = status.hub.outcomes.map(\.count)
        codes = statistics.rooms - statistics.seated
        pairings = statistics.seated
        webSocketDevices = status.hub.webSocketDevices
        longPollingDevices = status.hub.longPollingDevices
        connections = status.hub.sockets
        residentBytes = status.process.residentBytes
        lag = status.loops.reduce(LagWindow()) { $0.worse($1.lagWindow) }
        fleet = status.hub.fleet?.counts ?? FleetCounts()
        directory = status.loops.reduce(TotalTime()) { $0 + TotalTime($1.directory) }
        publishing = status.loops.reduce(TotalTime()) { $0 + TotalTime($1.publishing) }
    }

    /// A relay at its start: nothing is counted.
    init(startedAt at: Duration) {
        self.at = at
        counts = Counts()
        outcomes = ConnectionOutcome.allCases.map { _ in 0 }
        (codes, pairings, webSocketDevices, longPollingDevices, connections) = (0, 0, 0, 0, 0)
        residentBytes = nil
        lag = LagWindow()
        (fleet, directory, publishing) = (FleetCounts(), TotalTime(), TotalTime())
    }
}

/// How many times there were, and their sum.
struct TotalTime: Sendable {
    var count = 0
    var sum = Duration.zero

    init() {}

    init(_ times: Histogram) { (count, sum) = (times.count, times.sum) }

    static func + (first: TotalTime, second: TotalTime) -> TotalTime {
        var total = first
        total.count += second.count
        total.sum += second.sum
        return total
    }

    /// The mean of the times that have been added since `before`, in seconds; nil if there are none.
    func mean(since before: TotalTime) -> Double? {
        count > before.count ? (sum - before.sum) / .seconds(1) / Double(count - before.count) : nil
    }
}

/// The last hour of a relay with an admin port: at most ``AdminLimits/statusSamples`` samples, one each
/// ``AdminLimits/statusInterval``. A sample takes about 1.5 KB.
struct StatusHistory: Sendable {
    let interval: Duration
    private let most: Int
    /// The samples in the order of time.
    private(set) var samples: [StatusSample] = []
    /// The sample before the first of ``samples``: what was counted since then was counted within the hour.
    private(set) var base: StatusSample
    private var asked: Duration

    init(startedAt: Duration, limits: AdminLimits = AdminLimits()) {
        interval = limits.statusInterval
        most = limits.statusSamples
        base = StatusSample(startedAt: startedAt)
        asked = startedAt
    }

    /// Whether the caller must take a sample now. A timer may be early by a tenth of the interval.
    mutating func isDue(_ now: Duration) -> Bool {
        guard now - asked >= interval * 9 / 10 else { return false }
        asked = now
        return true
    }

    /// Keeps a sample, and drops those that are older than an hour.
    mutating func add(_ sample: StatusSample) {
        samples.append(sample)
        while samples.count > most || samples.count > 1 && samples[0].at < sample.at - span {
            base = samples.removeFirst()
        }
    }

    /// The newest sample that is at least so old, to compare the present with. It is ``base`` if the relay has not run
    /// for so long.
    func sample(_ age: Duration, before now: Duration) -> StatusSample {
        samples.last { $0.at <= now - age } ?? base
    }

    /// The time that the samples are kept for: an hour.
    private var span: Duration { interval * most }
}
