import ArgumentParser
import Glibc

/// Counts what a relay uses of things that no other work on the machine changes: instructions, allocations, bytes. Run by
/// `scripts/counts`, which holds the figures against `Tests/counted/BOUNDS`.
///
/// The relay runs in a process of its own (`counted relay`), so that only its side is counted. What starting costs is left out
/// of every figure: each is the difference between much and little, divided by how much more it was.
@main
struct Counted: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "counted",
        abstract: "Count a relay's instructions, allocations and bytes.",
        subcommands: [CountCommand.self, RelayCommand.self],
        defaultSubcommand: CountCommand.self
    )
}

/// `counted`: prints a line for each figure, its name and its value.
struct CountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "count", abstract: "Count, and print the figures.")

    @Option(help: "The program bench, which makes whole pairings.")
    var bench: String

    @Option(
        help:
            "This program without debug information, which valgrind cannot always read. Without it, no instructions are counted."
    )
    var bare: String?

    @Option(help: "The folder for what callgrind writes.")
    var folder = "."

    @OptionGroup var tls: TLSOptions

    func run() throws {
        Self.raiseOpenFiles()
        // A relay that has ended is told as an error.
        signal(SIGPIPE, SIG_IGN)
        // Ends this process, and so the relays: something hangs then, for it takes half a minute.
        alarm(600)
        let program = CommandLine.arguments[0]
        let pairings = Work.pairings(bench: bench)
        if let bare {
            let instructions = Instructions(program: bare, folder: folder)
            try show("instructions-per-pairing", instructions.each(pairings, few: 50, many: 250))
            try show("instructions-per-message", instructions.each(.messages, few: 200, many: 1_200))
        }
        let allocations = Allocations(program: program)
        try show("allocations-per-pairing", allocations.each(pairings, few: 50, many: 250))
        try show("allocations-per-message", allocations.each(.messages, few: 200, many: 1_200))
        try show("bytes-per-waiting-device", WaitingDevices(program: program, certificate: nil).bytes())
        if let certificate = tls.files {
            try show("bytes-per-waiting-tls-device", WaitingDevices(program: program, certificate: certificate).bytes())
        }
    }

    /// For a relay and its devices: as many as the system allows.
    private static func raiseOpenFiles() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }

    private func show(_ name: String, _ value: Double) {
        let hundredths = Int((value * 100).rounded())
        print("\(name) \(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10)")
    }

    private func show(_ name: String, _ bytes: (heap: Double, resident: Double)) {
        show("heap-" + name, bytes.heap)
        show("resident-" + name, bytes.resident)
    }
}
