import ArgumentParser
import Glibc

/// Counts a relay's use of resources that do not depend on other work of the machine: instructions, allocations, bytes.
/// Run by `scripts/counts`, which compares the figures with `Benchmarks/BOUNDS`.
///
/// The relay runs in a process of its own (`counted relay`), so that only its work is counted. The cost of starting is
/// not part of any figure: each is the difference between a large and a small amount of work, divided by the difference
/// of amounts.
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

    @Flag(help: "Count two relays of a fleet, too, with a Redis that this program starts.")
    var across = false

    @OptionGroup var tls: TLSOptions

    func run() throws {
        Self.raiseOpenFiles()
        // Writing to a relay that has ended should be an error, not the end of this process.
        signal(SIGPIPE, SIG_IGN)
        // Ends this process, and with it the relays, after ten minutes: it takes half a minute unless something hangs.
        alarm(600)
        let program = CommandLine.arguments[0]
        let pairings = Work.pairings(bench: bench)
        if let bare {
            let instructions = Instructions(program: bare, folder: folder)
            try show("instructions-per-pairing", instructions.each(pairings, few: 50, many: 250))
            try show("instructions-per-message", instructions.each(.messages, few: 200, many: 1_200))
            if across {
                try show("instructions-per-pairing-across", instructions.each(pairings, .across, few: 50, many: 250))
                // A device may say 256 frames at once to another relay.
                try show("instructions-per-message-across", instructions.each(.messages, .across, few: 40, many: 240))
            }
        }
        let allocations = Allocations(program: program)
        try show("allocations-per-pairing", allocations.each(pairings, few: 50, many: 250))
        try show("allocations-per-message", allocations.each(.messages, few: 200, many: 1_200))
        if across {
            try show("allocations-per-pairing-across", allocations.each(pairings, .across, few: 50, many: 250))
            try show("allocations-per-message-across", allocations.each(.messages, .across, few: 40, many: 240))
        }
        try show("bytes-per-waiting-device", WaitingDevices(program: program, certificate: nil).bytes())
        if let certificate = tls.files {
            try show("bytes-per-waiting-tls-device", WaitingDevices(program: program, certificate: certificate).bytes())
        }
    }

    /// Raises the limit of open files as far as the system allows, for a relay and its devices.
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
