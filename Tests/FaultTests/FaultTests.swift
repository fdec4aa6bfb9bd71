import EasySetup
import EasySetupRelay
import EasySetupRelayCore
import Foundation
import TestSupport
import Testing

/// Whole pairings of the real client at the real relay, behind a proxy that causes one fault at one boundary.
///
/// These tests try a part of the combinations of boundaries and faults; `scripts/faults` tries all of them.
@Suite("One fault at each boundary", .serialized, .timeLimit(.minutes(60)), .enabled(if: Environment.isAlone))
struct FaultTests {
    static let isFull = Environment.faults == "all"
    /// The number of concurrent pairings, which mostly wait for a timeout.
    static let width = 16

    static let cuts: [Fault] = [
        .cut(.reset, .before), .cut(.finish, .middle), .cut(.reset, .after), .cut(.finish, .before),
        .cut(.reset, .middle), .cut(.finish, .after),
    ]
    static let stalls: [Fault] = Spot.allCases.map(Fault.stall) + Spot.allCases.map(Fault.stallOneWay)
    static let flips: [Fault] = Fault.Part.allCases.map(Fault.corrupt)

    /// The common settings of all pairings of a table.
    struct Scenario: Sendable, CustomTestStringConvertible {
        var isPlain = true
        var offererHolds = true
        var isHTTP = false
        /// Whether the relay asks for work.
        var isWork = false
        var faults: [Fault]
        /// The fraction of cases that runs where not all do: one in so many.
        var part = 3

        var testDescription: String {
            "\(isPlain ? "plain" : "TLS"), \(offererHolds ? "the offerer" : "the visitor") holds the seed"
                + (isWork ? ", after work" : "") + (isHTTP ? ", no WebSocket gets through" : "")
        }
    }

    static let some: [Scenario] = [
        byHTTP,
        Scenario(faults: cuts + stalls + [.trickle]),
        Scenario(offererHolds: false, isWork: true, faults: cuts + stalls + [.trickle], part: 4),
        // With TLS a flipped bit ends the connection.
        Scenario(isPlain: false, offererHolds: false, faults: cuts + stalls + [.trickle] + flips, part: 7),
    ]
    static let byHTTP = Scenario(isHTTP: true, faults: cuts + stalls + [.trickle], part: 7)
    static let everything: [Scenario] =
        [true, false].flatMap { isPlain in
            [true, false].flatMap { offererHolds in
                [true, false].map { isWork in
                    let faults = cuts + stalls + [.trickle] + (isPlain ? [] : flips)
                    return Scenario(isPlain: isPlain, offererHolds: offererHolds, isWork: isWork, faults: faults)
                }
            }
        } + [byHTTP, Scenario(offererHolds: false, isHTTP: true, isWork: true, faults: cuts + stalls + [.trickle])]

    @Test(
        "The devices resume a connection that is cut, stalls or trickles, and pair",
        arguments: isFull ? everything : some
    )
    func takenUp(scenario: Scenario) async throws {
        try await matrix("Cuts and stalls", scenario) { run, outcome in
            #expect(outcome.isPaired && !outcome.wasStopped, "\(run): \(outcome.text)")
        }
    }

    @Test(
        "A flipped bit without TLS ends in a pairing or in an error, never in a wrong pairing",
        arguments: [true, false]
    )
    func flippedBits(offererHolds: Bool) async throws {
        let scenario = Scenario(offererHolds: offererHolds, faults: Self.flips, part: 1)
        try await matrix("Flipped bits", scenario, limits: Self.impatient) { run, outcome in
            #expect(outcome.isHonest, "\(run): \(outcome.text)")
            // Both errors are the devices' own, not those of a cancellation.
            if case .failure(let here) = outcome.offerer, case .failure(let there) = outcome.visitor {
                #expect(here != .cancelledHere || there != .cancelledHere, "\(run): \(outcome.text)")
            }
        }
    }

    /// After a flipped bit one of the two devices may wait until its deadline, so the limits are short.
    static let impatient: ClientLimits = {
        var limits = FaultRun.limits
        limits.codeLifetime = .seconds(5)
        limits.seatedLifetime = .seconds(5)
        limits.receiptTimeout = .seconds(5)
        return limits
    }()

    /// Runs every boundary with every fault, or a part of them, and prints the results.
    private func matrix(
        _ title: String,
        _ scenario: Scenario,
        limits: ClientLimits = FaultRun.limits,
        _ check: @escaping @Sendable (FaultRun, FaultRun.Outcome) -> Void
    ) async throws {
        try await LiveRelay.run(tls: !scenario.isPlain, configure: Self.configure(isWork: scenario.isWork)) { relay in
            var runs: [(row: String, run: FaultRun)] = []
            for victim in FaultRun.Victim.allCases {
                var clean = FaultRun(victim: victim, offererHolds: scenario.offererHolds, isPlain: scenario.isPlain)
                clean.limits = limits
                clean.isHTTP = scenario.isHTTP
                let (paced, units) = try await clean.paced { try await $0.run(at: relay) }
                runs += paced.variants(at: units, scenario.faults, part: Self.isFull ? 1 : scenario.part)
            }
            let outcomes = await several(runs.map(\.run), atOnce: Self.width) { try? await $0.run(at: relay) }
            var table = Table("\n\(title): \(scenario.testDescription)", columns: scenario.faults.map(\.name))
            var (fired, again, paired) = (0, 0, 0)
            for (index, outcome) in outcomes.enumerated() {
                let (row, run) = runs[index]
                let outcome = try #require(outcome, "\(run)")
                check(run, outcome)
                table.put(outcome.text, row: row, column: run.plan!.fault.name)
                fired += outcome.report.hasFired ? 1 : 0
                paired += outcome.isPaired ? 1 : 0
                again += max(0, outcome.report.connections - outcome.usual)
            }
            print(table.text)
            print("\(runs.count) pairings, \(fired) faults, \(paired) paired, \(again) connections made again\n")
            // Some units never come, because the last frames cross, or because a busy machine lost a connection
            // earlier.
            #expect(fired >= runs.count / 2)
        }
    }

    private static func configure(isWork: Bool) -> @Sendable (inout RelayConfiguration) -> Void {
        { configuration in
            // A stalled connection has to be noticed by a time-out, as on a real network.
            configuration.clock = nil
            // All these pairings come from one address.
            configuration.limits.offersPerPrefix = isWork ? 0 : 1_000_000
            configuration.limits.visitsPerPrefix = isWork ? 0 : 1_000_000
            configuration.limits.difficulty = 4...4
        }
    }
}

/// These tests measure nothing, but they wait for connections that time out, and other tests on a busy machine would
/// look like faults. So they run by themselves, in `scripts/test` and `scripts/faults`.
enum Environment {
    /// `part` or `all`; nil in a run of other tests.
    static let faults = ProcessInfo.processInfo.environment["EASYSETUP_FAULTS"]

    static var isAlone: Bool { faults != nil }
}
