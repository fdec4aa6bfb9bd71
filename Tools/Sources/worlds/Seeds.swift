import ArgumentParser
import Synchronization

/// The options of every command that runs worlds, one for each seed.
struct WorldOptions: ParsableArguments {
    @Option(help: "How many at once.")
    var jobs = 2

    @Option(help: "Stop after so many seconds, however many worlds there were.")
    var seconds: Int?

    @Option(help: "Run this one world only.")
    var seed: UInt64?

    @Flag(help: "With --seed: print everything that happens in it.")
    var trace = false

    /// Lets so many work at once.
    func work(_ body: @escaping @Sendable () async -> Void) async {
        await withTaskGroup { group in
            for _ in 0..<jobs { group.addTask { await body() } }
        }
    }
}

/// Gives out seeds, one after the other, for as long as worlds are to be run.
final class Seeds: Sendable {
    /// One world in this many is run twice, to check that both runs are the same.
    static let repeats: UInt64 = 100

    let first: UInt64
    private let next: Atomic<UInt64>
    private let end: UInt64
    private let start = ContinuousClock.now
    private let deadline: ContinuousClock.Instant?

    init(first: UInt64, count: UInt64, seconds: Int?) {
        self.first = first
        next = Atomic(first)
        end = first + count
        deadline = seconds.map { .now + .seconds($0) }
    }

    /// The next seed; nil if there is none, or the time is over.
    func draw() -> UInt64? {
        if let deadline, .now >= deadline { return nil }
        let seed = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return seed < end ? seed : nil
    }

    /// How long these worlds, so many of them, took.
    func pace(_ worlds: Int) -> String {
        let elapsed = ContinuousClock.now - start
        let rate = Int(Double(worlds) / (elapsed / .seconds(1)))
        return "from seed \(first) in \(elapsed.components.seconds) s, \(rate) a second"
    }
}
