import ChainSimulator
import Foundation
import Testing

@Suite("Worlds of chains")
struct ChainWorldTests {
    /// The numbers of the worlds. The variable `EASYSETUP_CHAIN_WORLDS` has others, as FIRST-LAST.
    private static var numbers: ClosedRange<UInt64> {
        let bounds = ProcessInfo.processInfo.environment["EASYSETUP_CHAIN_WORLDS"]?.split(separator: "-").map {
            UInt64($0)!
        }
        return bounds.map { $0[0]...$0[$0.count - 1] } ?? 0...39
    }

    @Test("No law is broken by devices, crashes, bad manners and a meddling store", arguments: numbers)
    func laws(_ seed: UInt64) async {
        let world = ChainWorld(seed: seed)
        await world.run()
        guard !world.breaches.isEmpty else { return }
        // Once more, with all that happened.
        let again = ChainWorld(seed: seed)
        var trace: [String] = []
        again.tracer = { trace.append($0) }
        await again.run()
        Issue.record("world \(seed): \(world.breaches.map(\.what))\n\(trace.joined(separator: "\n"))")
    }

    @Test("Each law detects the fault that is made for it", arguments: ChainMutation.allCases)
    func mutations(_ mutation: ChainMutation) async {
        for seed in 0..<60 as Range<UInt64> {
            let world = ChainWorld(seed: seed, mutation: mutation)
            await world.run()
            if world.breaches.contains(where: { $0.law == mutation.breaks }) { return }
        }
        Issue.record("\(mutation) broke no law")
    }

    @Test("The same seed gives the same course")
    func course() async {
        let (one, other) = (ChainWorld(seed: 5), ChainWorld(seed: 5))
        await one.run()
        await other.run()
        #expect(one.course == other.course)
        #expect(one.writes > 0)
    }
}
