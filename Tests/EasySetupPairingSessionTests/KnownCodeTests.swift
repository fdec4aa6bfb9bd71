import EasySetupPairingSession
import EasySetupRelayProtocol
import EasySetupSeed
import Simulator
import Testing

@testable import EasySetupHandshake

/// An attacker knows the code, but sends a proof that no real device sends. The devices must tell their users.
@Suite("A code that a stranger knew") struct KnownCodeSessionTests {
    /// A proof with its valid tag, but with zeros in place of its encrypted part.
    private static func spoilt(_ message: Message) -> Message {
        var message = message
        let sealed = 1 + ProofMessage.tagByteCount..<message.body.count
        message.body.replaceSubrange(sealed, with: [UInt8](repeating: 0, count: sealed.count))
        return message
    }

    /// A visitor's proof (message 3), made by a stranger's device that knows the code.
    private static func proof(_ bench: Bench, _ code: PairingCode, _ meeting: MeetingID) throws -> Message {
        bench.give(.frame(.visitor(meeting: meeting)), bench.offerer)
        let stranger = try Device.visiting(.code(code), bench.offerer.holds ? nil : .random(), now: bench.now)
        _ = stranger.begin()
        _ = stranger.handle(.connected, bench.now)
        let met = RelayFrame.met(meeting: meeting, token: Bench.token, expiresIn: .seconds(600))
        let hello = try #require(stranger.handle(.frame(met), bench.now).messages.first)
        let reply = try #require(bench.give(.frame(.message(meeting: meeting, hello)), bench.offerer).messages.first)
        return try #require(stranger.handle(.frame(.message(meeting: nil, reply)), bench.now).messages.first)
    }

    @Test("The offerer tells its user that a stranger knew the code, and replaces the code", arguments: [true, false])
    func offerer(offererHolds: Bool) throws {
        let bench = try Bench(offererHolds: offererHolds)
        let meeting = MeetingID([UInt8](repeating: 9, count: 16))!
        let proof = try Self.proof(bench, bench.code, meeting)
        let said = bench.give(.frame(.message(meeting: meeting, Self.spoilt(proof))), bench.offerer)
        #expect(bench.offerer.states.map(\.name) == ["code-known"])
        #expect(said.sent == [.close(meeting: meeting, .malformed), .leave(.codeBurnt)])
        #expect(bench.asked.isEmpty && bench.toStore.isEmpty)
        // The device asks for a fresh code, with a slot that is too long to be found by trying.
        let again = bench.give(.connected, bench.offerer).sent
        #expect(again == [.offer(slotLength: 6, work: nil)])
        let slot = Slot("K7QXYZ")!
        let fresh = bench.give(
            .frame(.offered(slot: slot, token: Bench.token, expiresIn: .seconds(600))),
            bench.offerer
        )
        #expect(fresh.offer?.ordinal == 2)
        // The fresh code must not have the old code's secret.
        #expect(fresh.offer?.code.revealed() != bench.code.revealed())
    }

    @Test("Such a code counts among the three codes of an act") func codesSpent() throws {
        let bench = try Bench()
        var code = bench.code
        for number in 1...3 as ClosedRange<UInt8> {
            let meeting = MeetingID([UInt8](repeating: 20 + number, count: 16))!
            let proof = try Self.proof(bench, code, meeting)
            bench.give(.frame(.message(meeting: meeting, Self.spoilt(proof))), bench.offerer)
            guard number < 3 else { break }
            bench.give(.connected, bench.offerer)
            let offered = RelayFrame.offered(slot: Slot("K7QXYZ")!, token: Bench.token, expiresIn: .seconds(600))
            code = try #require(bench.give(.frame(offered), bench.offerer).offer).code
        }
        #expect(bench.offerer.states.count { $0.name == "code-known" } == 3)
        #expect(bench.offerer.outcome == .failed(.codesSpent))
    }

    @Test("The visitor tells its user that a stranger knew the code, and its try is spent", arguments: [true, false])
    func visitor(offererHolds: Bool) throws {
        let bench = try Bench(offererHolds: offererHolds)
        bench.give(.frame(.visitor(meeting: Bench.meeting)), bench.offerer)
        let met = RelayFrame.met(meeting: Bench.meeting, token: Bench.token, expiresIn: .seconds(600))
        let hello = try #require(bench.give(.frame(met), bench.visitor).messages.first)
        let reply = bench.give(.frame(.message(meeting: Bench.meeting, hello)), bench.offerer).messages[0]
        let proof = bench.give(.frame(.message(meeting: nil, reply)), bench.visitor).messages[0]
        let answer = bench.give(.frame(.message(meeting: Bench.meeting, proof)), bench.offerer).messages[0]
        let said = bench.give(.frame(.message(meeting: nil, Self.spoilt(answer))), bench.visitor)
        #expect(bench.visitor.outcome == .failed(.codeKnown))
        #expect(said.sent == [.leave(.malformed)])
        #expect(bench.asked.count == (offererHolds ? 1 : 0))
    }
}
