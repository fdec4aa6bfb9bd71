/// The measurements, each with a server of its own. A measurement that fails is reported, and the others go on.
struct Measure {
    let servers: Servers
    /// How long each measurement takes, in seconds.
    let seconds: Double
    /// Whether the poller spins; see ``Poller/init(spins:)``.
    let spins: Bool

    /// Measures each number of pairings in flight, then a rate of half the best throughput.
    func loads(_ subject: Subject, inFlight: [Int], _ report: inout Report) {
        var best = 0.0
        for count in inFlight where count > 0 {
            load(subject, .inFlight(count), &report)
            best = max(best, report.results.loads.last { $0.subject == subject }?.result.rate ?? 0)
        }
        if best > 0 { load(subject, .perSecond(best / 2), &report) }
    }

    /// Measures a relay with two cores against one with one core. On a machine with two cores the generator shares the
    /// second one, so two independent relays are measured too, which have the same disadvantage.
    func cores(_ report: inout Report) {
        guard servers.hasCores else {
            return report.leaveOut(.cores, "two cores", "This relay has no option for it.")
        }
        guard Machine.cores >= 2 else { return report.leaveOut(.cores, "two cores", "This machine has one.") }
        for count in [16, 128] {
            for layout in Results.Layout.allCases { load(.cores, .inFlight(count), layout: layout, &report) }
        }
    }

    /// Measures the cryptography of the devices alone.
    func devices(_ report: inout Report) {
        do {
            report.add(try Devices.measure(seconds: seconds))
        } catch {
            report.leaveOut(.devices, "handshakes", "One failed: \(error)", isFailure: true)
        }
    }

    private func load(
        _ subject: Subject,
        _ pace: Load.Pace,
        layout: Results.Layout? = nil,
        _ report: inout Report
    ) {
        let row = { (result: LoadResult) in
            Results.LoadRow(subject: subject, layout: layout, pace: pace, result: result)
        }
        // At half load few pairings are in flight, so 128 is enough for the limit of open files.
        let (inFlight, what) =
            if case .inFlight(let count) = pace { (count, "\(count) in flight") } else { (128, "half load") }
        let files = inFlight * subject.socketsOfPairing + OpenFiles.spare
        guard OpenFiles.allow(files) else {
            return report.leaveOut(subject, what, OpenFiles.lack(files))
        }
        do throws(BenchError) {
            let started = try servers.start(subject, layout ?? .single)
            // The servers run only as long as this function keeps a reference to them.
            defer { withExtendedLifetime(started) {} }
            // Where layouts of cores are compared, the server may use two cores, and the machine may have no third one
            // for a spinning generator.
            let poller = Poller(spins: spins && layout == nil)
            let load = Load(scheme: servers.scheme(subject, started), poller: poller, pace: pace)
            report.add(row(try load.run(seconds: seconds, warmUp: 1, servers: started.map(\.process))))
        } catch {
            report.leaveOut(subject, what, error.description, isFailure: true)
        }
    }

    /// Measures pairings at an empty relay, then beside a waiting crowd, and the memory before, with and after the
    /// crowd.
    func crowd(_ subject: Subject, _ count: Int, _ report: inout Report) {
        let what = "\(count) waiting"
        guard count <= subject.largestCrowd else {
            return report.leaveOut(subject, what, "This server takes the longer for another one the more there are.")
        }
        // The relay reserves all sockets that a long-polling device may have open, even while one is closed.
        let files = count * (subject.transport?.socketsOfDevice ?? 1) + OpenFiles.spare
        guard OpenFiles.allow(files) else { return report.leaveOut(subject, what, OpenFiles.lack(files)) }
        // An estimate of the memory of both ends and of the system for this many sockets, in bytes, with a margin.
        let memory = count * (subject.isTLS ? 128 : 32) * 1024
        guard memory < Machine.availableMemory else {
            let free = Machine.availableMemory >> 20
            return report.leaveOut(subject, what, "It may need \(memory >> 20) MiB of memory, and \(free) are free.")
        }
        do throws(BenchError) {
            let server = try servers.start(subject, .single)[0]
            let poller = Poller(spins: spins)
            let crowd = Crowd(servers.waiting(subject, server), poller: poller)
            // These pairings make the relay do its one-time allocations before its memory is measured.
            let empty = try pairings(subject, server, poller)
            let before = try server.figures
            guard let time = crowd.grow(to: count) else { throw .crowdFailed(crowd.waiting) }
            let full = try server.figures
            let load = try pairings(subject, server, poller)
            crowd.disperse()
            // The relay may return memory late, and it remembers long-polling connections for `pollAbsence`.
            let clock = StopWatch()
            let settling = subject.transport == .http ? 33.0 : 3.0
            while clock.seconds < settling { poller.turn(milliseconds: 100) }
            report.add(
                Results.CrowdRow(
                    subject: subject,
                    count: count,
                    seconds: time,
                    before: before,
                    full: full,
                    after: try server.figures,
                    empty: empty,
                    load: load
                )
            )
        } catch {
            report.leaveOut(subject, what, error.description, isFailure: true)
        }
    }

    /// Runs pairings three times, and returns the run with the median cost of a pairing, because the compared runs are
    /// seconds apart and the machine's speed varies.
    private func pairings(_ subject: Subject, _ server: Server, _ poller: Poller) throws(BenchError) -> LoadResult {
        defer { withExtendedLifetime(server) {} }
        var results: [LoadResult] = []
        for _ in 0..<3 {
            let load = Load(scheme: servers.scheme(subject, [server]), poller: poller, pace: .inFlight(16))
            results.append(try load.run(seconds: seconds / 2, warmUp: 0.3, servers: [server.process]))
        }
        return results.sorted { $0.serverCost < $1.serverCost }[1]
    }
}
