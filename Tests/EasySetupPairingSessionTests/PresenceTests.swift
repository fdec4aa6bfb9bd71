import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
import EasySetupSeed
import Testing

/// A device tells its user that the other device has lost its connection, and how long it will wait.
@Suite("A peer that is away") struct PresenceTests {
    @Test(
        "A device shows in every state after the proofs that its peer is away, and that it is back",
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
        // The device knows already that the other one is connected, so this report changes nothing.
        #expect(says(true).isEmpty)
        #expect(says(false).map(\.name) == ["peer-away"])
        #expect(says(false).isEmpty)
        guard case .peerAway(let deadline) = device.states.last else { return }
        #expect(deadline.moment == end)
        #expect(says(true).map(\.name) == [isHolder ? "deciding" : "waiting"])
        // The user may answer while the other device is away. The device then shows the new state, and again that the
        // other is away.
        _ = says(false)
        if isHolder {
            bench.give(.answered(bench.yes), device)
            #expect(device.states.suffix(2).map(\.name) == ["given", "peer-away"])
            #expect(says(true).map(\.name) == ["given"])
        }
    }

    @Test("A visitor shows before the proofs that the offerer is away, for as long as the code lives") func greeting()
        throws
    {
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

    @Test("A screen's time left is the relay's, whichever device the relay tells first", arguments: [true, false])
    func timeLeft(offererHolds: Bool) throws {
        let bench = try Bench(offererHolds: offererHolds)
        func deadline(_ device: Device) -> Duration? {
            switch device.states.last {
            case .deciding(_, let deadline)?, .waiting(_, let deadline)?: deadline.moment
            default: nil
            }
        }
        bench.give(.frame(.visitor(meeting: Bench.meeting)), bench.offerer)
        let met = RelayFrame.met(meeting: Bench.meeting, token: Bench.token, expiresIn: .seconds(600))
        let hello = bench.give(.frame(met), bench.visitor)
        // The relay tells the visitor of its seat before the offerer's proof arrives.
        bench.give(.frame(.seated(meeting: nil, expiresIn: .seconds(100))), bench.visitor)
        bench.pass(hello, from: bench.visitor)
        let end = bench.now + .seconds(100)
        #expect(deadline(bench.visitor) == end)
        #expect(bench.visitor.nextDeadline() == end)
        #expect(deadline(bench.offerer) == bench.now + bench.limits.seatedLifetime)
        for _ in 0..<2 { bench.give(.frame(.seated(meeting: Bench.meeting, expiresIn: .seconds(100))), bench.offerer) }
        #expect(deadline(bench.offerer) == end)
        let name = offererHolds ? "deciding" : "waiting"
        #expect(bench.offerer.states.count { $0.name == name } == 2, "shown again once, for the time that is less")
    }

    @Test("A device that is answered while it has no connection goes on saying so", arguments: [true, false])
    func answersCutOff(offererHolds: Bool) throws {
        let bench = try Bench(offererHolds: offererHolds)
        bench.prove()
        bench.give(.lost(.connectionLost), bench.holder)
        bench.give(.answered(bench.yes), bench.holder)
        #expect(bench.holder.states.suffix(3).map(\.name) == ["reconnecting", "given", "reconnecting"])
    }

    @Test("A device that has come back itself shows again that its peer is away", arguments: [true, false])
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
        let have = [MeetingProgress(meeting: Bench.meeting, have: 2)]
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

    @Test("Nothing is shown of a peer after the outcome, or of a visitor that was not seated") func notTold()
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
}
