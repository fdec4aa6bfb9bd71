import ChainSimulator
import Testing

@Suite("Worlds of chains")
struct ChainWorldTests {
    @Test("No law is broken by devices, crashes, bad manners and a meddling store", arguments: 0..<40 as Range<UInt64>)
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
