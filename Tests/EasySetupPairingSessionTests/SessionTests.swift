import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
import EasySetupSeed
import Simulator
import TestSupport
import Testing

/// Sessions against a malicious relay, which the test plays: any frame, in any order, at any time.
@Suite("Sessions under attack", .busy) struct SessionTests {
    /// All frames that a relay can send to a device after the proofs.
    private static func words(to meeting: MeetingID?) -> [RelayFrame] {
        let other = MeetingID([UInt8](repeating: 4, count: 16))!
        let token = Token(bytes: [1])
        return [
            .offered(slot: Slot("000")!, token: token, expiresIn: .zero), .inLine(position: 1),
            .met(meeting: other, token: token, expiresIn: .zero), .visitor(meeting: other),
            .message(meeting: meeting, Message(number: 4, ack: 0, body: [5])),
            .message(meeting: meeting, Message(number: 9, ack: 9, body: [5])),
            .message(meeting: meeting, Message(number: 1, ack: 900, body: [5])), .ack(meeting: meeting, upTo: 900),
            .attachedVisitor(expiresIn: .zero, have: 0),
            .attachedOfferer(expiresIn: .zero, meetings: [], slotLost: true),
            .presence(meeting: meeting, isPresent: false),
            .seated(meeting: meeting, expiresIn: .zero), .over(meeting: meeting, .wrongProof),
            .over(meeting: nil, .cancelled),
            .refused(.elsewhere, retryAfter: .zero), .refused(.relayFull, retryAfter: .seconds(9)),
            .refused(.draining, retryAfter: .zero), .goodbye(retryAfter: .seconds(9)),
            .workWanted(challenge: [1], difficulty: 24, expiresIn: .zero),
        ]
    }

    @Test("While the seed is being stored, no frame from the relay makes the pairing fail", arguments: [true, false])
    func storing(offererHolds: Bool) throws {
        for index in Self.words(to: nil).indices {
            let bench = try Bench(offererHolds: offererHolds)
            bench.seedIsStored(until: false)
            let word = Self.words(to: bench.name(bench.receiver))[index]
            bench.give(.frame(word), bench.receiver)
            bench.give(.cancelled, bench.receiver)
            #expect(bench.receiver.outcome == nil, "\(index)")
            #expect(!bench.receiver.isOver, "\(index)")
            bench.give(.stored, bench.receiver)
            #expect(bench.receiver.outcome == .paired, "\(index)")
        }
    }

    @Test("After its success a device shows nothing more, and ends", arguments: [true, false])
    func success(offererHolds: Bool) throws {
        for index in Self.words(to: nil).indices {
            let bench = try Bench(offererHolds: offererHolds)
            bench.seedIsStored(until: true)
            let shown = bench.receiver.states.count
            bench.give(.frame(Self.words(to: bench.name(bench.receiver))[index]), bench.receiver)
            bench.give(.lost(.connectionLost), bench.receiver)
            #expect(bench.receiver.states.count == shown, "\(index)")
            bench.now += bench.limits.linger
            for _ in 0..<3 where !bench.receiver.isOver { bench.give(.deadlinePassed, bench.receiver) }
            #expect(bench.receiver.isOver, "\(index)")
            #expect(bench.receiver.outcome == .paired, "\(index)")
        }
    }

    @Test("A broken message in place of the receipt says nothing about the seed", arguments: [true, false])
    func forgedReceipt(offererHolds: Bool) throws {
        let bench = try Bench(offererHolds: offererHolds)
        bench.prove()
        bench.give(.answered(bench.yes), bench.holder)
        let forged = Message(number: 3, ack: 2, body: [UInt8](repeating: 6, count: 529))
        bench.give(.frame(.message(meeting: bench.name(bench.holder), forged)), bench.holder)
        #expect(bench.holder.outcome == .failed(.sentNotConfirmed))
    }

    @Test(
        "A holder waits for the receipt as long as its limit says, and then says that it does not know",
        arguments: [true, false]
    )
    func noReceipt(offererHolds: Bool) throws {
        let bench = try Bench(offererHolds: offererHolds)
        bench.prove()
        bench.give(.answered(bench.yes), bench.holder)
        let due = try #require(bench.holder.nextDeadline())
        #expect(due == bench.now + bench.limits.receiptTimeout)
        bench.now = due - .milliseconds(1)
        bench.give(.deadlinePassed, bench.holder)
        #expect(bench.holder.outcome == nil)
        bench.now = due
        bench.give(.deadlinePassed, bench.holder)
        #expect(bench.holder.outcome == .failed(.sentNotConfirmed))
        #expect(bench.holder.isOver)
    }

    @Test(
        "A holder waits on for the receipt while one of the devices has no connection, as long as the pairing may last",
        arguments: [true, false],
        [true, false]
    )
    func noReceiptYet(offererHolds: Bool, isPeerAway: Bool) throws {
        let bench = try Bench(offererHolds: offererHolds)
        let latest = bench.now + bench.limits.seatedLifetime
        bench.prove()
        bench.give(.answered(bench.yes), bench.holder)
        if isPeerAway {
            bench.give(.frame(.presence(meeting: bench.name(bench.holder), isPresent: false)), bench.holder)
        } else {
            bench.give(.lost(.connectionLost), bench.holder)
        }
        bench.now += bench.limits.receiptTimeout
        bench.give(.deadlinePassed, bench.holder)
        #expect(bench.holder.outcome == nil)
        bench.now = latest - .milliseconds(1)
        bench.give(.deadlinePassed, bench.holder)
        #expect(bench.holder.outcome == nil)
        bench.now = latest
        bench.give(.deadlinePassed, bench.holder)
        #expect(bench.holder.outcome == .failed(.sentNotConfirmed))
    }

    @Test(
        "A device waits for the acknowledgement of its last message as long as its limit says",
        arguments: [true, false]
    )
    func farewell(offererHolds: Bool) throws {
        let bench = try Bench(offererHolds: offererHolds)
        bench.prove()
        bench.give(.answered(.decline), bench.holder)
        #expect(bench.holder.outcome == .failed(.declinedHere(.holder)))
        #expect(!bench.holder.isOver)
        #expect(try #require(bench.holder.nextDeadline()) == bench.now + bench.limits.farewell)
        bench.now += bench.limits.farewell
        bench.give(.deadlinePassed, bench.holder)
        #expect(bench.holder.isOver)
    }

    @Test("A visitor whose room may come back visits again, and after a while believes that there is no such room")
    func unknownForNow() throws {
        var now = Duration.zero
        let device = try DrainTests.visiting()
        _ = device.begin()
        _ = device.handle(.connected, now)
        var visits = 0
        while device.outcome == nil, visits < 100 {
            visits += 1
            for action in device.handle(.frame(.refused(.noSuchCode, retryAfter: .seconds(2))), now) {
                if case .show(let state) = action, case .failed(let error) = state { device.outcome = .failed(error) }
            }
            guard device.outcome == nil else { break }
            #expect(try DrainTests.comeBack(device, &now) == .visit(slot: DrainTests.slot, work: nil))
        }
        #expect(device.outcome == .failed(.noSuchCode))
        #expect(visits > 2)
        #expect(now >= ClientLimits().offererReturn)
        // If the relay asks for no wait, the device believes at once that the code does not exist.
        let other = try DrainTests.visiting()
        _ = other.begin()
        _ = other.handle(.connected, now)
        let said = other.handle(.frame(.refused(.noSuchCode, retryAfter: .zero)), now)
        #expect(said.contains { if case .show(.failed(.noSuchCode)) = $0 { true } else { false } })
    }

    @Test("A device that slept before its first frame comes back", arguments: [true, false])
    func refusedTooSlow(isOfferer: Bool) throws {
        let bench = try Bench()
        bench.prove()
        let device = isOfferer ? bench.offerer : bench.visitor
        bench.give(.lost(.connectionLost), device)
        bench.now = try #require(device.nextDeadline())
        bench.give(.deadlinePassed, device)
        bench.give(.connected, device)
        bench.give(.frame(.refused(.tooSlow, retryAfter: .zero)), device)
        bench.give(.lost(.connectionLost), device)
        #expect(device.outcome == nil)
        bench.now = try #require(device.nextDeadline())
        let actions = bench.give(.deadlinePassed, device)
        #expect(actions.contains { if case .connect = $0 { true } else { false } })
    }

    @Test("No frame from the relay keeps a question open beyond the seat's time", arguments: [true, false])
    func seatedAgain(offererHolds: Bool) throws {
        let bench = try Bench(offererHolds: offererHolds)
        bench.prove()
        let end = bench.now + bench.limits.seatedLifetime
        for device in [bench.offerer, bench.visitor] {
            let start = bench.now
            for _ in 0..<4 {
                bench.now += .seconds(70)
                let seated = RelayFrame.seated(meeting: bench.name(device), expiresIn: .milliseconds(Int64(UInt32.max)))
                bench.give(.frame(seated), device)
                #expect(try #require(device.nextDeadline()) <= end)
            }
            bench.now = end
            bench.give(.deadlinePassed, device)
            let silent: PairingError.SilentParty = device.holds ? .thisUser(.holder) : .otherUser
            #expect(device.outcome == .failed(.timedOut(silent)))
            bench.now = start
        }
    }

    @Test("A yes to no question gives nothing", arguments: [true, false]) func lateYes(offererHolds: Bool) throws {
        // No device has proved yet that it knows the code.
        let early = try Bench(offererHolds: offererHolds)
        #expect(early.give(.answered(.approve), early.holder).messages.isEmpty)
        #expect(early.give(.answered(.word("velvet")), early.holder).messages.isEmpty)

        // The user's no, a cancellation, the deadline and the other device's leaving each end the pairing before the
        // yes.
        let ends: [(Bench) -> SessionEvent] = [
            { _ in .answered(.decline) }, { _ in .cancelled }, { _ in .deadlinePassed },
            { .frame(.over(meeting: $0.name($0.holder), .cancelled)) },
        ]
        for (index, end) in ends.enumerated() {
            let bench = try Bench(offererHolds: offererHolds)
            bench.prove()
            if index == 2 { bench.now += bench.limits.seatedLifetime }
            bench.give(end(bench), bench.holder)
            #expect(bench.holder.outcome != nil, "\(index)")
            let late = bench.give(.answered(bench.yes), bench.holder)
            #expect(late.isEmpty, "\(index)")
            #expect(bench.toStore.isEmpty, "\(index)")
        }
    }

    @Test("A plain yes is not enough where a word is asked for, and three wrong words are a no") func wordIsDue() throws
    {
        let bench = try Bench(offererHolds: false)
        bench.prove()
        #expect(bench.give(.answered(.approve), bench.holder).messages.isEmpty)
        #expect(bench.give(.answered(.word("yes")), bench.holder).messages.isEmpty)
        bench.pass(bench.give(.answered(.word("no such word")), bench.holder), from: bench.holder)
        #expect(bench.holder.outcome == .failed(.wrongWord(isOther: false)))
        #expect(bench.receiver.outcome == .failed(.declined(by: .holder)))
        #expect(bench.toStore.isEmpty)
    }

    @Test("A device that is asked to come again does so, for as long as it has time", arguments: [false, true])
    func comesAgain(isVisitor: Bool) throws {
        let limits = ClientLimits()
        let device = isVisitor ? try Device.visiting(.someCode(), now: .zero) : Device.offering(.random())
        _ = device.begin()
        var (now, times) = (Duration.zero, 0)
        while true {
            #expect(!device.handle(.connected, now).sent.isEmpty)
            _ = device.handle(.frame(.goodbye(retryAfter: .milliseconds(300))), now)
            times += 1
            let actions = device.handle(.lost(.connectionLost), now)
            guard !actions.isEnd, let rest = device.nextDeadline() else { break }
            now = rest
            if device.handle(.deadlinePassed, now).isEnd { break }
        }
        #expect(times > 10 * limits.answerTries)
        #expect(now >= limits.codeLifetime && now < limits.codeLifetime + limits.maximumBackoff)
    }

    @Test(
        "A relay that asks for work and then says nothing is given up, and so is one that asks again for no more work"
    )
    func endlessWork() throws {
        let wanted = RelayFrame.workWanted(challenge: [1], difficulty: 1, expiresIn: .seconds(30))
        let limits = ClientLimits()
        for isVisitor in [false, true] {
            func make() throws -> Device {
                let device = isVisitor ? try Device.visiting(.someCode(), now: .zero) : Device.offering(.random())
                _ = device.begin()
                _ = device.handle(.connected, .zero)
                return device
            }
            let silent = try make()
            var now = Duration.zero
            for number in 1...limits.answerTries {
                _ = silent.handle(.frame(wanted), now)
                let due = try #require(silent.nextDeadline())
                #expect(due - now <= limits.workTimeout)
                now = due
                #expect(silent.handle(.deadlinePassed, now).isEnd == (number == limits.answerTries))
                guard let rest = silent.nextDeadline() else { break }
                now = rest
                _ = silent.handle(.deadlinePassed, now)
                _ = silent.handle(.connected, now)
            }

            let work = Work(challenge: [1], answer: [UInt8](repeating: 0, count: 8))
            let more = RelayFrame.workWanted(challenge: [1], difficulty: 3, expiresIn: .seconds(30))
            let again = try make()
            _ = again.handle(.frame(wanted), .zero)
            let due = again.nextDeadline()
            #expect(!again.handle(.solved(work), .zero).sent.isEmpty)
            // A solution is sent once.
            #expect(again.handle(.solved(work), .zero).sent.isEmpty)
            #expect(!again.handle(.frame(more), .seconds(10)).isEnd)
            // The second work has no time of its own.
            #expect(again.nextDeadline() == due)
            #expect(!again.handle(.solved(work), .zero).sent.isEmpty)
            #expect(again.handle(.frame(more), .zero).isEnd)

            let early = try make()
            _ = early.handle(.frame(wanted), .zero)
            #expect(early.handle(.frame(more), .zero).isEnd)
        }
    }

    @Test("An answer to an attach that the device did not send is not believed", arguments: [true, false])
    func unaskedAttach(isVisitor: Bool) throws {
        let bench = try Bench()
        bench.prove()
        let frame: RelayFrame =
            isVisitor
            ? .attachedVisitor(expiresIn: .seconds(600), have: 0)
            : .attachedOfferer(
                expiresIn: .seconds(600),
                meetings: [MeetingProgress(meeting: Bench.meeting, have: 0)],
                slotLost: false
            )
        let device = isVisitor ? bench.visitor : bench.offerer
        #expect(bench.give(.frame(frame), device).messages.isEmpty)
        #expect(device.outcome == .failed(.relayMisbehaved))
    }

    @Test("After its proof, a visitor begins no other meeting") func oneProof() throws {
        let bench = try Bench()
        bench.give(.frame(.visitor(meeting: Bench.meeting)), bench.offerer)
        let met = RelayFrame.met(meeting: Bench.meeting, token: Bench.token, expiresIn: .seconds(600))
        let hello = try #require(bench.give(.frame(met), bench.visitor).messages.first)
        let reply = try #require(
            bench.give(.frame(.message(meeting: Bench.meeting, hello)), bench.offerer).messages.first
        )
        let proof = bench.give(.frame(.message(meeting: nil, reply)), bench.visitor).messages
        #expect(proof.count == 1)
        let other = MeetingID([UInt8](repeating: 4, count: 16))!
        // The device connects again, and must send the same proof again.
        bench.give(.lost(.connectionLost), bench.visitor)
        bench.now += .seconds(20)
        bench.give(.deadlinePassed, bench.visitor)
        bench.give(.connected, bench.visitor)
        let resent = bench.give(.frame(.attachedVisitor(expiresIn: .seconds(500), have: 1)), bench.visitor).messages
        #expect(resent.map(\.body) == proof.map(\.body))
        bench.give(.frame(.inLine(position: 1)), bench.visitor)
        let again = RelayFrame.met(meeting: other, token: Bench.token, expiresIn: .seconds(600))
        #expect(bench.give(.frame(again), bench.visitor).isEmpty)
        #expect(bench.visitor.isOver)
    }
}
