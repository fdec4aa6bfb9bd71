import ArgumentParser
import Simulator
import Synchronization

/// Runs simulated worlds. `scripts/worlds` builds and calls it.
@main
struct Worlds: AsyncParsableCommand {
    // The options belong to the subcommands: one here would be taken from those that have an option with the same name.
    static let configuration = CommandConfiguration(
        commandName: "worlds",
        abstract: "Runs simulated worlds, and says which break a law.",
        subcommands: [PairingCommand.self, CrowdingCommand.self, ChainCommand.self, FleetCommand.self],
        defaultSubcommand: PairingCommand.self
    )
}

/// Runs worlds of the simulator, one for each seed, and reports those that break a law.
struct PairingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pairing",
        abstract: "Runs simulated worlds of devices, relays and strangers, and says which break a law."
    )

    @Option(help: "How many worlds.")
    var count: UInt64 = 1_000_000

    @Option(help: "The first one's seed; the others follow it.")
    var firstSeed: UInt64 = 1

    @OptionGroup var options: WorldOptions

    @Option(help: "Only this kind of world: \(Kind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var kind: String?

    func run() async throws {
        let kind = try kind.map { name in
            guard let kind = Kind(rawValue: name) else { throw ValidationError("there is no kind '\(name)'") }
            return kind
        }
        if let seed = options.seed { return try one(seed, kind) }
        let runner = Runner(Seeds(first: firstSeed, count: count, seconds: options.seconds), kind: kind)
        await options.work { runner.work() }
        if !runner.report() { throw ExitCode.failure }
    }

    private func one(_ seed: UInt64, _ kind: Kind?) throws {
        let world = World.drawn(seed, kind: kind)
        if options.trace { world.tracer = { print("\($0)", $1) } }
        world.run()
        print(world.summary)
        for breach in world.breaches { print("BROKEN \(breach.law.rawValue): \(breach.what)") }
        if !world.breaches.isEmpty { throw ExitCode.failure }
    }
}

/// Runs worlds and adds up the results.
private final class Runner: Sendable {
    private struct Sums {
        var worlds = 0
        var failed = 0
        var tally = Tally()
        /// The number of worlds that broke a law, by the text without its numbers.
        var ways: [String: Int] = [:]
    }

    private let seeds: Seeds
    private let kind: Kind?
    private let sums = Mutex(Sums())

    init(_ seeds: Seeds, kind: Kind?) { (self.seeds, self.kind) = (seeds, kind) }

    func work() {
        while let seed = seeds.draw() {
            let world = World.drawn(seed, kind: kind)
            let isTraced = seed.isMultiple(of: Seeds.repeats)
            let course = isTraced ? Course(of: world) : nil
            world.run()
            if let course, !course.isTaken(again: World.drawn(seed, kind: kind)) {
                world.breach(.course, "the second time was different")
            }
            let tally = Tally(world)
            sums.withLock { sums in
                sums.worlds += 1
                sums.tally += tally
                guard let breach = world.breaches.first else { return }
                sums.failed += 1
                let way = "\(breach.law.rawValue): \(breach.what.filter { !$0.isNumber })"
                sums.ways[way, default: 0] += 1
                guard sums.ways[way] ?? 0 <= 3, sums.failed <= 100 else { return }
                print("world \(seed) breaks a law: \(breach.law.rawValue): \(breach.what)")
                let kind = kind.map { " --kind \($0.rawValue)" } ?? ""
                print("  replay it: scripts/worlds --seed \(seed)\(kind) --trace")
            }
        }
    }

    /// Prints the results. Returns false when a world broke a law.
    func report() -> Bool {
        sums.withLock { sums in
            print("\(sums.worlds) worlds \(seeds.pace(sums.worlds))")
            print(sums.tally.description)
            for (way, count) in sums.ways.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
                print("\(count) × \(way)")
            }
            print(sums.failed == 0 ? "no world broke a law" : "\(sums.failed) worlds broke a law")
            return sums.failed == 0
        }
    }
}
