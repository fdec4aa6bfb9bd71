import Testing

@testable import EasySetupFleetStore

@Suite("Several stores") struct FleetStoresTests {
    /// Two stores, and relays that have both.
    private final class Stage {
        var waiting: [() -> Void] = []
        var told: [String] = []
        /// The news of single stores.
        var news: [String] = []
        private(set) lazy var shared = (0..<2).map { _ in
            MemoryStores(now: { .zero }, later: { [unowned self] _, _, body in waiting.append(body) })
        }

        func turn() -> [String] {
            while !waiting.isEmpty { waiting.removeFirst()() }
            defer { told = [] }
            return told
        }

        /// A relay, and its part of each store.
        func joined(_ number: UInt64) -> (stores: FleetStores, parts: [MemoryStore]) {
            let parts = shared.map { $0.store() }
            let stores = FleetStores([("b", parts[1]), ("a", parts[0])])
            stores.join(as: RunID(number: number)) { [unowned self] event in
                if case .line(let line, let change) = event {
                    news.append("\(number) \(line) \(change)")
                } else {
                    told.append("\(number) \(event)")
                }
            }
            _ = turn()
            return (stores, parts)
        }

        func note<Value>(_ name: String) -> (Result<Value, StoreFailure>) -> Void {
            { [unowned self] in told.append("\(name) \($0)") }
        }
    }

    /// A room whose first store is the one at this place.
    private static func room(at place: UInt8) -> RoomName {
        RoomName(slot: [0, place] + [UInt8](repeating: 7, count: 10), offer: [UInt8](repeating: 1, count: 12))
    }

    private static let entry = TakeRuleTests.entry(1, 1)

    @Test("A room is registered at its first store alone, and found", arguments: [0, 1] as [UInt8])
    func registered(place: UInt8) {
        let stage = Stage()
        let (one, two) = (stage.joined(1), stage.joined(2))
        one.stores.claim(Self.room(at: place), Self.entry, answer: stage.note("claim"))
        #expect(stage.turn() == ["claim success(true)"])
        for index in 0..<2 {
            two.parts[index].find(Self.room(at: place)) {
                #expect($0 == .success(FoundRooms(atSlot: index == Int(place) ? Self.entry : nil)))
            }
        }
        two.stores.find(Self.room(at: place)) { #expect($0 == .success(FoundRooms(atSlot: Self.entry))) }
        two.stores.take(TakeRequest(Self.room(at: place), TakeRuleTests.entry(2, 2), isAttach: true)) {
            #expect($0 == .success(TakeOutcome(.mine(before: Self.entry), hasSlot: true)))
        }
        _ = stage.turn()
    }

    @Test("Where a store is away, rooms are registered at the next one, and each relay is told to register its rooms")
    func oneAway() {
        let stage = Stage()
        let (one, two) = (stage.joined(1), stage.joined(2))
        stage.shared[0].goAway()
        #expect(stage.turn() == ["1 lostData", "2 lostData"])
        one.stores.claim(Self.room(at: 0), Self.entry, answer: stage.note("claim"))
        two.stores.find(Self.room(at: 0)) { #expect($0 == .success(FoundRooms(atSlot: Self.entry))) }
        #expect(stage.turn() == ["claim success(true)"])
        stage.shared[0].comeBack()
        #expect(stage.turn() == ["1 lostData", "2 lostData"])
        // It is found where it was registered meanwhile.
        two.stores.find(Self.room(at: 0)) { #expect($0 == .success(FoundRooms(atSlot: Self.entry))) }
        _ = stage.turn()
        stage.shared[1].forget()
        stage.shared[1].look()
        #expect(stage.turn() == ["1 lostData", "2 lostData"])
    }

    @Test("A relay is cut off when no store answers, and joined when the first one does") func allAway() {
        let stage = Stage()
        let one = stage.joined(1)
        stage.shared[0].goAway()
        stage.shared[1].goAway()
        #expect(stage.turn() == ["1 lostData", "1 cutOff(EasySetupFleetStore.StoreProblem.unreachable)"])
        one.stores.find(Self.room(at: 0)) { #expect($0 == .failure(.cutOff)) }
        one.stores.claim(Self.room(at: 1), Self.entry, answer: stage.note("claim"))
        one.stores.publish([1], to: .all, answer: stage.note("all"))
        one.stores.publish([1], to: .run(RunID(number: 1)), answer: stage.note("run"))
        let failure = "failure(EasySetupFleetStore.StoreFailure.cutOff)"
        #expect(stage.turn() == ["claim \(failure)", "all \(failure)", "run \(failure)"])
        stage.shared[1].comeBack()
        #expect(stage.turn() == ["1 joined(hasKept: true)"])
        stage.shared[0].comeBack()
        #expect(stage.turn() == ["1 lostData"])
        one.stores.leave()
        #expect(stage.turn() == ["1 lostData", "1 cutOff(EasySetupFleetStore.StoreProblem.left)"])
    }

    @Test("What is for a run goes to the store that is preferred and, where nobody hears it there, to the next one")
    func publishing() {
        let stage = Stage()
        let (one, two) = (stage.joined(1), stage.joined(2))
        func messages() -> [String] { stage.turn().filter { $0.contains("message") || $0.contains("success") } }
        func heard(_ text: UInt8, on line: Int, to channel: String) -> String {
            "2 message(EasySetupFleetStore.FleetChannel.\(channel), [\(text)], line: \(line))"
        }
        let run = FleetChannel.run(RunID(number: 2))
        one.stores.publish([1], to: run, answer: stage.note("a"))
        #expect(Set(messages()) == [heard(1, on: 0, to: "run(\(RunID(number: 2)))"), "a success(1)"])
        one.stores.prefer(1, for: RunID(number: 2))
        one.stores.publish([2], to: run, answer: stage.note("b"))
        #expect(Set(messages()) == [heard(2, on: 1, to: "run(\(RunID(number: 2)))"), "b success(1)"])
        two.parts[1].leave()
        one.stores.publish([3], to: run, answer: stage.note("c"))
        #expect(Set(messages()) == [heard(3, on: 0, to: "run(\(RunID(number: 2)))"), "c success(1)"])
        one.stores.publish([4], to: .run(RunID(number: 9)), answer: stage.note("d"))
        #expect(messages() == ["d success(0)"])
        let three = stage.joined(3)
        one.stores.publish([5], to: .all, answer: stage.note("e"))
        #expect(stage.turn().count { $0.hasPrefix("3 message") } == 2)
        three.stores.leave()
    }

    @Test("What changes at each store is told with its place, and stores that were never joined are told, too")
    func news() {
        let stage = Stage()
        stage.shared[1].goAway()
        let one = stage.joined(1)
        #expect(stage.news == ["1 0 joined"])
        stage.shared[1].comeBack()
        _ = stage.turn()
        stage.shared[0].forget()
        stage.shared[0].look()
        _ = stage.turn()
        stage.shared[0].goAway()
        _ = stage.turn()
        let away = "cutOff(EasySetupFleetStore.StoreProblem.unreachable)"
        #expect(stage.news == ["1 0 joined", "1 1 joined", "1 0 lostData", "1 0 \(away)"])
        one.stores.leave()
    }

    @Test("Relays that are told nothing by any store hear that they are cut off, each time that one fails")
    func neverJoined() {
        var failed: [(StoreEvent) -> Void] = []
        let stores = FleetStores((0..<2).map { ("\($0)", Failing { failed.append($0) }) })
        var told: [StoreEvent] = []
        stores.join(as: RunID(number: 1)) { told.append($0) }
        failed[1](.cutOff(.wrongPassword))
        failed[0](.cutOff(.unreachable))
        #expect(
            told == [
                .connecting, .line(1, .cutOff(.wrongPassword)), .cutOff(.wrongPassword),
                .line(0, .cutOff(.unreachable)), .cutOff(.unreachable),
            ]
        )
    }

    @Test("Messages that may have to be said at another store are bounded by their bytes until they are heard")
    func kept() {
        var waiting: [(Result<Int, StoreFailure>) -> Void] = []
        var tell: [(StoreEvent) -> Void] = []
        let stores = FleetStores((0..<2).map { ("\($0)", Failing({ tell.append($0) }) { waiting.append($0) }) })
        stores.join(as: RunID(number: 1)) { _ in }
        for tell in tell { tell(.joined(hasKept: false)) }
        let message = [UInt8](repeating: 1, count: 65_000)
        var (refused, answered) = (0, 0)
        func publish() {
            stores.publish(message, to: .run(RunID(number: 2))) { result in
                if result == .failure(.busy) { refused += 1 } else { answered += 1 }
            }
        }
        for _ in 0..<300 { publish() }
        let most = FleetStores.keptBytes / message.count
        #expect(waiting.count == most && refused == 300 - most)
        // One that nobody heard is said at the other store, and still kept.
        waiting.removeFirst()(.success(0))
        publish()
        #expect(waiting.count == most && refused == 301 - most && answered == 0)
        for answer in waiting { answer(.success(1)) }
        waiting = []
        #expect(answered == most)
        publish()
        #expect(waiting.count == 1)
    }

    /// A store that is told what to tell, and whose answers the test gives.
    private final class Failing: FleetStore {
        private let joined: (@escaping (StoreEvent) -> Void) -> Void
        private let published: (@escaping (Result<Int, StoreFailure>) -> Void) -> Void
        var batchEnded: () -> Void = {}

        init(
            _ joined: @escaping (@escaping (StoreEvent) -> Void) -> Void,
            _ published: @escaping (@escaping (Result<Int, StoreFailure>) -> Void) -> Void = { _ in }
        ) {
            (self.joined, self.published) = (joined, published)
        }

        func join(as run: RunID, tell: @escaping (StoreEvent) -> Void) { joined(tell) }
        func leave() {}
        func ask(_ question: StoreQuestion, answer: @escaping (Result<StoreAnswer, StoreFailure>) -> Void) {
            if case .publish = question { published { answer($0.map { .published($0) }) } }
        }
    }
}
