import EasySetup
import EasySetupRelay
import TestSupport
import Testing

/// An operator who sets a limit to the least value that the relay takes has a relay that still serves two devices.
@Suite("The least values of limits") struct LeastLimitTests {
    @Test(
        "Two devices pair when one limit has its least value",
        arguments: NamedLimit.all.filter { !$0.isTime }.map(\.name),
        [true, false]
    )
    func pairing(name: String, webSocket: Bool) async throws {
        let limit = try #require(NamedLimit(named: name))
        let configure = { (configuration: inout RelayConfiguration) in
            #expect(limit.set(limit.range.lowerBound, in: &configuration))
            #expect(!limit.set(limit.range.lowerBound - 1, in: &configuration))
        }
        try await LiveRelay.run(configure: configure) { live in
            let upgrades: Middlebox.Upgrades = webSocket ? .pass : .hangUp
            try await Middlebox.run(before: live.address.port, upgrades: upgrades) { _, box in
                let transport = webSocket ? "websocket" : "long-polling"
                let transports = try await TwoDevices(offerer: box, visitor: box).pair()
                #expect(transports == .init(transport, visitor: transport))
            }
        }
    }
}
