import EasySetupChain
import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
import EasySetupSeed
import Simulator
import Testing

/// The answers of both devices' users, and the states that each user sees afterwards.
@Suite("Answers of the users") struct AnswerTests {
    /// Runs a pairing until the receiver's user is asked whether to keep the seed.
    private func asking() throws -> Bench {
        let bench = try Bench(offererHolds: false, asksFirst: true)
        bench.prove()
        bench.pass(bench.give(.answered(bench.yes), bench.holder), from: bench.holder)
        let request = try #require(bench.askedToAccept.first)
        #expect(request.userID == bench.chain.userID)
        #expect(request.peer.device.name.description == "new phone")
        #expect(bench.toStore.isEmpty)
        #expect(bench.receipt.isEmpty)
        guard case .accepting(request) = bench.receiver.states.last else {
            Issue.record("not asked: \(bench.receiver.states)")
            return bench
        }
        return bench
    }

    @Test("A receiver that asks first stores the seed after the yes, and not before") func accepted() throws {
        let bench = try asking()
        bench.give(.accepted(.accept), bench.receiver)
        #expect(bench.toStore.map(\.userID) == [bench.chain.userID])
        // The user has just answered on this device, so the state must not be `waiting`, which points to the other
        // screen.
        #expect(bench.receiver.states.last?.name == "accepting")
        bench.pass(bench.give(.stored, bench.receiver), from: bench.receiver)
        #expect(bench.receiver.outcome == .paired)
        #expect(bench.holder.outcome == .paired)
    }

    @Test(
        "Without a yes nothing is stored, and both sides say why",
        arguments: [
            (
                SessionEvent.accepted(.decline), PairingError.declinedHere(.receiver),
                PairingError.declined(by: .receiver)
            ),
            (.accepted(.unclear), .notConfirmed(.receiver), .cancelled),
            (.accepted(.nobodyToAsk), .nobodyToAsk(.receiver), .nobodyAsked(by: .receiver)),
            (.cancelled, .cancelledHere, .cancelled),
            (.deadlinePassed, .timedOut(.thisUser(.receiver)), .timedOut(.otherUser)),
        ]
    )
    func notAccepted(event: SessionEvent, here: PairingError, there: PairingError) throws {
        let bench = try asking()
        if case .deadlinePassed = event { bench.now = try #require(bench.receiver.nextDeadline()) }
        let said = bench.give(event, bench.receiver)
        #expect(bench.receiver.outcome == .failed(here))
        #expect(bench.holder.outcome == nil)
        bench.pass(said, from: bench.receiver)
        #expect(bench.holder.outcome == .failed(there))
        // The user's yes comes too late, so the device must not store the seed.
        bench.give(.accepted(.accept), bench.receiver)
        #expect(bench.toStore.isEmpty)
    }

    @Test("A holder waits for the other user's answer as long as the pairing may take, not as long as a store takes")
    func patience() throws {
        let bench = try asking()
        let end = bench.now + bench.limits.seatedLifetime
        guard case .given(let peer, _) = bench.holder.states.last else {
            Issue.record("not given")
            return
        }
        #expect(peer.device.asksFirst)
        #expect(bench.holder.nextDeadline() == end)
        // The receiver's deadline is earlier, so that its refusal still reaches the holder.
        #expect(try #require(bench.receiver.nextDeadline()) == end - bench.limits.farewell)
        bench.now += bench.limits.receiptTimeout * 2
        bench.give(.deadlinePassed, bench.holder)
        #expect(bench.holder.outcome == nil)
        bench.give(.accepted(.accept), bench.receiver)
        bench.pass(bench.give(.stored, bench.receiver), from: bench.receiver)
        #expect(bench.holder.outcome == .paired)
    }

    @Test("While the user is asked, no message from the relay ends the question, and the holder's leaving does")
    func meanwhile() throws {
        let bench = try asking()
        let junk = Message(number: 4, ack: 2, body: [UInt8](repeating: 5, count: 529))
        bench.give(.frame(.message(meeting: Bench.meeting, junk)), bench.receiver)
        #expect(bench.receiver.outcome == nil)
        // The device loses its connection and connects again. The question must stay the same.
        bench.give(.lost(.connectionLost), bench.receiver)
        bench.now = try #require(bench.receiver.nextDeadline())
        bench.give(.deadlinePassed, bench.receiver)
        bench.give(.connected, bench.receiver)
        let have = [MeetingProgress(meeting: Bench.meeting, have: 2)]
        bench.give(.frame(.attachedOfferer(expiresIn: .seconds(200), meetings: have, slotLost: false)), bench.receiver)
        guard case .accepting = bench.receiver.states.last else {
            Issue.record("not asked any more: \(bench.receiver.states)")
            return
        }
        #expect(bench.askedToAccept.count == 1)
        let said = bench.give(.frame(.over(meeting: Bench.meeting, .cancelled)), bench.receiver)
        #expect(bench.receiver.outcome == .failed(.cancelled))
        #expect(said.contains { if case .stopAsking = $0 { true } else { false } })
        bench.give(.accepted(.accept), bench.receiver)
        #expect(bench.toStore.isEmpty)
    }

    @Test("A holder that offers, or a receiver that was not told to, asks nobody whether to keep a seed")
    func asksNobody() throws {
        for bench in [try Bench(offererHolds: true, asksFirst: true), try Bench(offererHolds: false)] {
            bench.seedIsStored(until: true)
            #expect(bench.askedToAccept.isEmpty)
            guard case .given(let peer, _) = bench.holder.states.last else {
                Issue.record("not given")
                continue
            }
            #expect(!peer.device.asksFirst)
            #expect(bench.holder.nextDeadline() == bench.now + bench.limits.receiptTimeout)
        }
    }

    @Test("A device without a user to ask gives nothing, and the other side says so", arguments: [true, false])
    func nobodyToAsk(offererHolds: Bool) throws {
        let bench = try Bench(offererHolds: offererHolds)
        bench.prove()
        bench.pass(bench.give(.answered(.nobodyToAsk), bench.holder), from: bench.holder)
        #expect(bench.holder.outcome == .failed(.nobodyToAsk(.holder)))
        #expect(bench.receiver.outcome == .failed(.nobodyAsked(by: .holder)))
        #expect(bench.toStore.isEmpty)
    }

    @Test("An answer that is neither yes nor no is not reported as a no", arguments: [true, false])
    func unclear(offererHolds: Bool) throws {
        let bench = try Bench(offererHolds: offererHolds)
        bench.prove()
        bench.pass(bench.give(.answered(.unclear), bench.holder), from: bench.holder)
        #expect(bench.holder.outcome == .failed(.notConfirmed(.holder)))
        #expect(bench.receiver.outcome == .failed(.cancelled))
        #expect(bench.toStore.isEmpty)
    }

    @Test("A question that nobody answers ends on both sides with an error that says so", arguments: [true, false])
    func timedOut(offererHolds: Bool) throws {
        let bench = try Bench(offererHolds: offererHolds)
        bench.prove()
        bench.now = try #require(bench.holder.nextDeadline())
        bench.pass(bench.give(.deadlinePassed, bench.holder), from: bench.holder)
        #expect(bench.holder.outcome == .failed(.timedOut(.thisUser(.holder))))
        #expect(bench.receiver.outcome == .failed(.timedOut(.otherUser)))
        // The relay may report the end of the time before a device's own deadline, to either device.
        for isHolder in [true, false] {
            let other = try Bench(offererHolds: offererHolds)
            other.prove()
            let device = isHolder ? other.holder : other.receiver
            other.give(.frame(.over(meeting: other.name(device), .expired)), device)
            #expect(device.outcome == .failed(.timedOut(isHolder ? .thisUser(.holder) : .otherUser)))
        }
    }

    @Test("A receiver that waited in vain says which device was away, the other or itself", arguments: [true, false])
    func waitsInVain(offererHolds: Bool) throws {
        let away = try Bench(offererHolds: offererHolds)
        away.prove()
        let word = RelayFrame.presence(meeting: away.name(away.receiver), isPresent: false)
        away.give(.frame(word), away.receiver)
        away.now = try #require(away.receiver.nextDeadline())
        away.give(.deadlinePassed, away.receiver)
        #expect(away.receiver.outcome == .failed(.timedOut(.otherDevice)))
        let cut = try Bench(offererHolds: offererHolds)
        cut.prove()
        cut.give(.lost(.connectionLost), cut.receiver)
        cut.now += cut.limits.seatedLifetime
        for _ in 0..<3 where cut.receiver.outcome == nil {
            cut.give(.deadlinePassed, cut.receiver)
            cut.give(.lost(.connectionLost), cut.receiver)
        }
        #expect(cut.receiver.outcome == .failed(.connectionLost))
    }

    @Test("An empty answer is no try, and is not asked for without end") func nothingTyped() throws {
        let bench = try Bench(offererHolds: false)
        bench.prove()
        bench.give(.answered(.word("nosuchword")), bench.holder)
        bench.give(.answered(.word(" \u{200B}\n")), bench.holder)
        #expect(bench.asked.map(\.attempt) == [1, 2, 2])
        #expect(bench.asked.map(\.mistake) == [nil, .slip, .nothing])
        bench.give(.answered(.word("")), bench.holder)
        #expect(bench.holder.outcome == nil)
        bench.give(.answered(.word("")), bench.holder)
        #expect(bench.holder.outcome == .failed(.notConfirmed(.holder)))
    }

    @Test("A word of another pairing's screen is told from a slip") func otherWord() throws {
        let bench = try Bench(offererHolds: false)
        bench.prove()
        let words = bench.asked[0].peer.words
        let other = try #require(["acorn", "zucchini", "moss"].first { $0 != words.first && $0 != words.second })
        for answer in [other, "\(words.first)x", "nosuchword"] {
            bench.pass(bench.give(.answered(.word(answer)), bench.holder), from: bench.holder)
        }
        #expect(bench.asked.map(\.mistake) == [nil, .other, .slip])
        #expect(bench.holder.outcome == .failed(.wrongWord(isOther: true)))
        #expect(bench.receiver.outcome == .failed(.declined(by: .holder)))
    }

    @Test("Both words give the seed, as one word does") func bothWords() throws {
        let bench = try Bench(offererHolds: false)
        bench.prove()
        let words = bench.asked[0].peer.words
        bench.pass(bench.give(.answered(.word("\(words.second) · \(words.first)")), bench.holder), from: bench.holder)
        #expect(bench.toStore.count == 1)
    }
}
