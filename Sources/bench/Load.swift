/// What a run of pairings came to.
struct LoadResult {
    /// Seconds.
    var elapsed: Double
    var pairings: Int
    var failures: [String: Int]
    /// What the kernel counted meanwhile, the time before counting included; nil where it doesn't say.
    var network: NetworkCounters?
    /// Of pairings, from the first connect to the last close, and of single end-to-end messages; in nanoseconds.
    var pairing: Histogram
    var message: Histogram
    /// Seconds of CPU of the server and of this process.
    var serverCPU: Double
    var ownCPU: Double
    /// Seconds of CPU that the machine used besides, or that its host took away: where it is much, times say little.
    var otherCPU: Double

    var failed: Int { failures.values.reduce(0, +) }
    var rate: Double { Double(pairings) / elapsed }
    /// Microseconds of CPU for one pairing; no number when none ended.
    var serverCost: Double { serverCPU * 1e6 / Double(pairings) }
    var ownCost: Double { ownCPU * 1e6 / Double(pairings) }
    /// What share of one core each side used.
    var serverUse: Double { serverCPU / elapsed }
    var ownUse: Double { ownCPU / elapsed }
    var otherUse: Double { otherCPU / elapsed }
}

/// Pairings one after the other: so many at a time, or so many a second.
final class Load: PairingOwner {
    /// How pairings follow each other.
    enum Pace {
        /// When one ends the next begins.
        case inFlight(Int)
        /// They begin by the clock, whatever became of those before.
        case perSecond(Double)
    }

    private let scheme: any Scheme
    private let poller: Poller
    private var pace: Pace
    private var started = 0
    private var running = 0
    private var isCounting = false
    private var finishedCount = 0
    private var failures: [String: Int] = [:]
    private var pairing = Histogram()
    private var message = Histogram()
    private var starts: [ObjectIdentifier: UInt64] = [:]

    /// More than this many at once are not begun, whatever the pace: something is stuck then.
    private static let most = 8_192
    /// Seconds for pairings that are late.
    private static let patience = 20.0

    init(scheme: any Scheme, poller: Poller, pace: Pace) {
        self.scheme = scheme
        self.poller = poller
        self.pace = pace
    }

    /// Runs for a while without counting and then for `seconds` with, either time at least until as many pairings are over as begin
    /// together; ends when the last pairing has.
    ///
    /// - Parameter servers: the processes whose CPU is counted.
    func run(seconds: Double, warmUp: Double, servers: [Int32]) throws(BenchError) -> LoadResult {
        let network = NetworkCounters.now
        let clock = StopWatch()
        let together = if case .inFlight(let count) = pace { count } else { 0 }
        turn(clock) { clock.seconds < warmUp || started - running < together && clock.seconds < warmUp + Self.patience }
        guard let before = Self.cpu(of: servers), let ownBefore = ProcessFigures.own else { throw .serverGone }
        let (busyBefore, idleBefore) = (Machine.busySeconds, poller.idle)
        isCounting = true
        let counting = StopWatch()
        turn(clock) {
            counting.seconds < seconds || finishedCount < together && counting.seconds < seconds + Self.patience
        }
        let elapsed = counting.seconds
        isCounting = false
        guard let after = Self.cpu(of: servers), let ownAfter = ProcessFigures.own else { throw .serverGone }
        let (serverCPU, spentCPU) = (after - before, ownAfter.cpu - ownBefore.cpu)
        let otherCPU = max(0, Machine.busySeconds - busyBefore - serverCPU - spentCPU)
        let ownCPU = spentCPU - (poller.idle - idleBefore)
        let end = StopWatch()
        while running > 0, end.seconds < Self.patience { poller.turn(milliseconds: 50) }
        if running > 0 { failures["never ended", default: 0] += running }
        return LoadResult(
            elapsed: elapsed,
            pairings: finishedCount,
            failures: failures,
            network: network.flatMap { before in NetworkCounters.now.map { $0 - before } },
            pairing: pairing,
            message: message,
            serverCPU: serverCPU,
            ownCPU: ownCPU,
            otherCPU: otherCPU
        )
    }

    /// Seconds, of all of them; nil when one is gone.
    private static func cpu(of processes: [Int32]) -> Double? {
        let figures = processes.compactMap { ProcessFigures(of: $0) }
        return figures.count == processes.count ? figures.reduce(0) { $0 + $1.cpu } : nil
    }

    /// Runs so many pairings, as many at a time as the pace says. Returns what went wrong.
    func run(count: Int) -> [String: Int] {
        guard case .inFlight(let atOnce) = pace else { return [:] }
        while started < count || running > 0 {
            while started < count, running < atOnce { startOne() }
            poller.turn(milliseconds: 1_000)
        }
        return failures
    }

    /// - Parameter clock: since the first pairing.
    private func turn(_ clock: StopWatch, while isOn: () -> Bool) {
        while isOn() {
            switch pace {
            case .inFlight(let count):
                // Those that fail at once are not begun again at once.
                for _ in 0..<max(0, count - running) { startOne() }
                poller.turn(milliseconds: 20)
            case .perSecond(let rate):
                let due = Int(clock.seconds * rate)
                while started < due, running < Self.most { startOne() }
                poller.turn(milliseconds: 1)
            }
        }
    }

    private func startOne() {
        started += 1
        running += 1
        let now = nanoseconds()
        let pairing = scheme.make(number: started, poller: poller, owner: self)
        starts[ObjectIdentifier(pairing)] = now
        pairing.start()
    }

    func relayed(nanoseconds: UInt64) {
        if isCounting { message.add(nanoseconds) }
    }

    func finished(_ pairing: any RunningPairing) {
        let start = starts.removeValue(forKey: ObjectIdentifier(pairing))
        if isCounting, let start {
            finishedCount += 1
            self.pairing.add(nanoseconds() - start)
        }
        running -= 1
    }

    func failed(_ pairing: any RunningPairing, at place: String) {
        starts[ObjectIdentifier(pairing)] = nil
        failures[place, default: 0] += 1
        running -= 1
    }
}
