import EasySetupFleetStore
import EasySetupRelayProtocol
import Testing

@testable import EasySetupFleet
@testable import EasySetupRelayCore

@Suite("The rendezvous' questions to the directory") struct DirectoryExchangeTests {
    static let (me, before, other) = (RunID(number: 1), RunID(number: 2), RunID(number: 3))
    static let exchange = DirectoryExchange(run: me, former: before)
    static let offer = OfferID([UInt8](repeating: 3, count: 16))!
    static let slot = Slot("K7Q")!

    static func question(_ wish: DirectoryQuestion.Wish) -> DirectoryQuestion {
        DirectoryQuestion(wish: wish, slot: slot, offer: offer, asker: .room)
    }

    static func entry(_ run: RunID, offer: OfferID = offer) -> Registration {
        Registration(offer: offer.bytes, run: run, attempt: 4)
    }

    @Test("Each wish is a question to the store") func questions() throws {
        let name = try FleetKeys(current: EnvelopeTests.key).names(of: Self.slot, Self.offer)[0]
        let mine = { Registration(offer: Self.offer.bytes, run: Self.me, attempt: $0) }
        #expect(Self.exchange.question(Self.question(.look), name: name) == .find(name))
        #expect(Self.exchange.question(Self.question(.claim), name: name) == .claim(name, mine(0)))
        #expect(
            Self.exchange.question(Self.question(.take(attempt: 5, isAttach: true)), name: name)
                == .take(TakeRequest(name, mine(5), former: Self.before, isAttach: true))
        )
    }

    @Test("Whose a room is that was looked up") func looked() {
        let stranger = Self.entry(Self.other, offer: OfferID([UInt8](repeating: 9, count: 16))!)
        let cases: [(Registration?, Registration?, DirectoryAnswer)] = [
            (nil, nil, .nobodys), (Self.entry(Self.me), nil, .mine(hasSlot: true)),
            (Self.entry(Self.before), nil, .mine(hasSlot: true)), (Self.entry(Self.other), nil, .others(attempt: 4)),
            (stranger, nil, .nobodys), (stranger, Self.entry(Self.me), .mine(hasSlot: false)),
            (stranger, Self.entry(Self.other), .others(attempt: 4)), (nil, stranger, .nobodys),
        ]
        for (slot, alone, expected) in cases {
            let found = StoreAnswer.found(FoundRooms(atSlot: slot, withoutSlot: alone))
            let (answer, told) = Self.exchange.answer(Self.question(.look), .success(found))
            #expect(answer == expected && told == nil)
        }
    }

    @Test("Who had a room that was taken is told, but the relay itself") func taken() {
        let question = Self.question(.take(attempt: 5, isAttach: true))
        func answer(_ verdict: TakeOutcome.Verdict, hasSlot: Bool) -> (DirectoryAnswer, DirectoryExchange.Taken?) {
            Self.exchange.answer(question, .success(.taken(TakeOutcome(verdict, hasSlot: hasSlot))))
        }
        for run in [nil, Self.me, Self.before] {
            let (answer, told) = answer(.mine(before: run.map { Self.entry($0) }), hasSlot: true)
            #expect(answer == .mine(hasSlot: true) && told == nil)
        }
        let (mine, told) = answer(.mine(before: Self.entry(Self.other)), hasSlot: false)
        #expect(mine == .mine(hasSlot: false) && told?.from == Self.other)
        #expect(told?.item == .taken(offer: Self.offer.bytes, attempt: 5))
        let (newer, nobody) = answer(.newer(Self.entry(Self.other)), hasSlot: true)
        #expect(newer == .others(attempt: 4) && nobody == nil)
    }

    @Test("Claims, and questions without an answer") func others() {
        let claim = Self.question(.claim)
        #expect(Self.exchange.answer(claim, .success(.claimed(true))).0 == .mine(hasSlot: true))
        #expect(Self.exchange.answer(claim, .success(.claimed(false))).0 == .others(attempt: 0))
        for failure in [StoreFailure.cutOff, .busy, .full, .refused] {
            #expect(Self.exchange.answer(claim, .failure(failure)).0 == .silent)
        }
    }

    @Test("A room has a name for each key, and its slot the same one for everybody who types it") func names() throws {
        let (one, two) = (EnvelopeTests.key, EnvelopeTests.other)
        let keys = try FleetKeys(current: one, others: [two])
        let names = keys.names(of: Self.slot, Self.offer)
        #expect(names.count == 2 && names[0].slot != names[1].slot && names[0].offer != names[1].offer)
        #expect(try FleetKeys(current: two).names(of: Self.slot, Self.offer) == [names[1]])
        #expect(keys.names(of: Self.slot, nil).map(\.slot) == names.map(\.slot))
        #expect(keys.names(of: Slot("K7R")!, Self.offer)[0].slot != names[0].slot)
    }
}
