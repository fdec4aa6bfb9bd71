import EasySetup
import TestSupport
import Testing

/// The relay is a process of its own, killed with `kill -9` at each boundary of a pairing and started again.
@Suite("A relay killed at each boundary", .serialized, .timeLimit(.minutes(60)), .enabled(if: Environment.isAlone))
struct KillTests {
    /// The number of concurrent pairings, each with its own relay.
    static let width = 16

    let folder = ScratchFolder()

    @Test(
        "A relay with its key file takes every pairing back, and each ends well",
        arguments: FaultTests.isFull ? [true, false] : [true]
    )
    func withKey(offererHolds: Bool) async throws {
        let runs = try await runs(offererHolds: offererHolds)
        let outcomes = await outcomes(runs.map(\.run), keyFile: folder.path + "/key")
        var table = Table("\nKilled and started again with its key", columns: Self.strikes.map(\.name))
        for (index, outcome) in outcomes.enumerated() {
            let (row, run) = runs[index]
            let outcome = try #require(outcome, "\(run)")
            table.put(outcome.text, row: row, column: run.plan!.fault.name)
            #expect(outcome.isPaired && !outcome.wasStopped, "\(run): \(outcome.text)")
        }
        print(table.text)
    }

    @Test(
        "Without a key file the devices say that the relay forgot them, and a fresh code pairs those that had not met"
    ) func withoutKey()
        async throws
    {
        let runs = try await runs(offererHolds: true)
        let outcomes = await outcomes(runs.map(\.run), keyFile: nil)
        var table = Table("\nKilled and started again without a key", columns: Self.strikes.map(\.name))
        var fresh = 0
        for (index, outcome) in outcomes.enumerated() {
            let (row, run) = runs[index]
            let outcome = try #require(outcome, "\(run)")
            table.put(outcome.text, row: row, column: run.plan!.fault.name)
            #expect(outcome.isHonest && !outcome.wasStopped, "\(run): \(outcome.text)")
            if !outcome.isPaired {
                // Once the seat was taken, a user decides how to go on.
                #expect([.relayForgot, .sentNotConfirmed].contains(outcome.offerer.failure), "\(run): \(outcome.text)")
                #expect([.relayForgot, nil].contains(outcome.visitor.failure), "\(run): \(outcome.text)")
            }
            if outcome.codes > 1 {
                fresh += 1
                #expect(outcome.isPaired && outcome.codes == 2, "\(run): \(outcome.text)")
                #expect([.relayForgot, .noSuchCode, nil].contains(outcome.firstFailure), "\(run): \(outcome.text)")
            }
        }
        print(table.text)
        #expect(fresh > 0)
    }

    private static let strikes: [Fault] = [.strike(.before), .strike(.after)]

    private func runs(offererHolds: Bool) async throws -> [(row: String, run: FaultRun)] {
        var runs: [(row: String, run: FaultRun)] = []
        for victim in FaultRun.Victim.allCases {
            var clean = FaultRun(victim: victim, offererHolds: offererHolds)
            clean.followsFreshCode = true
            // A visitor without a token can't know that its code's offerer will not come back.
            clean.limits.offererReturn = .seconds(2)
            clean.grace = .seconds(8)
            let (paced, units) = try await clean.paced { run in
                try await RelayProcess.run(keyFile: nil) { try await run.run(port: $0.port) }
            }
            runs += paced.variants(at: units, Self.strikes)
        }
        return runs
    }

    private func outcomes(_ runs: [FaultRun], keyFile: String?) async -> [FaultRun.Outcome?] {
        await several(runs, atOnce: Self.width) { run in
            try? await RelayProcess.run(keyFile: keyFile) { relay in
                let outcome = try await run.run(port: relay.port) { relay.strike() }
                #expect(relay.kills == (outcome.report.hasFired ? 1 : 0))
                return outcome
            }
        }
    }
}

extension Result where Failure == PairingError {
    var failure: PairingError? { if case .failure(let error) = self { error } else { nil } }
}
