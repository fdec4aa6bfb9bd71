import ArgumentParser
import ChainSimulator
import Synchronization

/// Runs worlds of chains, one for each seed, and reports those that break a law.
struct ChainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain",
        abstract: "Runs worlds of chains: devices, a store with bad manners, and eight laws."
    )

    @Option(help: "How many worlds.")
    var count: UInt64 = 20_000

    @Option(help: "The first one's seed; the others follow it.")
    var firstSeed: UInt64 = 0

    @OptionGroup var options: WorldOptions

    func run() async throws {
        if let seed = options.seed { return try await one(seed) }
        let runner = ChainRunner(Seeds(first: firstSeed, count: count, seconds: options.seconds))
        await options.work { await runner.work() }
        if !runner.report() { throw ExitCode.failure }
    }

    private func one(_ seed: UInt64) async throws {
        let world = ChainWorld(seed: seed)
        if options.trace { world.tracer = { print($0) } }
        await world.run()
        print("world \(seed): \(world.writes) writes, \(world.compactions) compactions, \(world.removals) removals")
        for breach in world.breaches { print("BROKEN \(breach.law.rawValue): \(breach.what)") }
        if !world.breaches.isEmpty { throw ExitCode.failure }
    }
}

/// Runs worlds and adds up the results.
private final class ChainRunner: Sendable {
    private struct Sums {
        var worlds = 0
        var failed = 0
        var writes = 0
        var compactions = 0
        var removals = 0
    }

    private let seeds: Seeds
    private let sums = Mutex(Sums())

    init(_ seeds: Seeds) { self.seeds = seeds }

    func work() async {
        while let seed = seeds.draw() {
            let world = ChainWorld(seed: seed)
            await world.run()
            let isRepeatable = if seed.isMultiple(of: Seeds.repeats) { await isSame(world) } else { true }
            sums.withLock { sums in
                sums.worlds += 1
                sums.writes += world.writes
                sums.compactions += world.compactions
                sums.removals += world.removals
                let first = world.breaches.first.map { "\($0.law.rawValue): \($0.what)" }
                guard let breach = first ?? (isRepeatable ? nil : "course: the second time was different") else {
                    return
                }
                sums.failed += 1
                guard sums.failed <= 100 else { return }
                print("world \(seed) breaks a law: \(breach)")
                print("  replay it: scripts/worlds chain --seed \(seed) --trace")
            }
        }
    }

    /// Whether a world takes the same course again.
    private func isSame(_ world: ChainWorld) async -> Bool {
        let again = ChainWorld(seed: world.seed)
        await again.run()
        return again.course == world.course
    }

    /// Prints the results. Returns false when a world broke a law.
    func report() -> Bool {
        sums.withLock { sums in
            print("\(sums.worlds) worlds \(seeds.pace(sums.worlds))")
            print("\(sums.writes) writes, \(sums.compactions) compactions, \(sums.removals) removals")
            print(sums.failed == 0 ? "no world broke a law" : "\(sums.failed) worlds broke a law")
            return sums.failed == 0
        }
    }
}
