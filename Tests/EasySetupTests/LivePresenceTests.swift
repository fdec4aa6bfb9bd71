import EasySetupHandshake
import EasySetupRelay
import EasySetupRelayProtocol
import EasySetupSeed
import TestSupport
import Testing

@testable import EasySetup

/// The real client on real sockets: a device tells its user that the other device has lost its connection.
@Suite("A peer that is away, over sockets", .timeLimit(.minutes(60))) struct LivePresenceTests {
    @Test("Presence is reported through long polling", arguments: [true, false])
    func polling(offererHolds: Bool) async throws {
        try await LiveRelay.run(configure: { $0.connectionLimits.pollAbsence = .milliseconds(500) }) { relay in
            try await Middlebox.run(before: relay.address.port, upgrades: .hangUp) { _, here in
                try await Middlebox.run(before: relay.address.port, upgrades: .hangUp) { box, there in
                    let seed = SyncSeed.random()
                    let asking: @Sendable (ApprovalRequest) async -> Approval = { _ in
                        await noAnswer()
                        return .decline
                    }
                    let offering = relay.client("one", offererHolds ? seed : nil).offer(at: here, approve: asking)
                    let offerer = Watch(offering)
                    let code = try await offerer.offer().code
                    let joining = relay.client("other", offererHolds ? nil : seed)
                        .join(code, at: there, approve: asking)
                    let visitor = Watch(joining)
                    let state = offererHolds ? "deciding" : "waiting"
                    #expect(await offerer.first { $0.name == state } != nil)
                    #expect(await visitor.first { ["deciding", "waiting"].contains($0.name) } != nil)
                    // Nothing listens at port 9, to which the middlebox now sends the other device.
                    box.move(to: 9)
                    let away = await relay.clock.running { await offerer.first { $0.name == "peer-away" } }
                    guard case .peerAway(let deadline)? = away else {
                        Issue.record("not told")
                        return
                    }
                    #expect(deadline > .now)
                    box.move(to: relay.address.port)
                    try await until {
                        let names = await offerer.states.map(\.name)
                        return names.lastIndex(of: state)! > names.firstIndex(of: "peer-away")!
                    }
                    for pairing in [offering, joining] { pairing.cancel() }
                }
            }
        }
    }

    @Test("The relay tells a visitor that comes while the offerer is away, and one that is there already")
    func relay() async throws {
        try await LiveRelay.run { relay in
            let (frames, put) = AsyncStream<RelayFrame>.makeStream()
            let offerer = try await RelayConnection.open(
                to: relay.address,
                tls: relay.roots,
                by: .none,
                through: .webSocket,
                limits: ClientLimits()
            ) {
                if case .frames(let all) = $0 { for received in all { put.yield(received.frame) } }
            }
            offerer.send([.offer(slotLength: 0, work: nil)])
            offerer.read()
            guard case .offered(let slot, _, _)? = await frames.first(where: { _ in true }) else {
                Issue.record("no slot")
                return
            }
            let code = try PairingCode(
                slot: slot.symbols,
                random: SecretBytes.random(count: PairingCode.secretLength)
            )
            let early = relay.client("new phone").join(code, at: relay.address, approve: { _ in .decline })
            let there = Watch(early)
            #expect(await there.first { $0.name == "greeting" } != nil)
            // The device closes its connection without `leave`, as a killed program does.
            _ = offerer.close()
            #expect(await there.first { $0.name == "peer-away" } != nil)
            let late = relay.client("other phone").join(code, at: relay.address, approve: { _ in .decline })
            #expect(await Watch(late).first { $0.name == "peer-away" } != nil)
            for pairing in [early, late] { pairing.cancel() }
        }
    }
}
