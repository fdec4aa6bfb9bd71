import Testing

@testable import EasySetupFleetStore

@Suite("The store in memory") struct MemoryStoresTests {
    /// Two relays, and what they are told.
    private final class Stage {
        var now = Duration.zero
        var waiting: [() -> Void] = []
        var told: [String] = []
        private(set) lazy var shared = MemoryStores(
            now: { [unowned self] in now },
            later: { [unowned self] _, _, body in waiting.append(body) }
        )

        /// Runs what waits, until nothing does, and returns what was told.
        func turn() -> [String] {
            while !waiting.isEmpty { waiting.removeFirst()() }
            defer { told = [] }
            return told
        }

        func joined(_ number: UInt64) -> MemoryStore {
            let store = shared.store()
            store.join(as: RunID(number: number)) { [unowned self] in told.append("\(number) \($0)") }
            #expect(turn() == ["\(number) connecting", "\(number) joined(hasKept: false)"])
            return store
        }

        func note<Value>(_ name: String) -> (Result<Value, StoreFailure>) -> Void {
            { [unowned self] in told.append("\(name) \($0)") }
        }
    }

    private static let name = TakeRuleTests.name

    @Test("It registers, finds, takes and publishes") func operations() {
        let stage = Stage()
        let (one, two) = (stage.joined(1), stage.joined(2))
        let (first, second) = (TakeRuleTests.entry(1, 1), TakeRuleTests.entry(2, 2))
        one.claim(Self.name, first, answer: stage.note("a"))
        two.claim(Self.name, second, answer: stage.note("b"))
        two.find(Self.name) { #expect($0 == .success(FoundRooms(atSlot: first))) }
        two.take(TakeRequest(Self.name, second, isAttach: true)) {
            #expect($0 == .success(TakeOutcome(.mine(before: first), hasSlot: true)))
        }
        one.take(TakeRequest(Self.name, first, isAttach: true)) {
            #expect($0 == .success(TakeOutcome(.newer(second), hasSlot: true)))
        }
        #expect(stage.turn() == ["a success(true)", "b success(false)"])
        one.publish([1], to: .run(RunID(number: 2)), answer: stage.note("c"))
        one.publish([2], to: .all, answer: stage.note("d"))
        one.publish([3], to: .run(RunID(number: 3)), answer: stage.note("e"))
        let told = stage.turn()
        #expect(told.filter { $0.contains("success") } == ["c success(1)", "d success(2)", "e success(0)"])
        #expect(told.filter { $0.hasPrefix("2") }.map { $0.suffix(13) } == ["[1], line: 0)", "[2], line: 0)"])
        #expect(told.count { $0.hasPrefix("1") } == 1)
    }

    @Test("It loses messages, is away and forgets, and relays are told as Redis' client tells them") func faults() {
        let stage = Stage()
        let (one, two) = (stage.joined(1), stage.joined(2))
        stage.shared.loses = { from, to in from.number == 1 && to.number == 2 }
        one.publish([1], to: .run(RunID(number: 2)), answer: stage.note("a"))
        #expect(stage.turn() == ["a success(1)"])
        one.claim(Self.name, TakeRuleTests.entry(1, 1), answer: stage.note("b"))
        _ = stage.turn()
        stage.shared.forget()
        two.find(Self.name, answer: stage.note("c"))
        #expect(stage.turn().first == "2 lostData")
        stage.shared.look()
        #expect(stage.turn() == ["1 lostData"])
        // A question that was carried out has no answer, if the store goes away before.
        one.claim(Self.name, TakeRuleTests.entry(1, 1), answer: stage.note("d"))
        stage.waiting.removeFirst()()
        stage.shared.goAway()
        one.find(Self.name, answer: stage.note("e"))
        #expect(
            stage.turn() == [
                "1 cutOff(EasySetupFleetStore.StoreProblem.unreachable)",
                "2 cutOff(EasySetupFleetStore.StoreProblem.unreachable)",
                "e failure(EasySetupFleetStore.StoreFailure.cutOff)",
                "d failure(EasySetupFleetStore.StoreFailure.cutOff)",
            ]
        )
        stage.shared.comeBack()
        #expect(stage.turn() == ["1 joined(hasKept: true)", "2 joined(hasKept: true)"])
        two.find(Self.name) { #expect($0 == .success(FoundRooms(atSlot: TakeRuleTests.entry(1, 1)))) }
        _ = stage.turn()
        stage.shared.goAway()
        stage.shared.comeBack(forgetting: true)
        #expect(stage.turn().suffix(2) == ["1 joined(hasKept: false)", "2 joined(hasKept: false)"])
    }

    @Test("One relay is cut off, leaves, or comes back as another run") func one() {
        let stage = Stage()
        let (one, two) = (stage.joined(1), stage.joined(2))
        two.isCut = true
        one.publish([1], to: .all, answer: stage.note("a"))
        let told = stage.turn()
        // The server has not noticed it yet.
        #expect(told.contains("a success(2)") && told.contains { $0.hasPrefix("2 cutOff") })
        #expect(!told.contains { $0.contains("2 message") })
        two.isCut = false
        #expect(stage.turn() == ["2 joined(hasKept: true)"])
        // A message that is under way to a run does not reach the next.
        one.publish([1], to: .run(RunID(number: 2)), answer: stage.note("b"))
        stage.waiting.removeFirst()()
        two.join(as: RunID(number: 3)) { [unowned stage] in stage.told.append("3 \($0)") }
        let next = stage.turn()
        #expect(next.contains("3 joined(hasKept: true)") && !next.contains { $0.contains("message") })
        one.publish([1], to: .run(RunID(number: 2)), answer: stage.note("c"))
        #expect(stage.turn() == ["c success(0)"])
        two.leave()
        one.publish([1], to: .run(RunID(number: 3)), answer: stage.note("d"))
        #expect(stage.turn().last == "d success(0)")
    }
}
