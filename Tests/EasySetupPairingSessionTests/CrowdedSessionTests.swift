import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
import EasySetupSeed
import Simulator
import TestSupport
import Testing

/// Sessions to which strangers come, and a relay that brings them or ends codes. The test plays the relay.
@Suite("Sessions among strangers", .busy) struct CrowdedSessionTests {
    @Test("An acknowledgement that a stranger made up, as it can after a restart, ends that stranger's meeting alone")
    func falseAck() throws {
        let bench = try Bench()
        let stranger = MeetingID([UInt8](repeating: 77, count: 16))!
        bench.give(.frame(.visitor(meeting: stranger)), bench.offerer)
        let actions = bench.give(.frame(.ack(meeting: stranger, upTo: 3)), bench.offerer)
        #expect(actions.sent == [.close(meeting: stranger, .malformed)])
        #expect(!bench.offerer.isOver)
        bench.prove()
    }

    @Test("A code to which strangers crowd is replaced once, by one that they can't find") func crowd() throws {
        let bench = try Bench()
        func come(_ number: Int) -> [DeviceFrame] {
            let stranger = MeetingID([UInt8](repeating: UInt8(100 + number), count: 16))!
            bench.give(.frame(.visitor(meeting: stranger)), bench.offerer)
            return bench.give(.frame(.over(meeting: stranger, .tooSlow)), bench.offerer).sent
        }
        for number in 1..<bench.limits.crowd { #expect(come(number) == []) }
        #expect(come(0) == [.leave(.codeBurnt)])
        #expect(bench.give(.connected, bench.offerer).sent == [.offer(slotLength: 6, work: nil)])
        let slot = Slot("K7Q29M")!
        bench.give(.frame(.offered(slot: slot, token: Bench.token, expiresIn: .seconds(600))), bench.offerer)
        for number in 0..<bench.limits.crowd + 10 { #expect(come(number) == []) }
        #expect(bench.offerer.offer?.ordinal == 2)
    }

    @Test("Hellos that come too fast are answered in order, and forgotten with their meetings") func manyHellos()
        throws
    {
        let bench = try Bench()
        let count = 30
        let meetings = (0..<count).map { MeetingID([UInt8](repeating: UInt8($0 + 10), count: 16))! }
        var answered: [MeetingID] = []
        func note(_ actions: [SessionAction]) {
            for case .send(.message(let meeting?, _)) in actions { answered.append(meeting) }
        }
        for meeting in meetings {
            bench.give(.frame(.visitor(meeting: meeting)), bench.offerer)
            let stranger = try Device.visiting(.code(bench.code), now: bench.now)
            _ = stranger.begin()
            _ = stranger.handle(.connected, bench.now)
            let met = RelayFrame.met(meeting: meeting, token: Bench.token, expiresIn: .seconds(600))
            let hello = try #require(stranger.handle(.frame(met), bench.now).messages.first)
            note(bench.give(.frame(.message(meeting: meeting, hello)), bench.offerer))
        }
        #expect(answered == Array(meetings.prefix(OffererHandshake.hellosPerSecond)))
        // The last five visitors leave before the device answers their hellos.
        for meeting in meetings.suffix(5) {
            bench.give(.frame(.over(meeting: meeting, .cancelled)), bench.offerer)
        }
        for _ in 0..<40 {
            guard let due = bench.offerer.nextDeadline(), due < bench.now + .seconds(5) else { break }
            bench.now = max(bench.now, due)
            note(bench.give(.deadlinePassed, bench.offerer))
        }
        #expect(answered == Array(meetings.dropLast(5)))
        // The device's next deadline is the end of the code's life: no hello waits any more.
        #expect(try #require(bench.offerer.nextDeadline()) > bench.now + .seconds(500))
    }

    @Test("Of many proofs at once three are compared, each is shown, and the code is replaced") func manyGuesses()
        throws
    {
        let bench = try Bench()
        var proofs: [(MeetingID, Message)] = []
        for number in 0..<8 as Range<UInt8> {
            let meeting = MeetingID([UInt8](repeating: number + 10, count: 16))!
            bench.give(.frame(.visitor(meeting: meeting)), bench.offerer)
            let stranger = try Device.visiting(.someCode(), now: bench.now)
            _ = stranger.begin()
            _ = stranger.handle(.connected, bench.now)
            let met = RelayFrame.met(meeting: meeting, token: Bench.token, expiresIn: .seconds(600))
            let hello = try #require(stranger.handle(.frame(met), bench.now).messages.first)
            let reply = try #require(
                bench.give(.frame(.message(meeting: meeting, hello)), bench.offerer).messages.first
            )
            let proof = try #require(stranger.handle(.frame(.message(meeting: nil, reply)), bench.now).messages.first)
            proofs.append((meeting, proof))
        }
        for (meeting, proof) in proofs { bench.give(.frame(.message(meeting: meeting, proof)), bench.offerer) }
        let told = bench.offerer.states.compactMap { if case .wrongProof(let count) = $0 { count } else { nil } }
        #expect(told == [1, 2, 3])
        #expect(bench.asked.isEmpty)
        // The old code is burnt. The device asks for another code, with a slot that is too long to be found by trying.
        let again = bench.give(.connected, bench.offerer)
        guard case .send(.offer(slotLength: 6, work: nil)) = again.first else {
            Issue.record("no fresh code")
            return
        }
    }

    @Test("A relay that ends each code at once sees three codes and no more") func codesEndedAtOnce() throws {
        let offerer = Device.offering(.random())
        _ = offerer.begin()
        var codes = 0
        for _ in 0..<10 {
            let connected = offerer.handle(.connected, .zero)
            guard connected.contains(where: { if case .send(.offer) = $0 { true } else { false } }) else { break }
            codes += 1
            let offered = RelayFrame.offered(slot: Bench.slot, token: Bench.token, expiresIn: .zero)
            _ = offerer.handle(.frame(offered), .zero)
            if offerer.handle(.deadlinePassed, .zero).isEnd { break }
        }
        #expect(codes == 3)
        #expect(offerer.nextDeadline() == nil)
    }

    @Test("A visitor that is sent back to the line again and again does not wait beyond the code's life")
    func endlessLine()
        throws
    {
        let bench = try Bench()
        let start = bench.now
        for number in 0..<200 as Range<UInt8> where !bench.visitor.isOver {
            let meeting = MeetingID([UInt8](repeating: number, count: 16))!
            bench.give(.frame(.met(meeting: meeting, token: Bench.token, expiresIn: .seconds(600))), bench.visitor)
            #expect(try #require(bench.visitor.nextDeadline()) <= start + bench.limits.codeLifetime)
            bench.now += .seconds(2)
            bench.give(.frame(.inLine(position: 1)), bench.visitor)
        }
        #expect(bench.visitor.nextDeadline() == start + bench.limits.codeLifetime)
    }
}
