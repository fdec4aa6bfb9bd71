import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed
import Testing

@testable import EasySetupPairingSession

/// Devices at a relay that drains, until the next relay runs. The test plays both relays.
@Suite("Sessions at a relay that drains") struct DrainTests {
    static let slot = Slot("K7Q")!
    static let token = Token(bytes: [1])
    static let draining = RelayFrame.refused(.draining, retryAfter: .seconds(2))

    static func offering() -> Device { .offering(.random()) }

    static func visiting() throws -> Device { try .visiting(.someCode(), now: .zero) }

    /// Lets the time pass until the device connects again, and opens the connection. The device waits at most as long
    /// as the relay asked for, plus its own longest wait. Returns the first frame that the device sends.
    static func comeBack(_ device: Device, _ now: inout Duration) throws -> DeviceFrame {
        let due = try #require(device.nextDeadline())
        #expect(due - now <= .seconds(4) + ClientLimits().maximumBackoff)
        now = due
        let actions = device.handle(.deadlinePassed, now)
        #expect(actions.contains { if case .connect = $0 { true } else { false } })
        for case .send(let frame) in device.handle(.connected, now) { return frame }
        throw NothingSent()
    }

    struct NothingSent: Error {}

    @Test("An offerer whose code nobody has typed comes again until the next relay is there, and shows the same code")
    func offerer() throws {
        var now = Duration.zero
        let device = Self.offering()
        _ = device.begin()
        _ = device.handle(.connected, now)
        let offered = RelayFrame.offered(slot: Self.slot, token: Self.token, expiresIn: .seconds(600))
        let code = device.handle(.frame(offered), now).shown
        _ = device.handle(.frame(.goodbye(retryAfter: .seconds(2))), now)
        #expect(device.handle(.lost(.connectionLost), now).shown == ["reconnecting"])
        #expect(try #require(device.nextDeadline()) >= .seconds(2))
        for attempt in UInt32(1)...20 {
            #expect(
                try Self.comeBack(device, &now) == .attachOfferer(token: Self.token, held: [], attempt: attempt)
            )
            #expect(device.handle(.frame(Self.draining), now).shown.isEmpty)
            #expect(device.handle(.lost(.connectionLost), now).shown == ["reconnecting"])
        }
        _ = try Self.comeBack(device, &now)
        let left = Duration.seconds(600) - now
        let again = device.handle(.frame(.attachedOfferer(expiresIn: left, meetings: [], slotLost: false)), now)
        #expect(again.shown == code)
    }

    @Test("An offerer whose code has expired by then gets a fresh one at the next relay") func freshCode() throws {
        var now = Duration.zero
        let device = Self.offering()
        _ = device.begin()
        _ = device.handle(.connected, now)
        let offered = RelayFrame.offered(slot: Self.slot, token: Self.token, expiresIn: .seconds(600))
        _ = device.handle(.frame(offered), now)
        now = .seconds(600)
        _ = device.handle(.deadlinePassed, now)
        _ = device.handle(.connected, now)
        for _ in 0..<5 {
            let actions = device.handle(.frame(Self.draining), now)
            #expect(actions.shown == ["reconnecting"])
            #expect(actions.contains { $0.isDisconnect })
            #expect(try Self.comeBack(device, &now) == .offer(slotLength: 0, work: nil))
        }
        #expect(device.handle(.frame(offered), now).shown == ["offered"])
    }

    @Test("A visitor from the line visits again until the next relay is there") func inLine() throws {
        var now = Duration.zero
        let device = try Self.visiting()
        _ = device.begin()
        _ = device.handle(.connected, now)
        #expect(device.handle(.frame(.inLine(position: 3)), now).shown == ["in-line"])
        _ = device.handle(.frame(.goodbye(retryAfter: .seconds(2))), now)
        #expect(device.handle(.lost(.connectionLost), now).shown == ["reconnecting"])
        for _ in 0..<20 {
            #expect(try Self.comeBack(device, &now) == .visit(slot: Self.slot, work: nil))
            #expect(device.handle(.frame(Self.draining), now).shown == ["reconnecting"])
        }
        _ = try Self.comeBack(device, &now)
        let met = RelayFrame.met(
            meeting: MeetingID([UInt8](repeating: 3, count: 16))!,
            token: Self.token,
            expiresIn: .seconds(100)
        )
        #expect(device.handle(.frame(met), now).shown == ["greeting"])
    }

    @Test("A device that only begins fails at once, and its error says how long to wait", arguments: [true, false])
    func beginning(
        offers: Bool
    )
        throws
    {
        let device = offers ? Self.offering() : try Self.visiting()
        _ = device.begin()
        _ = device.handle(.connected, .zero)
        let actions = device.handle(.frame(Self.draining), .zero)
        #expect(actions.shown == ["draining"])
        for case .show(.failed(let error)) in actions {
            #expect(error.retryAfter == .seconds(2))
            #expect(error.advice == "Wait 2 s, then try again.")
        }
    }
}

extension [SessionAction] {
    /// The names of the states that the device shows.
    fileprivate var shown: [String] {
        compactMap { action in
            guard case .show(let state) = action else { return nil }
            return state.name
        }
    }
}
