import ArgumentParser
import Simulator
import Synchronization

/// Runs worlds of relays of a fleet, one for each seed, and reports those that break a law.
struct FleetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Runs worlds of several relays behind a balancer, and says which break a law."
    )

    @Option(help: "How many worlds.")
    var count: UInt64 = 40_000

    @Option(help: "The first one's seed; the others follow it.")
    var firstSeed: UInt64 = 1

    @OptionGroup var options: WorldOptions

    @Option(help: "Only this trouble: \(FleetTrouble.allCases.map(\.rawValue).joined(separator: ", ")).")
    var trouble: String?

    @Option(help: "Leave this rule out: \(FleetRule.allCases.map(\.rawValue).joined(separator: ", ")).")
    var without: String?

    func run() async throws {
        let rule = try without.map { name in
            guard let rule = FleetRule(rawValue: name) else { throw ValidationError("there is no rule '\(name)'") }
            return rule
        }
        let trouble = try trouble.map { name in
            guard let trouble = FleetTrouble(rawValue: name) else {
                throw ValidationError("there is no trouble '\(name)'")
            }
            return trouble
        }
        if let seed = options.seed { return try one(seed, trouble, rule) }
        let runner = FleetRunner(
            Seeds(first: firstSeed, count: count, seconds: options.seconds),
            trouble,
            without: rule
        )
        await options.work { runner.work() }
        if !runner.report() { throw ExitCode.failure }
    }

    private func one(_ seed: UInt64, _ trouble: FleetTrouble?, _ rule: FleetRule?) throws {
        let world = World.drawn(seed, trouble: trouble, without: rule)
        if options.trace { world.tracer = { print("\($0)", $1) } }
        world.run()
        print(world.summary)
        print(FleetTally(world).line(world.trouble?.rawValue ?? "none"))
        for breach in world.breaches { print("BROKEN \(breach.law.rawValue): \(breach.what)") }
        if !world.breaches.isEmpty { throw ExitCode.failure }
    }
}

/// Runs worlds and adds up the results.
private final class FleetRunner: Sendable {
    private struct Sums {
        var failed = 0
        var tallies: [FleetTrouble: FleetTally] = [:]
        /// The number of worlds that broke a law, by the text without its numbers.
        var ways: [String: Int] = [:]
    }

    private let seeds: Seeds
    private let trouble: FleetTrouble?
    private let rule: FleetRule?
    private let sums = Mutex(Sums())

    init(_ seeds: Seeds, _ trouble: FleetTrouble?, without rule: FleetRule?) {
        (self.seeds, self.trouble, self.rule) = (seeds, trouble, rule)
    }

    func work() {
        while let seed = seeds.draw() {
            let world = World.drawn(seed, trouble: trouble, without: rule)
            let course = seed.isMultiple(of: Seeds.repeats) ? Course(of: world) : nil
            world.run()
            if let course, !course.isTaken(again: World.drawn(seed, trouble: trouble, without: rule)) {
                world.breach(.course, "the second time was different")
            }
            let tally = FleetTally(world)
            sums.withLock { sums in
                sums.tallies[world.trouble ?? .none, default: FleetTally()] += tally
                guard let breach = world.breaches.first else { return }
                sums.failed += 1
                let way = "\(breach.law.rawValue): \(breach.what.filter { !$0.isNumber })"
                sums.ways[way, default: 0] += 1
                guard sums.ways[way] ?? 0 <= 3, sums.failed <= 100 else { return }
                print("world \(seed), \(world.trouble?.rawValue ?? "none"): \(breach.law.rawValue): \(breach.what)")
                var option = trouble.map { " --trouble \($0.rawValue)" } ?? ""
                if let rule { option += " --without \(rule.rawValue)" }
                print("  replay it: scripts/worlds fleet --seed \(seed)\(option) --trace")
            }
        }
    }

    /// Prints the results. Returns false when a world broke a law.
    func report() -> Bool {
        sums.withLock { sums in
            var all = FleetTally()
            for trouble in FleetTrouble.allCases {
                guard let tally = sums.tallies[trouble] else { continue }
                print(tally.line(trouble.rawValue))
                all += tally
            }
            print(all.line(seeds.pace(all.worlds)))
            for (way, count) in sums.ways.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
                print("\(count) × \(way)")
            }
            print(sums.failed == 0 ? "no world broke a law" : "\(sums.failed) worlds broke a law")
            return sums.failed == 0
        }
    }
}
