import ArgumentParser
import Glibc

/// Measures a relay from outside: how many pairings, at what cost, how fast, how big. See `scripts/bench`.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a relay: pairings per second, CPU per pairing, latency, memory per waiting device."
    )

    @Option(help: "The program easysetup, built for release.")
    var program: String

    @Option(help: "Seconds of each measurement.")
    var seconds = 5.0

    @Option(help: "Pairings in flight.")
    var inFlight: [Int] = [1, 16, 128, 1024]

    @Option(help: "Devices waiting.")
    var crowds: [Int] = [1_000, 10_000, 100_000]

    @Option(help: "The cores of the server, as taskset takes them.")
    var cores: String?

    @Option(help: "Write JSON lines to this file.")
    var json: String?

    func run() throws {
        var report = Report(json: json)
        do {
            try measureLoad(&report)
            try measureCrowds(&report)
        } catch let error as BenchError {
            print("bench: \(error)")
            throw ExitCode.failure
        }
    }

    /// Everything that would hold devices of one machine to what a house needs is opened wide.
    private var relay: [String] {
        [program, "relay", "--listen", "HOST:PORT", "--log-level", "error"]
            + [
                "offersPerPrefix=100000000", "visitsPerPrefix=100000000", "rooms=400000", "meetingsInAll=400000",
                "roomless=400000", "roomlessPerPrefix=400000", "deadlines=4000000", "connections=200000",
            ]
            .flatMap { ["--limit", $0] }
    }

    private func measureLoad(_ report: inout Report) throws {
        for count in inFlight {
            let server = try Server(relay, cores: cores)
            let scheme = RelayScheme(target: Target(port: server.port), sources: 64)
            let load = Load(scheme: scheme, poller: Poller(), pace: .inFlight(count))
            guard let result = load.run(seconds: seconds, warmUp: 1, server: server.process) else {
                throw BenchError.serverGone
            }
            report.add(load: "websocket", inFlight: count, result)
        }
    }

    private func measureCrowds(_ report: inout Report) throws {
        for count in crowds {
            try OpenFiles.raise(to: UInt64(count) + 1_000)
            let server = try Server(relay, cores: cores)
            guard let before = ProcessFigures(of: server.process) else { throw BenchError.serverGone }
            let poller = Poller()
            let crowd = Crowd(target: Target(port: server.port), sources: 200, poller: poller)
            guard let time = crowd.grow(to: count), let full = ProcessFigures(of: server.process) else {
                throw BenchError.crowdFailed(count)
            }
            let scheme = RelayScheme(target: Target(port: server.port), sources: 64)
            let load = Load(scheme: scheme, poller: poller, pace: .inFlight(16))
            guard let result = load.run(seconds: seconds, warmUp: 1, server: server.process) else {
                throw BenchError.serverGone
            }
            crowd.leave()
            for _ in 0..<40 { poller.turn(milliseconds: 100) }
            guard let after = ProcessFigures(of: server.process) else { throw BenchError.serverGone }
            report.add(crowd: count, time: time, before: before, full: full, after: after, while: result)
        }
    }
}

/// How many files this process, and those it starts, may have open.
enum OpenFiles {
    static func raise(to count: UInt64) throws(BenchError) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur < count else { return }
        limit.rlim_cur = rlim_t(count)
        limit.rlim_max = max(limit.rlim_max, rlim_t(count))
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw .openFiles(UInt64(limit.rlim_max))
        }
    }
}
