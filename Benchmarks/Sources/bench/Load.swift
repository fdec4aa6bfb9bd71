/// The result of a load run.
struct LoadResult {
    /// How long the counted part of the run took, in seconds.
    var elapsed: Double
    var pairings: Int
    var failures: [String: Int]
    /// The changes of the kernel's network counters during the run, warm-up included; nil where the kernel has no
    /// counters.
    var network: NetworkCounters?
    /// The time that pairings took, from the first connect to the last close, in nanoseconds.
    var pairing: Histogram
    /// The time that single end-to-end messages took, in nanoseconds.
    var message: Histogram
    /// The CPU time of the server, in seconds.
    var serverCPU: Double
    /// The CPU time of this process, in seconds, without the time in which its poller spun and found nothing.
    var ownCPU: Double
    /// The CPU time of other processes and of the hypervisor, in seconds. If it is long, the measured times are
    /// unreliable.
    var otherCPU: Double

    var failed: Int { failures.values.reduce(0, +) }
    var rate: Double { Double(pairings) / elapsed }
    /// The server's CPU time for one pairing, in microseconds; not a number when no pairing ended.
    var serverCost: Double { serverCPU * 1e6 / Double(pairings) }
    var ownCost: Double { ownCPU * 1e6 / Double(pairings) }
    /// The share of one core that the server used.
    var serverUse: Double { serverCPU / elapsed }
    var ownUse: Double { ownCPU / elapsed }
    var otherUse: Double { otherCPU / elapsed }
}

/// A load of pairings: either a fixed number in flight, or a fixed rate.
final class Load: PairingOwner {
    /// The pace at which pairings start.
    enum Pace {
        /// A fixed number of pairings run; when one ends, the next starts.
        case inFlight(Int)
        /// Pairings start at a fixed rate, whether earlier ones have ended or not.
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

    /// The most pairings that run at the same time at a fixed rate. More would mean that something is stuck.
    private static let most = 8_192
    /// How long a run waits at its end for pairings that are still running, in seconds.
    private static let patience = 20.0

    init(scheme: any Scheme, poller: Poller, pace: Pace) {
        self.scheme = scheme
        self.poller = poller
        self.pace = pace
    }

    /// Runs pairings for `warmUp` seconds without counting, then for `seconds` with counting. Each part lasts at least
    /// until as many pairings have ended as start together. Returns when the last pairing has ended.
    ///
    /// - Parameter servers: the processes whose CPU time is counted.
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

    /// The CPU time of all these processes together, in seconds; nil when one of them has ended.
    private static func cpu(of processes: [Int32]) -> Double? {
        let figures = processes.compactMap { ProcessFigures(of: $0) }
        return figures.count == processes.count ? figures.reduce(0) { $0 + $1.cpu } : nil
    }

    /// Runs a fixed number of pairings, as many at the same time as the pace says. Returns the failures with their
    /// counts.
    func run(count: Int) -> [String: Int] {
        guard case .inFlight(let atOnce) = pace else { return [:] }
        while started < count || running > 0 {
            while started < count, running < atOnce { startOne() }
            poller.turn(milliseconds: 1_000)
        }
        return failures
    }

    /// The pairings that have ended well, those before the counted part included.
    private(set) var finishedInAll = 0

    /// Starts pairings at the pace, and handles events, while `isOn` is true.
    /// - Parameter clock: the time since the first pairing.
    private func turn(_ clock: StopWatch, while isOn: () -> Bool) {
        while isOn() {
            switch pace {
            case .inFlight(let count):
                // A pairing that fails at once is replaced only in the next pass, so that this loop ends.
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
        finishedInAll += 1
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
