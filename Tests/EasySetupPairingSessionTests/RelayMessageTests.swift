import EasySetupRelayProtocol
import EasySetupSeed
import Testing

@testable import EasySetupPairingSession

/// The message of the relay's operator (`Protocol/device.md`, "The relay's message").
@Suite("The relay's message at a device") struct RelayMessageTests {
    static let slot = Slot("K7Q")!
    static let offered = RelayFrame.offered(slot: slot, token: Token(bytes: [1]), expiresIn: .seconds(600))

    static func message(_ number: Int) -> RelayMessage { try! RelayMessage("Message \(number).") }

    private static func connected() -> ConnectionSupervisor<OfferSession> {
        var supervisor = ConnectionSupervisor(OfferSession.made(seed: .random()))
        _ = supervisor.begin()
        _ = supervisor.opened(1, now: .zero)
        return supervisor
    }

    /// The names of the states that follow from a frame with a message.
    private static func shown(
        _ supervisor: inout ConnectionSupervisor<OfferSession>,
        _ frame: RelayFrame,
        _ number: Int,
        by connection: Int = 1
    ) -> [String] {
        let frames = [ReceivedFrame(frame, message: message(number))]
        return supervisor.reported(.frames(frames), by: connection, now: .zero).compactMap {
            if case .show(let state) = $0 { state.name } else { nil }
        }
    }

    @Test("It is shown before the code that comes with it, and not again beside later frames") func first() {
        var supervisor = Self.connected()
        let first = Self.shown(&supervisor, Self.offered, 1)
        #expect(first == ["relay-message", "offered"])
        let later = Self.shown(&supervisor, .presence(meeting: MeetingID(Array(0..<16))!, isPresent: true), 2)
        #expect(later == [])
    }

    @Test("It is shown before the reason of a refusal") func refused() {
        var supervisor = Self.connected()
        let shown = Self.shown(&supervisor, .refused(.relayFull, retryAfter: .seconds(30)), 1)
        #expect(shown == ["relay-message", "relay-full"])
        let late = Self.shown(&supervisor, Self.offered, 2)
        #expect(late == [])
    }

    @Test("A relay that sends a thousand shows three, and each of them once") func flood() {
        var supervisor = Self.connected()
        var shown: [String] = []
        // A frame that answers nothing leaves the connection waiting for the answer.
        let frame = RelayFrame.presence(meeting: MeetingID(Array(0..<16))!, isPresent: true)
        for number in 0..<1_000 { shown += Self.shown(&supervisor, frame, number / 2) }
        #expect(shown == ["relay-message", "relay-message", "relay-message"])
        #expect(ClientLimits().relayMessages == 3)
    }

    @Test("A message that a new connection brings again is not shown again, and a new one is") func again() {
        var supervisor = Self.connected()
        _ = Self.shown(&supervisor, Self.offered, 1)
        var connection = 1
        for (number, expected) in [(1, ["offered"]), (2, ["relay-message", "offered"]), (2, ["offered"])] {
            _ = supervisor.reported(.closed(.connectionLost), by: connection, now: .zero)
            let due = supervisor.nextDeadline ?? .zero
            _ = supervisor.happened(.deadlinePassed, now: due)
            connection += 2
            guard case .use = supervisor.opened(connection, now: due) else {
                Issue.record("the connection \(connection) is not used")
                return
            }
            let back = RelayFrame.attachedOfferer(expiresIn: .seconds(500), meetings: [], slotLost: false)
            let shown = Self.shown(&supervisor, back, number, by: connection)
            #expect(shown == expected)
        }
    }

    @Test("From the proofs on it is ignored, on both devices") func afterProofs() throws {
        let bench = try Bench()
        bench.prove()
        for device in [bench.offerer, bench.visitor] {
            let count = device.states.count
            bench.give(.lost(.connectionLost), device)
            let due = try #require(device.nextDeadline())
            bench.now = max(bench.now, due)
            bench.give(.deadlinePassed, device)
            bench.give(.connected, device)
            bench.give(.relayMessage(Self.message(1)), device)
            #expect(device.states.dropFirst(count).map(\.name).allSatisfy { $0 != "relay-message" })
        }
        #expect(!bench.offerer.states.isEmpty && bench.asked.count == 1)
    }

    @Test("A visitor hears it while it arrives") func visitor() throws {
        var supervisor = ConnectionSupervisor(try VisitSession.made(.someCode(), now: .zero))
        _ = supervisor.begin()
        _ = supervisor.opened(1, now: .zero)
        let frames = [ReceivedFrame(.inLine(position: 2), message: Self.message(1))]
        let names = supervisor.reported(.frames(frames), by: 1, now: .zero).compactMap { step -> String? in
            if case .show(let state) = step { state.name } else { nil }
        }
        #expect(names == ["relay-message", "in-line"])
    }
}
