import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed
import Testing

@testable import EasySetupPairingSession

/// The course of an offerer's connections. The session is real; the test plays the connections.
@Suite("The course of connections") struct ConnectionCourseTests {
    private static let slot = Slot("K7Q")!
    private static let offered = RelayFrame.offered(slot: slot, token: Token(bytes: [1]), expiresIn: .seconds(600))
    private static let unreachable = PairingError.relayUnreachable(.refused)

    private static func offering() -> ConnectionCourse<OfferSession> {
        ConnectionCourse(OfferSession.made(seed: .random()))
    }

    /// Lets the time pass until the course connects again. Returns the names of its steps.
    private func connectAgain(_ course: inout ConnectionCourse<OfferSession>, _ now: inout Duration) -> [String] {
        now = course.nextDeadline ?? now
        return course.happened(.deadlinePassed, now: now).map(\.name)
    }

    @Test("Each attempt has a number and a transport, and frames leave together") func connects() {
        var course = Self.offering()
        let first = course.begin().map(\.name)
        #expect(first == ["show", "connect by websocket"])
        guard case .use(let steps) = course.opened(1, now: .zero) else {
            Issue.record("the connection is not used")
            return
        }
        #expect(steps.map(\.name) == ["read", "send offer"])
    }

    @Test("A failed attempt is shown with its cause, until one ends the pairing") func retrying() {
        var course = Self.offering()
        _ = course.begin()
        var now = Duration.zero
        var number = 1
        var told: [String] = []
        while true {
            let states = course.failed(number, Self.unreachable, now: now).states
            told += states
            guard states == ["retrying"] else { break }
            #expect(connectAgain(&course, &now) == ["connect by websocket"])
            number += 1
        }
        #expect(number > 2)
        #expect(told == Array(repeating: "retrying", count: number - 1) + ["relay-unreachable"])
        let late = course.failed(number, Self.unreachable, now: now).states
        #expect(late == [], "nothing is shown after the last state")
    }

    @Test("Once the relay was reached, the cause comes before the time that is left") func retryingLater() {
        var course = Self.offering()
        var now = Duration.zero
        _ = course.begin()
        _ = course.opened(1, now: now)
        _ = course.reported(.frames([Self.offered]), by: 1, now: now)
        let lost = course.reported(.closed(.connectionLost), by: 1, now: now).states
        #expect(lost == ["reconnecting"])
        _ = connectAgain(&course, &now)
        let failed = course.failed(3, Self.unreachable, now: now).states
        #expect(failed == ["retrying", "reconnecting"])
    }

    @Test("An old connection changes nothing any more, and is closed if it opens late") func old() {
        var course = Self.offering()
        var now = Duration.zero
        _ = course.begin()
        _ = course.opened(1, now: now)
        _ = course.reported(.closed(.connectionLost), by: 1, now: now)
        _ = connectAgain(&course, &now)
        let reports: [ConnectionReport] = [
            .frames([Self.offered]), .closed(.relayMisbehaved), .stumbled, .through(.webSocket), .unheard,
        ]
        for report in reports {
            let steps = course.reported(report, by: 1, now: now)
            #expect(steps.isEmpty)
        }
        let failed = course.failed(1, .relayVersion, now: now)
        #expect(failed.isEmpty)
        if case .use = course.opened(1, now: now) { Issue.record("an old connection is used") }
        if case .close = course.opened(3, now: now) { Issue.record("the new connection is not used") }
    }

    @Test("After a WebSocket without a frame comes long polling, and after its failure the WebSocket") func silent() {
        var course = Self.offering()
        var now = Duration.zero
        _ = course.begin()
        _ = course.opened(1, now: now)
        _ = course.reported(.unheard, by: 1, now: now)
        _ = course.reported(.closed(.connectionLost), by: 1, now: now)
        #expect(connectAgain(&course, &now) == ["connect by long-polling"])
        _ = course.failed(3, Self.unreachable, now: now)
        #expect(connectAgain(&course, &now) == ["connect by websocket"])
        _ = course.reported(.through(.longPolling), by: 4, now: now)
        _ = course.opened(4, now: now)
        _ = course.reported(.closed(.connectionLost), by: 4, now: now)
        #expect(connectAgain(&course, &now) == ["connect by long-polling"])
        _ = course.failed(6, Self.unreachable, now: now)
        #expect(connectAgain(&course, &now) == ["connect by long-polling"])
    }

    @Test("Frames behind the one that ends their connection do not reach the session") func behind() {
        var course = Self.offering()
        _ = course.begin()
        _ = course.opened(1, now: .zero)
        let shown = course.reported(.frames([Self.offered]), by: 1, now: .zero).states
        #expect(shown == ["offered"])
        // After the code expired, the device asks for another code on a new connection. On the old one, `offered` would
        // break the protocol.
        let steps = course.reported(.frames([.over(meeting: nil, .expired), Self.offered]), by: 1, now: .zero)
        #expect(steps.map(\.name) == ["read", "disconnect", "connect by websocket"])
    }

    @Test("The course gives the session back at its end") func end() throws {
        var course = ConnectionCourse(try VisitSession.made(.someCode(), now: .zero))
        _ = course.begin()
        let last = course.happened(.cancelled, now: .zero).map(\.name)
        #expect(last == ["show", "disconnect", "end"])
        let isTrySpent = course.end().isTrySpent
        #expect(!isTrySpent)
    }
}

extension [DriverStep] {
    /// The names of the states among the steps.
    fileprivate var states: [String] {
        compactMap { if case .show(let state) = $0 { state.name } else { nil } }
    }
}
