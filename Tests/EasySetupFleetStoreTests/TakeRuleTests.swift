import Testing

@testable import EasySetupFleetStore

@Suite("The rule of taking a room") struct TakeRuleTests {
    static let (offer, other) = ([UInt8](repeating: 7, count: 16), [UInt8](repeating: 8, count: 16))
    static let name = RoomName(slot: [UInt8](repeating: 1, count: 12), offer: [UInt8](repeating: 2, count: 12))

    static func entry(_ run: UInt64, _ attempt: UInt32, _ offer: [UInt8] = offer) -> Registration {
        Registration(offer: offer, run: RunID(number: run), attempt: attempt)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var slot: Registration?
        var alone: Registration?
        var attempt: UInt32 = 3
        var former: UInt64?
        var isAttach = false
        /// Whether the run 1 gets it, with its slot, and with this count.
        let (isMine, hasSlot): (Bool, Bool)
        var written: UInt32?
    }

    static let cases = [
        Case(testDescription: "nothing there", isMine: true, hasSlot: true),
        Case(testDescription: "mine", slot: entry(1, 3), isMine: true, hasSlot: true),
        Case(
            testDescription: "mine, and later than what comes",
            slot: entry(1, 5),
            isMine: true,
            hasSlot: true,
            written: 5
        ),
        Case(
            testDescription: "of the run before",
            slot: entry(9, 4),
            former: 9,
            isMine: true,
            hasSlot: true,
            written: 4
        ),
        Case(testDescription: "another's, earlier", slot: entry(2, 2), isMine: true, hasSlot: true),
        Case(testDescription: "another's, the same", slot: entry(2, 3), isMine: false, hasSlot: true),
        Case(
            testDescription: "another's, the same, attach",
            slot: entry(2, 3),
            isAttach: true,
            isMine: true,
            hasSlot: true
        ),
        Case(testDescription: "another's, later", slot: entry(2, 4), isAttach: true, isMine: false, hasSlot: true),
        Case(testDescription: "no count", slot: entry(2, 4), attempt: 0, isMine: false, hasSlot: true),
        Case(
            testDescription: "no count, attach",
            slot: entry(2, 4),
            attempt: 0,
            isAttach: true,
            isMine: true,
            hasSlot: true
        ),
        Case(testDescription: "the slot is another's", slot: entry(2, 9, other), isMine: true, hasSlot: false),
        Case(
            testDescription: "the slot is another's, and the room another run's",
            slot: entry(2, 9, other),
            alone: entry(2, 3),
            isMine: false,
            hasSlot: false
        ),
        Case(testDescription: "a lost slot stays lost", alone: entry(1, 3), isMine: true, hasSlot: false),
        Case(testDescription: "another's without a slot", alone: entry(2, 2), isMine: true, hasSlot: false),
        Case(
            testDescription: "what is under the offer is of another",
            alone: entry(2, 9, other),
            isMine: true,
            hasSlot: true
        ),
    ]

    @Test("The rule decides each case", arguments: cases) func rule(of wanted: Case) {
        let request = TakeRequest(
            Self.name,
            Self.entry(1, wanted.attempt),
            former: wanted.former.map(RunID.init),
            isAttach: wanted.isAttach
        )
        let found = FoundRooms(atSlot: wanted.slot, withoutSlot: wanted.alone)
        let (outcome, written) = TakeRule.decide(request, found: found)
        #expect(outcome.hasSlot == wanted.hasSlot)
        if wanted.isMine {
            #expect(written == Self.entry(1, wanted.written ?? wanted.attempt))
            let there = wanted.hasSlot ? wanted.slot : wanted.alone
            #expect(outcome.verdict == .mine(before: there))
        } else {
            #expect(written == nil)
            #expect(outcome.verdict == .newer((wanted.hasSlot ? wanted.slot : wanted.alone)!))
        }
    }

    @Test("A registration is 28 bytes; more are a later version's, fewer are none") func bytes() throws {
        let entry = Registration(offer: Self.offer, run: RunID(number: 0x0102_0304_0506_0708), attempt: 0xA1B2_C3D4)
        #expect(entry.bytes == Self.offer + [1, 2, 3, 4, 5, 6, 7, 8, 0xA1, 0xB2, 0xC3, 0xD4])
        #expect(Registration(bytes: entry.bytes) == entry)
        #expect(Registration(bytes: entry.bytes + [9]) == entry)
        #expect(Registration(bytes: Array(entry.bytes.dropLast())) == nil)
        #expect("\(entry.run)" == "0102030405060708")
    }

    @Test("What is registered ends with its time") func times() {
        var model = StoreModel()
        #expect(model.claim(Self.name, Self.entry(1, 1), at: .seconds(0)) == true)
        #expect(model.claim(Self.name, Self.entry(2, 1), at: .seconds(1_799)) == false)
        #expect(model.claim(Self.name, Self.entry(2, 1, Self.other), at: .seconds(1_800)) == true)
        // The slot is another room's now, so this one is without.
        let request = TakeRequest(Self.name, Self.entry(1, 2), isAttach: true)
        #expect(model.take(request, at: .seconds(1_801)) == TakeOutcome(.mine(before: nil), hasSlot: false))
        #expect(model.find(Self.name, at: .seconds(2_760)).withoutSlot == Self.entry(1, 2))
        #expect(model.find(Self.name, at: .seconds(2_761)).withoutSlot == nil)
        model.forget()
        #expect(model.epoch == 1 && model.find(Self.name, at: .seconds(1_900)) == FoundRooms())
    }
}
