import Handshake
import RelayWire
import SyncSeed
import TestSupport
import Testing

@testable import PairingClient

/// A device whose peer has lost its connection says so, with the time that it will wait.
@Suite("A peer that is away", .timeLimit(.minutes(60))) struct PresenceTests {
    @Test(
        "is told in every state after the proofs, on both sides, and so is its return",
        arguments: [true, false],
        [true, false]
    )
    func seated(offererHolds: Bool, isHolder: Bool) throws {
        let bench = try Bench(offererHolds: offererHolds)
        bench.prove()
        let device = isHolder ? bench.holder : bench.receiver
        let end = bench.now + bench.limits.seatedLifetime
        func says(_ isPresent: Bool) -> [PairingState] {
            let before = device.states.count
            bench.give(.frame(.presence(meeting: bench.name(device), isPresent: isPresent)), device)
            return Array(device.states[before...])
        }
        // A second word of the same changes nothing.
        #expect(says(true).isEmpty)
        #expect(says(false).map(\.name) == ["peer-away"])
        #expect(says(false).isEmpty)
        guard case .peerAway(let deadline) = device.states.last else { return }
        #expect(deadline.moment == end)
        #expect(says(true).map(\.name) == [isHolder ? "deciding" : "waiting"])
        // What the person answers meanwhile counts, and the peer is still away.
        _ = says(false)
        if isHolder {
            bench.give(.answered(bench.yes), device)
            #expect(device.states.suffix(2).map(\.name) == ["given", "peer-away"])
            #expect(says(true).map(\.name) == ["given"])
        }
    }

    @Test("is told to a visitor before the proofs, for as long as the code lives") func greeting() throws {
        let bench = try Bench()
        let met = RelayFrame.met(meeting: Bench.meeting, token: Bench.token, expiresIn: .seconds(400))
        bench.give(.frame(met), bench.visitor)
        bench.give(.frame(.presence(meeting: nil, isPresent: false)), bench.visitor)
        guard case .peerAway(let deadline) = bench.visitor.states.last else {
            Issue.record("not told")
            return
        }
        #expect(deadline.moment == bench.now + .seconds(400))
        bench.give(.frame(.presence(meeting: nil, isPresent: true)), bench.visitor)
        #expect(bench.visitor.states.map(\.name) == ["connecting", "greeting", "peer-away", "greeting"])
    }

    @Test("is told again after this device has come back itself, where it is still away", arguments: [true, false])
    func comesBack(isOfferer: Bool) throws {
        let bench = try Bench()
        bench.prove()
        let device = isOfferer ? bench.offerer : bench.visitor
        let away = RelayFrame.presence(meeting: bench.name(device), isPresent: false)
        bench.give(.frame(away), device)
        bench.give(.lost(.connectionLost), device)
        bench.now = try #require(device.nextDeadline())
        bench.give(.deadlinePassed, device)
        bench.give(.connected, device)
        let have = [Have(meeting: Bench.meeting, have: 2)]
        bench.give(
            .frame(
                isOfferer
                    ? .attachedOfferer(expiresIn: .seconds(200), meetings: have, slotLost: false)
                    : .attachedVisitor(expiresIn: .seconds(200), have: 2)
            ),
            device
        )
        let state = isOfferer ? "deciding" : "waiting"
        #expect(device.states.suffix(3).map(\.name) == ["peer-away", "reconnecting", state])
        bench.give(.frame(away), device)
        #expect(device.states.last?.name == "peer-away")
    }

    @Test("is nobody's business once the outcome was shown, nor is a visitor's who was not seated") func notTold()
        throws
    {
        let bench = try Bench()
        bench.give(.frame(.visitor(meeting: Bench.meeting)), bench.offerer)
        bench.give(.frame(.presence(meeting: Bench.meeting, isPresent: false)), bench.offerer)
        #expect(!bench.offerer.states.contains { $0.name == "peer-away" })
        let paired = try Bench()
        paired.seedIsStored(until: true)
        let shown = paired.receiver.states.count
        paired.give(.frame(.presence(meeting: paired.name(paired.receiver), isPresent: false)), paired.receiver)
        #expect(paired.receiver.states.count == shown)
    }

    @Test("is told by the relay to whoever comes while the offerer is away, and at once to whoever is there")
    func relay() async throws {
        try await LiveRelay.run { relay in
            let (frames, put) = AsyncStream<RelayFrame>.makeStream()
            let (offerer, _) = try await RelayConnection.open(
                to: relay.address,
                tls: relay.roots,
                by: .none,
                through: .webSocket,
                asking: nil,
                limits: ClientLimits()
            ) {
                if case .frames(let all) = $0 { for frame in all { put.yield(frame) } }
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
            // It goes without a word, as a program does that is killed.
            _ = offerer.close()
            #expect(await there.first { $0.name == "peer-away" } != nil)
            let late = relay.client("other phone").join(code, at: relay.address, approve: { _ in .decline })
            #expect(await Watch(late).first { $0.name == "peer-away" } != nil)
            for pairing in [early, late] { pairing.cancel() }
        }
    }
}
