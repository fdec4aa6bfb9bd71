import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed
import Testing

@testable import EasySetupPairingSession

/// The supervision of an offerer's connections. The session is real; the test plays the connections.
@Suite("The supervisor of connections") struct ConnectionSupervisorTests {
    private static let slot = Slot("K7Q")!
    private static let offered = RelayFrame.offered(slot: slot, token: Token(bytes: [1]), expiresIn: .seconds(600))
    private static let unreachable = PairingError.relayUnreachable(.refused)

    private static func offering() -> ConnectionSupervisor<OfferSession> {
        ConnectionSupervisor(OfferSession.made(seed: .random()))
    }

    /// Lets the time pass until the supervisor connects again. Returns the names of its steps.
    private func connectAgain(_ supervisor: inout ConnectionSupervisor<OfferSession>, _ now: inout Duration) -> [String]
    {
        now = supervisor.nextDeadline ?? now
        return supervisor.happened(.deadlinePassed, now: now).map(\.name)
    }

    @Test("Each attempt has a number and a transport, and frames leave together") func connects() {
        var supervisor = Self.offering()
        let first = supervisor.begin().map(\.name)
        #expect(first == ["show", "connect by websocket"])
        guard case .use(let steps) = supervisor.opened(1, now: .zero) else {
            Issue.record("the connection is not used")
            return
        }
        #expect(steps.map(\.name) == ["read", "send offer"])
    }

    @Test("A failed attempt is shown with its cause, until one ends the pairing") func retrying() {
        var supervisor = Self.offering()
        _ = supervisor.begin()
        var now = Duration.zero
        var number = 1
        var told: [String] = []
        while true {
            let states = supervisor.failed(number, Self.unreachable, now: now).states
            told += states
            guard states == ["retrying"] else { break }
            #expect(connectAgain(&supervisor, &now) == ["connect by websocket"])
            number += 1
        }
        #expect(number > 2)
        #expect(told == Array(repeating: "retrying", count: number - 1) + ["relay-unreachable"])
        let late = supervisor.failed(number, Self.unreachable, now: now).states
        #expect(late == [], "nothing is shown after the last state")
    }

    @Test("Once the relay was reached, the cause comes before the time that is left") func retryingLater() {
        var supervisor = Self.offering()
        var now = Duration.zero
        _ = supervisor.begin()
        _ = supervisor.opened(1, now: now)
        _ = supervisor.reported(.frames([ReceivedFrame(Self.offered)]), by: 1, now: now)
        let lost = supervisor.reported(.closed(.connectionLost), by: 1, now: now).states
        #expect(lost == ["reconnecting"])
        _ = connectAgain(&supervisor, &now)
        let failed = supervisor.failed(3, Self.unreachable, now: now).states
        #expect(failed == ["retrying", "reconnecting"])
    }

    @Test("An old connection changes nothing any more, and is closed if it opens late") func old() {
        var supervisor = Self.offering()
        var now = Duration.zero
        _ = supervisor.begin()
        _ = supervisor.opened(1, now: now)
        _ = supervisor.reported(.closed(.connectionLost), by: 1, now: now)
        _ = connectAgain(&supervisor, &now)
        let reports: [ConnectionReport] = [
            .frames([ReceivedFrame(Self.offered)]), .closed(.relayMisbehaved), .stumbled, .through(.webSocket),
            .unheard,
        ]
        for report in reports {
            let steps = supervisor.reported(report, by: 1, now: now)
            #expect(steps.isEmpty)
        }
        let failed = supervisor.failed(1, .relayVersion, now: now)
        #expect(failed.isEmpty)
        if case .use = supervisor.opened(1, now: now) { Issue.record("an old connection is used") }
        if case .close = supervisor.opened(3, now: now) { Issue.record("the new connection is not used") }
    }

    @Test("After a WebSocket without a frame comes long polling, and after its failure the WebSocket") func silent() {
        var supervisor = Self.offering()
        var now = Duration.zero
        _ = supervisor.begin()
        _ = supervisor.opened(1, now: now)
        _ = supervisor.reported(.unheard, by: 1, now: now)
        _ = supervisor.reported(.closed(.connectionLost), by: 1, now: now)
        #expect(connectAgain(&supervisor, &now) == ["connect by long-polling"])
        _ = supervisor.failed(3, Self.unreachable, now: now)
        #expect(connectAgain(&supervisor, &now) == ["connect by websocket"])
        _ = supervisor.reported(.through(.longPolling), by: 4, now: now)
        _ = supervisor.opened(4, now: now)
        _ = supervisor.reported(.closed(.connectionLost), by: 4, now: now)
        #expect(connectAgain(&supervisor, &now) == ["connect by long-polling"])
        _ = supervisor.failed(6, Self.unreachable, now: now)
        #expect(connectAgain(&supervisor, &now) == ["connect by long-polling"])
    }

    @Test("Frames behind the one that ends their connection do not reach the session") func behind() {
        var supervisor = Self.offering()
        _ = supervisor.begin()
        _ = supervisor.opened(1, now: .zero)
        let shown = supervisor.reported(.frames([ReceivedFrame(Self.offered)]), by: 1, now: .zero).states
        #expect(shown == ["offered"])
        // After the code expired, the device asks for another code on a new connection. On the old one, `offered` would
        // break the protocol.
        let steps = supervisor.reported(
            .frames([.over(meeting: nil, .expired), Self.offered].map { ReceivedFrame($0) }),
            by: 1,
            now: .zero
        )
        #expect(steps.map(\.name) == ["read", "disconnect", "connect by websocket"])
    }

    @Test("The supervisor gives the session back at its end") func end() throws {
        var supervisor = ConnectionSupervisor(try VisitSession.made(.someCode(), now: .zero))
        _ = supervisor.begin()
        let last = supervisor.happened(.cancelled, now: .zero).map(\.name)
        #expect(last == ["show", "disconnect", "end"])
        let isTrySpent = supervisor.end().isTrySpent
        #expect(!isTrySpent)
    }
}

extension [DriverStep] {
    /// The names of the states among the steps.
    fileprivate var states: [String] {
        compactMap { if case .show(let state) = $0 { state.name } else { nil } }
    }
}
