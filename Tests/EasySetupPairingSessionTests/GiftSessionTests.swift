import EasySetupChain
import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
import EasySetupSeed
import Simulator
import Testing

@Suite("The sessions of two devices of which one gives a membership") struct GiftSessionTests {
    static func scope() throws -> AccessScope {
        .collections([try CollectionName("notes"): false], notAfter: 4_102_444_799)
    }

    @Test(
        "Both users are told what is given: the holder's before it is sent, and the receiver's before it is kept",
        arguments: [(true, false), (false, false), (false, true)]
    )
    func told(offererHolds: Bool, asksFirst: Bool) throws {
        let scope = try Self.scope()
        let bench = try Bench(offererHolds: offererHolds, asksFirst: asksFirst, gives: scope)
        bench.prove()
        #expect(bench.asked.map(\.scope) == [scope])
        bench.pass(bench.give(.answered(bench.yes), bench.holder), from: bench.holder)
        if asksFirst {
            #expect(bench.askedToAccept.map(\.scope) == [scope])
            #expect(bench.askedToAccept.map(\.userID) == [bench.chain.userID])
            #expect(bench.toStore.isEmpty)
            bench.give(.accepted(.accept), bench.receiver)
        }
        guard case .membership(let membership) = bench.toStore.first else {
            Issue.record("not a membership: \(bench.toStore.count)")
            return
        }
        #expect(membership.scope == scope)
        bench.pass(bench.give(.stored, bench.receiver), from: bench.receiver)
        for device in [bench.holder, bench.receiver] {
            guard case .paired(let paired) = device.states.last else {
                Issue.record("\(device.states)")
                continue
            }
            #expect(paired.scope == scope)
            #expect(paired.userID == bench.chain.userID)
        }
    }

    @Test("Nothing is sent without the holder's yes", arguments: [Approval.decline, .unclear, .nobodyToAsk])
    func declined(answer: Approval) throws {
        let bench = try Bench(gives: Self.scope())
        bench.prove()
        bench.pass(bench.give(.answered(answer), bench.holder), from: bench.holder)
        #expect(bench.toStore.isEmpty)
    }

    @Test("A device with a membership can get the seed, or another membership", arguments: [true, false])
    func more(seed: Bool) throws {
        let chain = SyncSeed.random()
        let has = try GivenMembership(collections: [CollectionName("notes"): false], of: chain).membership
        let bench = try Bench(gives: seed ? .everything : Self.scope(), has: has)
        bench.prove()
        bench.pass(bench.give(.answered(bench.yes), bench.holder), from: bench.holder)
        #expect(bench.toStore.map(\.scope) == [seed ? .everything : try Self.scope()])
    }

    @Test("A device with a membership that meets one without a seed has nothing to give, and says so")
    func nothingToGive() throws {
        let has = try GivenMembership(collections: [CollectionName("notes"): true], of: .random()).membership
        let offerer = Device.offering(.receiver(has: has))
        let outcome = try meet(offerer) { try .visiting(.code($0), PairingPart.receiver(has: nil), now: $1) }
        #expect(outcome.offerer == .failed(.noSeedToGive))
        #expect(outcome.visitor == .failed(.bothReceive))
        let reversed = try meet(.offering(nil)) { try .visiting(.code($0), PairingPart.receiver(has: has), now: $1) }
        #expect(reversed.offerer == .failed(.bothReceive))
        #expect(reversed.visitor == .failed(.noSeedToGive))
    }

    @Test("A refusal of the receiver's store reaches the holder") func notStored() throws {
        let bench = try Bench(gives: Self.scope())
        bench.prove()
        bench.pass(bench.give(.answered(bench.yes), bench.holder), from: bench.holder)
        bench.pass(bench.give(.notStored(.membershipEnded), bench.receiver), from: bench.receiver)
        #expect(bench.receiver.outcome == .failed(.store(.membershipEnded)))
        #expect(bench.holder.outcome == .failed(.peerNotStored))
    }

    /// Lets two devices of which neither has a seed meet, and returns what each says.
    private func meet(
        _ offerer: Device,
        _ visit: (PairingCode, Duration) throws -> Device
    ) throws -> (offerer: Act.Outcome?, visitor: Act.Outcome?) {
        let now: Duration = .seconds(1_000)
        _ = offerer.begin()
        _ = offerer.handle(.connected, now)
        let shown = offerer.handle(
            .frame(.offered(slot: Bench.slot, token: Bench.token, expiresIn: .seconds(600))),
            now
        )
        let visitor = try visit(try #require(shown.offer).code, now)
        _ = visitor.begin()
        _ = visitor.handle(.connected, now)
        _ = offerer.handle(.frame(.visitor(meeting: Bench.meeting)), now)
        var outcomes: [ObjectIdentifier: Act.Outcome] = [:]
        var waiting: [(to: Device, Message)] = []
        func take(_ actions: [SessionAction], of device: Device) {
            for action in actions {
                switch action {
                case .send(.message(_, let message)):
                    waiting.append((device === offerer ? visitor : offerer, message))
                case .show(.failed(let error)): outcomes[ObjectIdentifier(device)] = .failed(error)
                default: break
                }
            }
        }
        let met = RelayFrame.met(meeting: Bench.meeting, token: Bench.token, expiresIn: .seconds(600))
        take(visitor.handle(.frame(met), now), of: visitor)
        while !waiting.isEmpty {
            let (device, message) = waiting.removeFirst()
            let meeting = device === offerer ? Bench.meeting : nil
            take(device.handle(.frame(.message(meeting: meeting, message)), now), of: device)
        }
        return (outcomes[ObjectIdentifier(offerer)], outcomes[ObjectIdentifier(visitor)])
    }
}
