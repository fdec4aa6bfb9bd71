import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import SeededRandom
import Testing

@Suite("Trunks between two runs") struct TrunksTests {
    static let device = ConnectionID(number: 7)
    /// The number that the home, run 2, gives the first remote connection.
    static let far = ConnectionID(number: 2001)

    static func opened(_ rig: inout TrunkRig) throws {
        rig.open(7, by: 0)
        try rig.settle()
        #expect(rig.take(1) == [.opened(far, TrunkRig.prefix, frame: [1])])
    }

    // MARK: Transcripts

    @Test("A device is opened, talks, is told, and closed") func pairing() throws {
        var rig = TrunkRig()
        try Self.opened(&rig)
        #expect(rig.runs[0].home(of: Self.device) == TrunkRig.id(1))
        #expect(rig.runs[1].leg(of: Self.far) == LegID(entry: TrunkRig.id(0), number: 1))
        rig.runs[1].tell([2], hasMeeting: true, to: Self.far)
        try rig.settle()
        #expect(rig.take(0) == [.told(Self.device, frame: [2], hasMeeting: true)])
        #expect(rig.runs[0].say([3], of: Self.device, now: rig.now) == true)
        #expect(rig.runs[0].say([4], of: Self.device, now: rig.now) == true)
        try rig.settle()
        #expect(rig.take(1) == [.said(Self.far, frame: [3]), .said(Self.far, frame: [4])])
        rig.runs[1].tell([5], hasMeeting: true, to: Self.far)
        rig.runs[1].close(Self.far, now: rig.now)
        try rig.settle()
        #expect(rig.take(0) == [.told(Self.device, frame: [5], hasMeeting: true), .closed(Self.device)])
        #expect(rig.runs[0].ownCount == 0 && rig.runs[1].farCount == 0)
    }

    @Test("All that a batch says to one run is one message, and what does not fit is the next") func batches() throws {
        var rig = TrunkRig()
        for device in 1...40 as ClosedRange<UInt64> {
            rig.open(device, by: 0, frame: [UInt8](repeating: 1, count: 4096))
        }
        rig.runs[0].say(.taken(offer: [UInt8](repeating: 3, count: 16), attempt: 2), to: TrunkRig.id(1))
        let messages = rig.runs[0].takeMessages(now: .zero)
        #expect(messages.map { $0.content.fromEntry?.items.count } == [15, 15, 10])
        #expect(messages.map { $0.content.fromEntry?.number } == [1, 2, 3])
        #expect(messages.map { $0.content.loose.count } == [1, 0, 0])
        for message in messages {
            #expect(ContentCodec.bytes(of: message.content).count <= EnvelopeLimits.contentBytes)
        }
        #expect(rig.runs[0].takeMessages(now: .zero) == [])
    }

    @Test("What one end has ended, the other end's words under way change nothing of") func crossing() throws {
        var rig = TrunkRig()
        try Self.opened(&rig)
        rig.runs[0].forget(Self.device, now: rig.now)
        rig.runs[1].tell([2], hasMeeting: false, to: Self.far)
        rig.runs[1].close(Self.far, now: rig.now)
        try rig.settle()
        #expect(rig.take(0) == [] && rig.take(1) == [])
        try Self.openedAgain(&rig)
        #expect(rig.runs[0].say([2], of: Self.device, now: rig.now) == true)
        rig.runs[1].sendBack(ConnectionID(number: 2002), now: rig.now)
        try rig.settle()
        #expect(rig.take(0) == [.notHere(Self.device)] && rig.take(1) == [])
        // Neither knows the device any more, and nothing is said.
        rig.runs[0].forget(Self.device, now: rig.now)
        rig.runs[1].tell([2], hasMeeting: false, to: Self.far)
        rig.runs[1].close(Self.far, now: rig.now)
        #expect(rig.runs[0].say([2], of: Self.device, now: rig.now) == true)
        #expect(rig.runs[0].takeMessages(now: rig.now) == [] && rig.runs[1].takeMessages(now: rig.now) == [])
    }

    private static func openedAgain(_ rig: inout TrunkRig) throws {
        rig.open(7, by: 0)
        try rig.settle()
        #expect(rig.take(1) == [.opened(ConnectionID(number: 2002), TrunkRig.prefix, frame: [1])])
    }

    @Test("A device that floods loses its leg, and its home hears nothing more") func flood() throws {
        var rig = TrunkRig()
        try Self.opened(&rig)
        for _ in 1..<LegBudget.frames { #expect(rig.runs[0].say([3], of: Self.device, now: rig.now) == true) }
        #expect(rig.runs[0].say([3], of: Self.device, now: rig.now) == false)
        try rig.settle()
        let heard = rig.take(1)
        #expect(heard.count == LegBudget.frames && heard.last == .gone(Self.far))
    }

    @Test("A trunk with a leg lives on pings, and is broken at both ends when one is silent") func silence() throws {
        var rig = TrunkRig()
        try Self.opened(&rig)
        try rig.pass(.seconds(600))
        #expect(rig.take(0) == [] && rig.take(1) == [])
        rig.runs[1] = Trunks { ConnectionID(number: $0) }
        // The run 2 has forgotten the trunk, and says so.
        try rig.pass(.seconds(2))
        #expect(rig.take(0) == [.broken(Self.device, .mayBeHeard)])
    }

    @Test("An end that nobody answers breaks the trunk after five seconds") func nobody() throws {
        var rig = TrunkRig()
        try Self.opened(&rig)
        var effects: [TrunkEffect] = []
        for second in 1...5 {
            for run in 0...1 {
                effects += rig.runs[run].deadlinesPassed(now: .seconds(second))
                _ = rig.runs[run].takeMessages(now: .seconds(second))
            }
            #expect(effects.isEmpty == (second < 5))
        }
        #expect(effects == [.broken(Self.device, .silent), .gone(Self.far)])
        #expect(rig.runs[0].trunkCount == 0 && rig.runs[1].trunkCount == 0)
    }

    @Test("A trunk without legs is forgotten after a minute, by its home a little later") func unused() throws {
        var rig = TrunkRig()
        try Self.opened(&rig)
        rig.runs[0].forget(Self.device, now: rig.now)
        try rig.settle()
        try rig.pass(.seconds(59))
        #expect(rig.runs[0].trunkCount == 1)
        try rig.pass(.seconds(2))
        #expect(rig.runs[0].trunkCount == 0 && rig.runs[1].trunkCount == 1)
        try rig.pass(.seconds(5))
        #expect(rig.runs[1].trunkCount == 0)
        #expect(rig.said == 2)
    }

    @Test("An entry that begins another trunk has given up the one before, even if its word of that is lost")
    func another() throws {
        var rig = TrunkRig()
        try Self.opened(&rig)
        #expect(rig.runs[0].breakAll() == [.broken(Self.device, .mayBeHeard)])
        rig.open(8, by: 0)
        try rig.settle()
        #expect(rig.take(1) == [.gone(Self.far), .opened(ConnectionID(number: 2002), TrunkRig.prefix, frame: [1])])
    }

    @Test("Of a leg it is known whether its home may have heard it", arguments: [true, false])
    func unheard(isAlone: Bool) throws {
        var rig = TrunkRig()
        if !isAlone { try Self.opened(&rig) }
        rig.open(8, by: 0)
        let messages = rig.runs[0].takeMessages(now: .zero)
        rig.open(9, by: 0)
        // Nobody hears that run: neither this message nor a later one.
        let before: [TrunkEffect] = isAlone ? [] : [.broken(Self.device, .silent)]
        #expect(
            rig.runs[0].nobodyHeard(SentMessage(messages[0])) == before + [
                .broken(ConnectionID(number: 8), .unheard), .broken(ConnectionID(number: 9), .unheard),
            ]
        )
        #expect(rig.runs[0].nobodyHeard(SentMessage(messages[0])) == [])
        #expect(rig.runs[0].takeMessages(now: .zero) == [])
    }

    @Test("A first frame that was not said yet is unsaid when its trunk breaks") func unsaid() throws {
        var rig = TrunkRig()
        try Self.opened(&rig)
        let trunk = try #require(rig.runs[1].leg(of: Self.far).map { _ in rig.runs[0].takeMessages(now: .zero) })
        #expect(trunk == [])
        rig.runs[1].tell([2], hasMeeting: false, to: Self.far)
        let part = try #require(rig.runs[1].takeMessages(now: .zero).first?.content.fromHome)
        rig.open(8, by: 0)
        let over = FleetContent(loose: [.over(part.trunk)])
        #expect(
            rig.runs[0].heard(over, from: TrunkRig.id(1), now: .zero) == [
                .broken(Self.device, .mayBeHeard), .broken(ConnectionID(number: 8), .unsaid),
            ]
        )
        // The word that it is over is never answered.
        #expect(rig.runs[0].heard(over, from: TrunkRig.id(1), now: .zero) == [])
        #expect(rig.runs[1].heard(over, from: TrunkRig.id(0), now: .zero) == [.gone(Self.far)])
        #expect(rig.runs[0].takeMessages(now: .zero) == [] && rig.runs[1].takeMessages(now: .zero) == [])
    }

    @Test("The home of a run that nobody hears gives its devices up") func entryGone() throws {
        var rig = TrunkRig()
        try Self.opened(&rig)
        rig.runs[1].tell([2], hasMeeting: false, to: Self.far)
        let message = try #require(rig.runs[1].takeMessages(now: .zero).first)
        #expect(rig.runs[1].nobodyHeard(SentMessage(message)) == [.gone(Self.far)])
    }

    @Test("An entry that counts its legs wrong has no trunk any more") func wrongLeg() throws {
        var rig = TrunkRig()
        try Self.opened(&rig)
        rig.open(8, by: 0)
        let part = try #require(rig.runs[0].takeMessages(now: .zero).first?.content.fromEntry)
        let wrong = TrunkPart<EntryItem>(
            trunk: part.trunk,
            number: part.number,
            items: [.said(leg: 1, frame: [4]), .open(leg: 1, TrunkRig.prefix, frame: [1]), .said(leg: 1, frame: [5])]
        )
        #expect(
            rig.runs[1].heard(FleetContent(fromEntry: wrong), from: TrunkRig.id(0), now: .zero)
                == [.said(Self.far, frame: [4]), .gone(Self.far)]
        )
        #expect(rig.runs[1].takeMessages(now: .zero).map(\.content.loose) == [[.over(part.trunk)]])
    }

    // MARK: Each place of a pairing

    /// The place of a message in a pairing, who says the first of them, and what befalls it.
    struct Place: CustomTestStringConvertible {
        let (number, isEntryFirst, fault): (Int, Bool, TrunkRig.Fault)
        var testDescription: String { "\(fault) at \(number), \(isEntryFirst ? "entry" : "home") first" }

        static let all = (1...9).flatMap { number in
            [true, false].flatMap { first in
                TrunkRig.Fault.allCases.map { Place(number: number, isEntryFirst: first, fault: $0) }
            }
        }
    }

    @Test(
        "Whatever befalls a message, nothing behind a gap is handed on, and both ends learn of it",
        arguments: Place.all
    )
    func places(place: Place) throws {
        var rig = TrunkRig()
        rig.faults = [place.number: place.fault]
        rig.open(7, by: 0, frame: [1])
        var (toHome, toEntry): ([UInt8], [UInt8]) = ([1], [])
        // With the first message the entry opens; where the home is first, it answers twice to that.
        try rig.publish(0)
        while rig.hear(1) || rig.hear(0) {}
        for number in 2...9 as ClosedRange<UInt8> {
            if (number % 2 == 1) == place.isEntryFirst {
                if rig.runs[0].home(of: Self.device) != nil {
                    #expect(rig.runs[0].say([number], of: Self.device, now: rig.now) == true)
                    toHome.append(number)
                }
            } else if rig.runs[1].leg(of: Self.far) != nil {
                rig.runs[1].tell([number], hasMeeting: true, to: Self.far)
                toEntry.append(number)
            }
            try rig.settle()
        }
        try rig.pass(.seconds(8))
        var (heardAtHome, heardAtEntry, isBroken, isGone): ([UInt8], [UInt8], Bool, Bool) = ([], [], false, false)
        for effect in rig.take(1) {
            #expect(!isGone)
            switch effect {
            case .opened(_, _, let frame), .said(_, let frame): heardAtHome += frame
            case .gone: isGone = true
            case .told, .closed, .notHere, .broken: Issue.record("\(effect) at a home")
            }
        }
        for effect in rig.take(0) {
            #expect(!isBroken)
            switch effect {
            case .told(_, let frame, _): heardAtEntry += frame
            case .broken(_, .mayBeHeard): isBroken = true
            case .broken, .closed, .notHere, .opened, .said, .gone: Issue.record("\(effect) at an entry")
            }
        }
        #expect(heardAtHome == Array(toHome.prefix(heardAtHome.count)))
        #expect(heardAtEntry == Array(toEntry.prefix(heardAtEntry.count)))
        let isHarmed = place.fault != .twice
        #expect(isBroken == isHarmed)
        // A first frame that was lost has told nobody of the device.
        #expect(isGone == (isHarmed && !heardAtHome.isEmpty))
        #expect((heardAtHome == toHome && heardAtEntry == toEntry) == !isHarmed)
        #expect(rig.runs[0].ownCount == (isHarmed ? 0 : 1) && rig.runs[1].farCount == (isHarmed ? 0 : 1))
    }
}
