import ArgumentParser
import Glibc

/// Measures a relay from outside: pairings per second, their cost, latency and memory. See `scripts/bench`.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a relay: pairings per second, CPU per pairing, latency, memory per waiting device."
    )

    @Option(help: "The program easysetup, built for release.")
    var program = ".build/programs/release/easysetup"

    @Option(
        parsing: .upToNextOption,
        help:
            "Measure nothing: run pairings at the relay that listens on this port, through the transport of --only. At several, each device of a pairing is at another one."
    )
    var port: [UInt16] = []

    @Option(help: "Measure nothing: be the bare forwarder, on this port, or with 0 on any.")
    var bare: UInt16?

    @Option(help: "How many pairings, with --port.")
    var count = 100

    @Option(help: "Measure relays that share a Redis against one alone, this many times, and nothing else.")
    var fleet: Int?

    @Option(help: "Seconds of each measurement.")
    var seconds = 5.0

    @Option(parsing: .upToNextOption, help: "Pairings in flight; none with 0. (default: 1 16 128 1024; with --port: 1)")
    var inFlight: [Int] = []

    @Option(parsing: .upToNextOption, help: "Devices waiting; none with 0.")
    var crowds: [Int] = [1_000, 10_000, 15_000, 100_000]

    @Option(
        parsing: .upToNextOption,
        help:
            "What to measure, again for each time it is named: \(Subject.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var only: [Subject] = [.plain]

    @Option(help: "The cores of the server, as taskset takes them.")
    var pin: String?

    @Flag(help: "Go on looking where the generator would sleep: it has a core that the server has not.")
    var spin = false

    @Option(help: "The certificate and, after a comma, its key, for TLS.")
    var certificate: String?

    @Option(help: "The program twist with the incumbent's server.")
    var twist: String?

    @Option(help: "Write JSON lines to this file.")
    var json: String?

    @Option(help: "Write a picture to this file.")
    var picture: String?

    func run() throws {
        if !port.isEmpty { return try pair(at: port) }
        if let bare {
            guard let server = BareServer(port: bare) else { throw BenchError.noPort }
            print(#"{"event":"listening","port":\#(server.port)}"#)
            fflush(nil)
            server.run()
        }
        if let fleet {
            let servers = Servers(program: program, twist: nil, certificate: nil, pin: pin)
            print(Machine.description)
            let rows = try FleetMeasure(servers: servers, seconds: seconds)
                .run(rounds: fleet, inFlight: inFlight.isEmpty ? [1, 16, 64] : inFlight)
            let areMet = FleetMeasure.tell(rows)
            guard areMet, rows.allSatisfy({ $0.result.failed == 0 }) else { throw ExitCode.failure }
            return
        }
        var report = Report(json: json)
        report.begin(on: Machine.description)
        let measure = Measure(
            servers: Servers(program: program, twist: twist, certificate: certificate, pin: pin),
            seconds: seconds,
            spins: spin
        )
        for subject in only {
            switch subject {
            case .devices: measure.devices(&report)
            case .cores: measure.cores(&report)
            default: measure.loads(subject, inFlight: inFlight.isEmpty ? [1, 16, 128, 1_024] : inFlight, &report)
            }
        }
        for subject in Subject.allCases where only.contains(subject) {
            for count in crowds where count > 0 && subject.largestCrowd > 0 { measure.crowd(subject, count, &report) }
        }
        report.end()
        if let picture, let file = fopen(picture, "w") {
            fputs(Picture.svg(report.results), file)
            fclose(file)
        }
        if report.results.hasFailed { throw ExitCode.failure }
    }

    /// Runs pairings against servers that somebody else started, to count their instructions or allocations.
    private func pair(at ports: [UInt16]) throws {
        let atOnce = max(1, inFlight.first ?? 1)
        guard let subject = only.first, let transport = subject.transport else {
            throw ValidationError("--only names no transport of a relay.")
        }
        let load = Load(
            scheme: RelayScheme(
                transport: transport,
                targets: ports.map { Target(port: $0, tls: subject.isTLS ? ClientTLS() : nil) },
                // A single client address does not have enough ports for many pairings.
                sources: atOnce > 1 ? 64 : 0,
                isAcross: true
            ),
            poller: Poller(),
            pace: .inFlight(atOnce)
        )
        let failures = load.run(count: count)
        guard failures.isEmpty else {
            print("bench: \(failures)")
            throw ExitCode.failure
        }
    }
}

extension Subject: ExpressibleByArgument {}
