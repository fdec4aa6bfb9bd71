import EasySetupFleetStore
import EasySetupRelayProtocol
import SeededRandom
import Testing

@testable import EasySetupFleet
@testable import EasySetupRelayCore

@Suite("A device at its entry") struct EntryMachineTests {
    typealias Rig = EntryRig
    static let device = EntryRig.device

    // MARK: Transcripts

    @Test("A device is sought, asked for, and through", arguments: EntryRig.Kind.allCases)
    func through(kind: EntryRig.Kind) {
        var rig = Rig()
        rig.comes(kind)
        #expect(rig.found(Rig.home) == [rig.open()])
        #expect(rig.entry.said([4], Self.device) == [] && !rig.entry.isThrough(Self.device))
        #expect(
            rig.entry.told(Self.device, frame: [5], hasMeeting: true)
                == [Rig.report(.elsewhere), .tell(Self.device, frame: [5])]
        )
        // Nothing is due any more, and the relay is not woken for it.
        #expect(rig.entry.isThrough(Self.device) && rig.entry.nextDeadline == nil)
        #expect(rig.entry.told(Self.device, frame: [6], hasMeeting: false) == [.tell(Self.device, frame: [6])])
        #expect(rig.entry.said([4], Self.device) == [.say(Self.device, frame: [4])])
        // The time in which the home had to answer is over.
        #expect(rig.pass(.seconds(60)) == [])
        #expect(rig.entry.closed(Self.device) == [.close(Self.device)])
        #expect(!rig.entry.knows(Self.device) && rig.entry.count == 0 && rig.entry.nextDeadline == nil)
    }

    @Test("No relay has the room: that is a proof for a visit, where the directory can be believed") func miss() {
        var rig = Rig()
        rig.comes(.visit)
        #expect(rig.found(nil) == [Rig.report(.nobody(isProof: true))])
        #expect(rig.entry.count == 0)
        var later = Rig(isSure: false)
        later.now += .seconds(60)
        later.comes(.visit)
        #expect(later.found(nil) == [Rig.report(.nobody(isProof: true))])
    }

    @Test(
        "Where a miss is no proof, a visit waits, and is sought each second for 45 seconds",
        arguments: ["just joined", "lost data", "longest slot", "silent", "mine", "busy"]
    )
    func away(why: String) {
        var rig = Rig(isSure: why != "just joined")
        if why == "lost data" { rig.entry.told(.lostData, now: rig.now) }
        let slot = why == "longest slot" ? Slot("K7Q29M")! : Rig.slot
        rig.comes(
            SoughtDevice(
                connection: Self.device,
                prefix: Rig.prefix,
                goal: .visit(slot),
                frame: .visit(slot: slot, work: nil)
            )
        )
        func answer() -> [EntryEffect] {
            switch why {
            case "silent": rig.found(Rig.stranger)
            case "mine": rig.found(Rig.me)
            case "busy": rig.found(.failure(.busy))
            default: rig.found(nil)
            }
        }
        #expect(answer() == [Rig.report(.waits)])
        for _ in 1...44 {
            #expect(rig.pass(.milliseconds(999)) == [])
            #expect(rig.pass(.milliseconds(1)) == [rig.find()])
            #expect(answer() == [])
        }
        #expect(rig.pass(.seconds(1)) == [rig.find()])
        #expect(answer() == [Rig.report(.nobody(isProof: false))])
        #expect(rig.pass(.seconds(1)) == [] && rig.entry.count == 0)
    }

    @Test("A visitor that comes back waits for its offerer, and is sought each second") func early() {
        var rig = Rig()
        rig.comes(.visitor)
        // Another room has the slot.
        let other = Rig.registration(Rig.home, offer: [UInt8](repeating: 9, count: 16))
        #expect(rig.found(.success(FoundRooms(atSlot: other))) == [Rig.report(.waits)])
        for _ in 1...100 {
            #expect(rig.pass(.seconds(1)) == [rig.find()])
            #expect(rig.found(nil) == [])
        }
        #expect(rig.pass(.seconds(1)) == [rig.find()])
        let alone = Rig.registration(Rig.home)
        #expect(rig.found(.success(FoundRooms(atSlot: other, withoutSlot: alone))) == [rig.open()])
        // The rendezvous has let it wait all the time.
        #expect(rig.entry.notHere(Self.device, now: rig.now) == [rig.find()])
        #expect(rig.found(nil) == [])
        #expect(rig.entry.leave(Self.device) == [])
        #expect(rig.pass(.seconds(1)) == [] && rig.entry.count == 0)
    }

    @Test("The room of an offerer that nobody has, or nobody who answers, is the rendezvous' to take")
    func offerer() {
        for run in [nil, Rig.me, Rig.stranger] {
            var rig = Rig()
            rig.comes(.offerer)
            #expect(rig.found(run) == [Rig.report(.nobody(isProof: false))])
            #expect(rig.entry.count == 0)
        }
    }

    @Test("At a relay that is cut off an offerer's word is enough, and others are told to come again")
    func cutOff() {
        for kind in Rig.Kind.allCases {
            let expected = Rig.report(kind == .offerer ? .took(.silent) : .goodbye)
            var rig = Rig()
            rig.comes(kind)
            rig.entry.told(.cutOff(.closed), now: rig.now)
            #expect(rig.found(.failure(.cutOff)) == [expected])
            #expect(rig.entry.seek(kind.sought, now: rig.now) == [expected])
            #expect(rig.entry.count == 0)
        }
        var waiting = Rig()
        waiting.comes(.visit)
        #expect(waiting.found(Rig.stranger) == [Rig.report(.waits)])
        waiting.entry.told(.cutOff(.closed), now: waiting.now)
        #expect(waiting.pass(.seconds(1)) == [Rig.report(.goodbye)])
    }

    @Test("A home that does not answer in two seconds is left, and suspected for five") func slow() {
        var rig = Rig()
        rig.comes(.visit)
        #expect(rig.found(Rig.home) == [rig.open()])
        #expect(rig.pass(.milliseconds(1999)) == [])
        #expect(rig.pass(.milliseconds(1)) == [.leave(Self.device), rig.find()])
        #expect(rig.found(Rig.home) == [Rig.report(.waits)])
        for _ in 1...4 {
            #expect(rig.pass(.seconds(1)) == [rig.find()])
            #expect(rig.found(Rig.home) == [])
        }
        #expect(rig.pass(.seconds(1)) == [rig.find()])
        #expect(rig.found(Rig.home) == [rig.open()])
        for kind in [Rig.Kind.visitor, .offerer] {
            var attach = Rig()
            attach.comes(kind)
            #expect(attach.found(Rig.home) == [attach.open()])
            #expect(attach.pass(.seconds(2)) == [.leave(Self.device), Rig.report(.goodbye)])
            // It comes again, with a new count, and that home is not asked.
            attach.comes(kind)
            let outcome: SoughtOutcome = kind == .offerer ? .nobody(isProof: false) : .waits
            #expect(attach.found(Rig.home) == [Rig.report(outcome)])
        }
    }

    @Test("A home that says no more beats is not asked, and neither is one that never did") func silent() {
        var rig = Rig()
        rig.comes(.visit)
        #expect(rig.pass(.milliseconds(4999), beating: []) == [])
        #expect(rig.found(Rig.home) == [rig.open()])
        #expect(rig.entry.broken(Self.device, .mayBeHeard, now: rig.now) == [rig.find()])
        #expect(rig.pass(.milliseconds(1), beating: []) == [])
        #expect(rig.found(Rig.home) == [Rig.report(.waits)])
        // Who has just joined has not heard anybody yet, and asks all.
        var new = Rig(isSure: false)
        new.comes(.visit)
        #expect(new.found(Rig.stranger) == [new.open(Rig.stranger)])
    }

    @Test("READ: a home of a version that can't be read is not asked: another relay may let the device in")
    func unread() {
        for kind in EntryRig.Kind.allCases {
            var rig = EntryRig()
            rig.entry.heardUnread(EntryRig.stranger, now: rig.now)
            rig.comes(kind)
            // An offerer's room is made here.
            let outcome = kind == .offerer ? SoughtOutcome.nobody(isProof: false) : .goodbye
            #expect(rig.found(EntryRig.stranger) == [.report(EntryRig.device, outcome)])
            #expect(rig.entry.count == 0)
        }
        // Anybody may have put the name of a run that is there on a message.
        var rig = EntryRig()
        rig.entry.heardUnread(EntryRig.home, now: rig.now)
        rig.comes(.visit)
        #expect(rig.found(EntryRig.home) == [rig.open()])
        // It is silent by now.
        rig = EntryRig()
        rig.entry.heardUnread(EntryRig.stranger, now: rig.now)
        _ = rig.pass(.seconds(5))
        rig.comes(.visit)
        #expect(rig.found(EntryRig.stranger) == [.report(EntryRig.device, .waits)])
    }

    @Test("That a message was lost is no reason to suspect a home, that nobody answers is")
    func suspicion() {
        for how in BrokenLeg.allCases {
            var rig = Rig()
            rig.comes(.visit)
            #expect(rig.found(Rig.home) == [rig.open()])
            #expect(rig.entry.broken(Self.device, how, now: rig.now) == [rig.find()])
            let isSuspected = how == .silent || how == .unheard
            #expect(rig.found(Rig.home) == [isSuspected ? Rig.report(.waits) : rig.open()])
        }
    }

    @Test("A device that is sent back is sought elsewhere, or waits until the home has the room") func sentBack() {
        var rig = Rig()
        rig.comes(.visit)
        #expect(rig.found(Rig.home) == [rig.open()])
        #expect(rig.entry.notHere(Self.device, now: rig.now) == [rig.find()])
        #expect(rig.found(Rig.third) == [rig.open(Rig.third)])
        #expect(rig.entry.notHere(Self.device, now: rig.now) == [rig.find()])
        #expect(rig.found(Rig.home) == [Rig.report(.waits)])
        #expect(rig.pass(.seconds(1)) == [rig.find()])
        #expect(rig.found(Rig.home) == [rig.open()])
        // An offerer does not wait.
        var offerer = Rig()
        offerer.comes(.offerer)
        #expect(offerer.found(Rig.home) == [offerer.open()])
        #expect(offerer.entry.notHere(Self.device, now: offerer.now) == [offerer.find()])
        #expect(offerer.found(Rig.home) == [Rig.report(.nobody(isProof: false))])
    }

    @Test("Homes that send a device back in turn are not asked for ever") func turns() {
        var rig = Rig()
        rig.comes(.visit)
        for run in [4, 5, 6] as [UInt64] {
            rig.entry.heard(RunID(number: run), Beat(), now: rig.now)
            #expect(rig.found(RunID(number: run)) == [rig.open(RunID(number: run))])
            #expect(rig.entry.notHere(Self.device, now: rig.now) == [rig.find()])
        }
        #expect(rig.found(Rig.home) == [rig.open()])
        #expect(rig.entry.notHere(Self.device, now: rig.now) == [Rig.report(.waits)])
    }

    @Test("A relay that slept takes its own former registrations for its own") func slept() {
        var rig = Rig()
        rig.entry.heard(Rig.me, Beat(), now: rig.now)
        rig.entry.becomes(RunID(number: 50))
        rig.comes(.visit)
        #expect(rig.found(Rig.me) == [Rig.report(.waits)])
    }

    // MARK: Every place and every event

    enum Where: CaseIterable { case nowhere, sought, waiting, asked, line, through }

    static func at(_ place: Where, _ kind: EntryRig.Kind) -> EntryRig? {
        var rig = Rig()
        guard place != .nowhere else { return rig }
        rig.comes(kind)
        switch place {
        case .nowhere, .sought: return rig
        case .waiting:
            guard kind != .offerer else { return nil }
            _ = rig.found(Rig.stranger)
        case .asked, .line, .through:
            #expect(rig.found(Rig.home) == [rig.open()])
            if place != .asked { _ = rig.entry.told(device, frame: [5], hasMeeting: place == .through) }
        }
        return rig
    }

    enum Event: CaseIterable {
        case told, closed, notHere, mayBeHeard, silent, unsaid, unheard, said, saidTooMuch, left, oldAnswer
    }

    @Test("In every place, every event has its answer", arguments: Where.allCases, EntryRig.Kind.allCases)
    func all(place: Where, kind: EntryRig.Kind) {
        for event in Event.allCases {
            guard var rig = Self.at(place, kind) else { return }
            let effects: [EntryEffect] =
                switch event {
                case .told: rig.entry.told(Self.device, frame: [6], hasMeeting: false)
                case .closed: rig.entry.closed(Self.device)
                case .notHere: rig.entry.notHere(Self.device, now: rig.now)
                case .mayBeHeard: rig.entry.broken(Self.device, .mayBeHeard, now: rig.now)
                case .silent: rig.entry.broken(Self.device, .silent, now: rig.now)
                case .unsaid: rig.entry.broken(Self.device, .unsaid, now: rig.now)
                case .unheard: rig.entry.broken(Self.device, .unheard, now: rig.now)
                case .said: rig.entry.said([6], Self.device)
                case .saidTooMuch: rig.entry.saidTooMuch(Self.device)
                case .left: rig.entry.leave(Self.device)
                case .oldAnswer: rig.entry.found(Question(number: 99), .success(FoundRooms()), now: rig.now)
                }
            #expect(effects == Self.expected(place, kind, event, &rig), "\(event)")
        }
    }

    private static func expected(
        _ place: Where,
        _ kind: EntryRig.Kind,
        _ event: Event,
        _ rig: inout EntryRig
    ) -> [EntryEffect] {
        let elsewhere = place == .asked ? [Rig.report(.elsewhere)] : []
        switch (place, event) {
        case (.nowhere, _), (.sought, .told), (.sought, .closed), (.waiting, .told), (.waiting, .closed): return []
        case (_, .oldAnswer): return []
        case (_, .saidTooMuch): return [.cut(device)]
        case (_, .left): return [.sought, .waiting].contains(place) ? [] : [.leave(device)]
        case (_, .said): return [.line, .through].contains(place) ? [.say(device, frame: [6])] : []
        case (_, .told): return elsewhere + [.tell(device, frame: [6])]
        case (_, .closed): return elsewhere + [.close(device)]
        case (.sought, _), (.waiting, _): return []
        case (.asked, .notHere), (.asked, .unsaid), (.asked, .unheard): return [rig.find()]
        case (.asked, .mayBeHeard), (.asked, .silent): return kind == .visit ? [rig.find()] : [Rig.report(.goodbye)]
        case (.line, _): return kind == .visit ? [.comesBack(kind.sought)] : [Rig.goodbye]
        case (.through, _): return [Rig.goodbye]
        }
    }

    // MARK: Random histories

    @Test("An attach that a home may have heard is never said again, in any history") func neverAgain() {
        var random = SplitMix(state: 7)
        var (opened, again) = (0, 0)
        for _ in 0..<2000 {
            var rig = Rig(isSure: random.once(in: 2))
            let kind = Rig.Kind.allCases.randomElement(using: &random)!
            rig.comes(kind)
            // Whether a home may have heard the first frame, and how often it was said.
            var (mayBeHeard, opens) = (false, 0)
            var effects: [EntryEffect] = []
            for _ in 0..<30 where rig.entry.knows(Self.device) {
                for effect in effects {
                    if case .find(let question, _, _) = effect { rig.question = question.number }
                    guard case .open = effect else { continue }
                    opens += 1
                    #expect(kind == .visit || !mayBeHeard)
                    mayBeHeard = true
                }
                let runs = [Rig.home, Rig.third, Rig.me, Rig.stranger, nil]
                let heard: [BrokenLeg] = [.mayBeHeard, .silent]
                let unheard: [BrokenLeg] = [.unsaid, .unheard]
                switch Int.random(in: 0..<12, using: &random) {
                case 0...4: effects = rig.found(runs.randomElement(using: &random)!)
                case 5: effects = rig.entry.broken(Self.device, heard.randomElement(using: &random)!, now: rig.now)
                case 6:
                    // Nobody can say so of a frame that was answered.
                    mayBeHeard = mayBeHeard && rig.entry.isThrough(Self.device)
                    effects = rig.entry.broken(Self.device, unheard.randomElement(using: &random)!, now: rig.now)
                case 7:
                    mayBeHeard = mayBeHeard && rig.entry.isThrough(Self.device)
                    effects = rig.entry.notHere(Self.device, now: rig.now)
                case 8: effects = rig.entry.told(Self.device, frame: [1], hasMeeting: random.once(in: 2))
                default: effects = rig.pass(random.milliseconds(0...2500))
                }
            }
            opened += min(opens, 1)
            again += opens > 1 && kind != .visit ? 1 : 0
        }
        // Both happen: those that nobody heard are said again.
        #expect(opened > 700 && again > 20)
    }
}
