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
    var program = ".build/release/easysetup"

    @Option(help: "Measure nothing: run pairings at the relay that listens on this port.")
    var port: UInt16?

    @Option(help: "How many pairings, with --port.")
    var count = 100

    @Option(help: "Seconds of each measurement.")
    var seconds = 5.0

    @Option(parsing: .upToNextOption, help: "Pairings in flight. (default: 1 16 128 1024; with --port: 1)")
    var inFlight: [Int] = []

    @Option(parsing: .upToNextOption, help: "Devices waiting.")
    var crowds: [Int] = [1_000, 10_000, 100_000]

    @Option(parsing: .upToNextOption, help: "What to measure: plain, tls, mailbox, publish.")
    var only: [Subject] = [.plain]

    @Option(help: "The cores of the server, as taskset takes them.")
    var cores: String?

    @Option(help: "The certificate and, after a comma, its key, for TLS.")
    var certificate: String?

    @Option(help: "The program twist with the incumbent's server.")
    var twist: String?

    @Option(help: "Write JSON lines to this file.")
    var json: String?

    @Option(help: "Write a picture to this file.")
    var picture: String?

    func run() throws {
        if let port { return try pair(at: port) }
        var report = Report(json: json)
        do {
            print(Report.loadHead.head)
            for subject in only { try measureLoads(subject, &report) }
            if !crowds.isEmpty { print("\n" + Report.crowdHead.head) }
            for subject in only where subject.isRelay { try measureCrowds(subject, &report) }
        } catch let error as BenchError {
            print("bench: \(error)")
            throw ExitCode.failure
        }
        if let picture, let file = fopen(picture, "w") {
            fputs(Picture.svg(report), file)
            fclose(file)
        }
    }

    /// What can be measured.
    enum Subject: String, ExpressibleByArgument, CaseIterable {
        case plain, tls, mailbox, publish

        var isRelay: Bool { self == .plain || self == .tls }

        var title: String {
            switch self {
            case .plain: "relay, ws"
            case .tls: "relay, wss"
            case .mailbox: "mailbox in memory"
            case .publish: "redis publish"
            }
        }
    }

    /// For who counts instructions or allocations of a server that he started himself.
    private func pair(at port: UInt16) throws {
        let atOnce = inFlight.first ?? 1
        let load = Load(
            // Many would use up the ports of one address.
            scheme: RelayScheme(target: Target(port: port), sources: atOnce > 1 ? 64 : 0),
            poller: Poller(),
            pace: .inFlight(atOnce)
        )
        let failures = load.run(count: count)
        guard failures.isEmpty else {
            print("bench: \(failures)")
            throw ExitCode.failure
        }
    }

    private func command(_ subject: Subject) -> [String] {
        switch subject {
        case .mailbox: [twist ?? "twist"] + MailboxScheme.command
        case .publish: PublishScheme.command
        case .plain: relay
        case .tls:
            relay
                + zip(["--tls-certificate", "--tls-key"], (certificate ?? "").split(separator: ","))
                .flatMap { [$0, String($1)] }
        }
    }

    /// Everything that would hold devices of one machine to what a house needs is opened wide.
    private var relay: [String] {
        [program, "relay", "--listen", "127.0.0.1:PORT", "--log-level", "error"]
            + [
                "offersPerPrefix=100000000", "visitsPerPrefix=100000000", "rooms=400000", "meetingsInAll=400000",
                "roomless=400000", "roomlessPerPrefix=400000", "deadlines=4000000", "connections=200000",
            ]
            .flatMap { ["--limit", $0] }
    }

    private func scheme(_ subject: Subject, _ server: Server) -> any Scheme {
        switch subject {
        case .plain, .tls: RelayScheme(target: target(subject, server), sources: 64)
        case .mailbox: MailboxScheme(target: target(subject, server))
        case .publish: PublishScheme(target: target(subject, server))
        }
    }

    private func target(_ subject: Subject, _ server: Server) -> Target {
        Target(port: server.port, tls: subject == .tls ? ClientTLS() : nil)
    }

    private func measureLoads(_ subject: Subject, _ report: inout Report) throws {
        try OpenFiles.raise(to: 20_000)
        var best = 0.0
        for count in inFlight.isEmpty ? [1, 16, 128, 1_024] : inFlight {
            let result = try measure(subject, .inFlight(count))
            best = max(best, result.rate)
            report.add(Report.LoadRow(name: subject.title, inFlight: count, result: result))
        }
        let half = try measure(subject, .perSecond(best / 2))
        report.add(Report.LoadRow(name: subject.title + ", half load", inFlight: 0, result: half))
    }

    private func measure(_ subject: Subject, _ pace: Load.Pace) throws -> LoadResult {
        let server = try Server(command(subject), cores: cores)
        let load = Load(scheme: scheme(subject, server), poller: Poller(), pace: pace)
        guard let result = load.run(seconds: seconds, warmUp: 1, server: server.process) else {
            throw BenchError.serverGone
        }
        return result
    }

    private func measureCrowds(_ subject: Subject, _ report: inout Report) throws {
        for count in crowds {
            try OpenFiles.raise(to: UInt64(count) + 20_000)
            let server = try Server(command(subject), cores: cores)
            // What a relay takes once, it takes before it is looked at.
            let poller = Poller()
            let load = { Load(scheme: scheme(subject, server), poller: poller, pace: .inFlight(16)) }
            _ = load().run(seconds: 0.5, warmUp: 0.5, server: server.process)
            guard let before = ProcessFigures(of: server.process) else { throw BenchError.serverGone }
            let crowd = Crowd(target: target(subject, server), sources: 200, poller: poller)
            guard let time = crowd.grow(to: count), let full = ProcessFigures(of: server.process) else {
                throw BenchError.crowdFailed(count)
            }
            guard let result = load().run(seconds: seconds, warmUp: 0.5, server: server.process) else {
                throw BenchError.serverGone
            }
            crowd.leave()
            for _ in 0..<50 { poller.turn(milliseconds: 100) }
            guard let after = ProcessFigures(of: server.process) else { throw BenchError.serverGone }
            report.add(
                Report.CrowdRow(
                    name: subject.title,
                    count: count,
                    seconds: time,
                    before: before,
                    full: full,
                    after: after,
                    load: result
                )
            )
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
