import EasySetup
import TestSupport
import Testing

/// Many pairs of users one after the other at one address, while something is done to the relays.
struct Crowd: Sendable {
    var count: Int
    var width: Int
    /// The longest that a user takes to type a code, and to answer a question.
    var typing: Duration
    var deciding: Duration
    var limits: ClientLimits

    /// Some 30 pairs that notice a silent relay sooner than devices do, or hundreds as they are.
    static let usual =
        Environment.isFull
        ? Crowd(count: 300, width: 40, typing: .seconds(12), deciding: .seconds(6), limits: ClientLimits())
        : Crowd(count: 24, width: 12, typing: .seconds(3), deciding: .seconds(2), limits: quick)

    private static let quick: ClientLimits = {
        var limits = ClientLimits()
        limits.silence = .seconds(4)
        limits.answerTimeout = .seconds(6)
        limits.upgradeTimeout = .seconds(3)
        limits.maximumBackoff = .seconds(3)
        return limits
    }()

    /// Pairs all of them while `trouble` runs, which ends by its cancellation.
    func pair(
        at address: RelayAddress,
        _ title: String,
        while trouble: @escaping @Sendable () async throws -> Void = {}
    ) async throws -> FleetSummary {
        let runs = (0..<count).map { number in
            FleetPairing(
                offererAt: address,
                visitorAt: address,
                offererHolds: number.isMultiple(of: 2),
                limits: limits,
                typing: typing * Double.random(in: 0...1),
                deciding: deciding * Double.random(in: 0...1),
                patience: .seconds(500)
            )
        }
        let troubling = Task { try await trouble() }
        let outcomes = await several(runs, atOnce: width) { try? await $0.run() }
        troubling.cancel()
        do { try await troubling.value } catch is CancellationError {}
        let summary = FleetSummary(outcomes.compactMap(\.self))
        print("\(title): \(summary.text)")
        #expect(summary.outcomes.count == count)
        for outcome in summary.outcomes {
            // A user that reads an error types a fresh code, which the other device shows by itself.
            #expect(outcome.isPaired && outcome.untrue == 0 && outcome.errors.count < outcome.codes, "\(outcome.text)")
        }
        return summary
    }
}
