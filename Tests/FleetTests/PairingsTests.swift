import EasySetup
import TestSupport
import Testing

/// Devices that are connected to different relays of one fleet.
@Suite(
    "Pairings at a fleet",
    .inTurn,
    .timeLimit(.minutes(60)),
    .enabled(if: RedisServer.program != nil, RedisServer.hint)
) struct PairingsTests {
    @Test("Devices at different relays pair, by WebSocket and by long polling") func pairings() async throws {
        try await RelayFleet.run { fleet, _ in
            try await Self.pair(at: fleet, Environment.isFull ? 2_000 : 24, Self.orders, "across relays")
        }
    }

    /// Pairs devices, each at the relay of its place in these orders, by WebSocket and by long polling.
    static func pair(at fleet: RelayFleet, _ count: Int, _ orders: [(Int, Int)], _ title: String) async throws {
        try await byLongPolling(fleet.relays[...]) { polled in
            let runs = (0..<count).map { number in
                let (home, entry) = orders[number % orders.count]
                let transports = number / orders.count % 4
                return FleetPairing(
                    offererAt: transports & 1 == 0 ? fleet.relays[home].address : polled[home],
                    visitorAt: transports & 2 == 0 ? fleet.relays[entry].address : polled[entry],
                    offererHolds: number / 3 % 2 == 0
                )
            }
            let outcomes = await several(runs, atOnce: 16) { try? await $0.run() }
            for outcome in outcomes {
                let outcome = try #require(outcome)
                #expect(outcome.isPaired && outcome.codes == 1 && outcome.errors.isEmpty, "\(outcome.text)")
            }
            print("\(count) pairings \(title): \(FleetSummary(outcomes.compactMap(\.self)).text)")
        }
    }

    private static let orders = [(0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)]

    /// Runs the body with an address for each relay at which no WebSocket gets through.
    private static func byLongPolling(
        _ relays: ArraySlice<FleetRelay>,
        _ addresses: [RelayAddress] = [],
        _ body: @Sendable ([RelayAddress]) async throws -> Void
    ) async throws {
        guard let relay = relays.first else { return try await body(addresses) }
        try await Gate.run(withoutWebSocket: true) {
            [relay.port]
        } _: { gate in
            try await byLongPolling(relays.dropFirst(), addresses + [gate.address], body)
        }
    }
}
