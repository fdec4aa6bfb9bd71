import EasySetupFleetStore
import EasySetupRelayProtocol
import Testing

@testable import EasySetupFleet
@testable import EasySetupRelayCore

/// An entry with one device and one home, as a transcript tells it.
struct EntryRig {
    static let (me, home, third) = (RunID(number: 1), RunID(number: 2), RunID(number: 3))
    /// A run of which nothing was heard.
    static let stranger = RunID(number: 99)
    static let device = ConnectionID(number: 7)
    static let slot = Slot("K7Q")!
    static let offer = OfferID([UInt8](repeating: 3, count: 16))!
    static let prefix = AddressPrefix(bytes: [192, 0, 2, 7])!
    static let token = Token(bytes: [1, 2, 3])

    enum Kind: CaseIterable {
        case visit, visitor, offerer

        var sought: SoughtDevice {
            let (goal, frame): (SoughtDevice.Goal, DeviceFrame) =
                switch self {
                case .visit: (.visit(slot), .visit(slot: slot, work: nil))
                case .visitor: (.visitor(slot, offer), .attachVisitor(token: token, acked: 0, received: 0, attempt: 5))
                case .offerer: (.offerer(slot, offer), .attachOfferer(token: token, held: [], attempt: 5))
                }
            return SoughtDevice(connection: device, prefix: prefix, goal: goal, frame: frame)
        }
    }

    var entry = EntryMachine(run: me)
    var now = Duration.seconds(1000)
    /// The number of the last question, as the machine counts them.
    var question: UInt64 = 0
    private(set) var sought = Kind.visit.sought

    /// A relay that has heard of all, and for long enough that a miss is a proof.
    init(isSure: Bool = true) {
        entry.told(.joined(hasKept: true), now: isSure ? .zero : now)
        for run in [Self.home, Self.third] { entry.heard(run, Beat(), now: now) }
    }

    /// The device comes, and is looked up.
    mutating func comes(_ device: SoughtDevice) {
        sought = device
        let effects = entry.seek(device, now: now)
        #expect(effects == [find()])
    }

    mutating func comes(_ kind: Kind) { comes(kind.sought) }

    /// The next question as an effect.
    mutating func find() -> EntryEffect {
        question += 1
        return .find(Question(number: question), Self.device, sought.goal)
    }

    static func registration(_ run: RunID, offer: [UInt8] = offer.bytes) -> Registration {
        Registration(offer: offer, run: run, attempt: 4)
    }

    mutating func found(_ run: RunID?) -> [EntryEffect] {
        found(.success(FoundRooms(atSlot: run.map { Self.registration($0) })))
    }

    mutating func found(_ answer: Result<FoundRooms, StoreFailure>) -> [EntryEffect] {
        entry.found(Question(number: question), answer, now: now)
    }

    func open(_ home: RunID = home) -> EntryEffect {
        .open(Self.device, home: home, Self.prefix, frame: sought.frame.serialized())
    }

    /// Lets time pass, in which the others beat, and returns what is due then.
    mutating func pass(_ time: Duration, beating: [RunID] = [home, third]) -> [EntryEffect] {
        now += time
        for run in beating { entry.heard(run, Beat(), now: now) }
        return entry.deadlinesPassed(now: now)
    }

    static func report(_ outcome: SoughtOutcome) -> EntryEffect { .report(device, outcome) }

    static let goodbye = EntryEffect.goodbye(device, after: .milliseconds(300))
}
