import EasySetupHandshake
import EasySetupRelayProtocol
import Foundation
import TestSupport
import Testing

@testable import EasySetupRelay

/// The header of a real Caddy (Debian's package `caddy`), configured as `Protocol/operating.md` recommends. The relay
/// must count devices from two loopback addresses separately, and require work for a second offer from one address.
@Suite(
    "A relay behind Caddy",
    .enabled(if: ReverseProxy.Kind.caddy.program != nil, "Caddy is not installed"),
    .inTurn,
    .timeLimit(.minutes(60))
)
struct CaddyTests {
    @Test("Devices behind Caddy are counted by their own addresses, whatever headers they make up")
    func counts() async throws {
        var configuration = RelayConfiguration()
        configuration.limits = ConnectionTests.oneForEachPrefix
        configuration.trustedProxies = TrustedProxies(
            at: [try #require(AddressBlock("127.0.0.1"))],
            header: .xForwardedFor
        )
        try await withRelay(configuration) { _, relay in
            let proxy = try #require(try ReverseProxy.advisedCaddy(relay: relay))
            try await proxy.run { address in
                let forged = [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1")]
                for isNew in [true, false] {
                    for source in ["127.0.0.2", "127.0.0.3"] {
                        let device = try await TestDevice.connect(port: address.port, from: source, headers: forged)
                        try await device.send(.offer(slotLength: 0, work: nil))
                        #expect(await device.nextFrame()?.isOffered == isNew)
                    }
                }
            }
        }
    }
}
