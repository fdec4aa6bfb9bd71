import EasySetupChain
import SeededRandom
import Testing

/// A change and its stamp, for short tables.
struct Write: Hashable {
    var change: Change
    var stamp: Stamp

    static func set(
        _ object: String,
        _ attributes: [String: String?],
        at time: UInt64,
        by writer: UInt64 = 1,
        generation: UInt32 = 1,
        knowing known: UInt64? = nil
    ) -> Self {
        let known = known.map { Stamp(generation: generation, time: $0, writer: DeviceID(value: 1)) }
        let bytes = attributes.mapValues { $0.map { Array($0.utf8) } }
        return Write(
            change: Change(object: object, operation: .set(bytes), knownDeletion: known),
            stamp: Stamp(generation: generation, time: time, writer: DeviceID(value: writer))
        )
    }

    static func delete(_ object: String, at time: UInt64, by writer: UInt64 = 1, generation: UInt32 = 1) -> Self {
        Write(
            change: Change(object: object, operation: .delete, knownDeletion: nil),
            stamp: Stamp(generation: generation, time: time, writer: DeviceID(value: writer))
        )
    }
}

extension CollectionState {
    init(_ writes: [Write]) {
        self.init()
        for write in writes { merge(write.change, stamp: write.stamp) }
    }

    func texts(_ object: String) -> [String: String]? {
        self.object(object)?.mapValues { String(decoding: $0, as: UTF8.self) }
    }
}

func floor(_ time: UInt64, generation: UInt32 = 1) -> Stamp {
    Stamp(generation: generation, time: time, writer: DeviceID(value: .max))
}

@Suite("Merging of changes")
struct MergingTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let writes: [Write]
        let result: [String: String]?

        init(_ what: String, _ writes: [Write], _ result: [String: String]?) {
            testDescription = what
            self.writes = writes
            self.result = result
        }
    }

    static let cases: [Case] = [
        Case("a write alone", [.set("x", ["a": "1"], at: 5)], ["a": "1"]),
        Case("a write of nothing makes an object", [.set("x", [:], at: 5)], [:]),
        Case("the later of two", [.set("x", ["a": "1"], at: 5), .set("x", ["a": "2"], at: 6)], ["a": "2"]),
        Case(
            "the same time: the greater writer",
            [.set("x", ["a": "1"], at: 5, by: 2), .set("x", ["a": "2"], at: 5, by: 1)],
            ["a": "1"]
        ),
        Case(
            "a later generation before a later time",
            [.set("x", ["a": "1"], at: 9_000, generation: 1), .set("x", ["a": "2"], at: 5, generation: 2)],
            ["a": "2"]
        ),
        Case(
            "attributes are apart",
            [.set("x", ["a": "1"], at: 5), .set("x", ["b": "2"], at: 6)],
            ["a": "1", "b": "2"]
        ),
        Case(
            "an attribute removed",
            [.set("x", ["a": "1", "b": "2"], at: 5), .set("x", ["a": nil], at: 6)],
            ["b": "2"]
        ),
        Case("an attribute removed before", [.set("x", ["a": nil], at: 5), .set("x", ["a": "1"], at: 6)], ["a": "1"]),
        Case("deleted", [.set("x", ["a": "1"], at: 5), .delete("x", at: 6)], nil),
        Case("deleted before it was seen", [.delete("x", at: 6)], nil),
        Case(
            "a deletion wins over a write that did not know it",
            [.delete("x", at: 6), .set("x", ["a": "1"], at: 9)],
            nil
        ),
        Case(
            "made anew, nothing of before comes back",
            [.set("x", ["a": "1", "b": "2"], at: 5), .delete("x", at: 6), .set("x", ["a": "3"], at: 7, knowing: 6)],
            ["a": "3"]
        ),
        Case(
            "two writers of what was made anew",
            [
                .delete("x", at: 6), .set("x", ["a": "3"], at: 7, knowing: 6),
                .set("x", ["b": "4"], at: 8, by: 2, knowing: 6),
            ],
            ["a": "3", "b": "4"]
        ),
        Case(
            "a write that knew wins over a later one that did not",
            [.delete("x", at: 6), .set("x", ["a": "3"], at: 7, knowing: 6), .set("x", ["a": "old"], at: 9, by: 2)],
            ["a": "3"]
        ),
        Case(
            "deleted twice, made anew in between",
            [.delete("x", at: 6), .set("x", ["a": "3"], at: 7, knowing: 6), .delete("x", at: 8)],
            nil
        ),
        Case(
            "a write that knew the first of two deletions",
            [.delete("x", at: 6), .delete("x", at: 8, by: 2), .set("x", ["a": "3"], at: 9, knowing: 6)],
            nil
        ),
        Case(
            "a write says what it knew, though the deletion was never seen",
            [.set("x", ["a": "1", "b": "2"], at: 5), .set("x", ["a": "3"], at: 7, knowing: 6)],
            ["a": "3"]
        ),
        Case("a write can't know what comes after it", [.set("x", ["a": "1"], at: 5, knowing: 7)], nil),
    ]

    @Test("Each rule holds in every order of arrival", arguments: cases)
    func rules(_ example: Case) {
        for order in permutations(example.writes) {
            #expect(CollectionState(order).texts("x") == example.result)
            #expect(CollectionState(order + order).texts("x") == example.result)
        }
    }

    @Test("Names that differ only in how an accent is written are two objects and two attributes")
    func accents() {
        let composed = "caf\u{E9}"
        let decomposed = "cafe\u{301}"
        let writes: [Write] = [.set(composed, ["a": "1"], at: 5), .set(decomposed, ["a": "2"], at: 6)]
        for order in permutations(writes) {
            let state = CollectionState(order)
            #expect(state.count == 2)
            #expect(state.texts(composed) == ["a": "1"])
            #expect(state.texts(decomposed) == ["a": "2"])
        }
        let attributes: [Write] = [.set("x", [composed: "1"], at: 5), .set("x", [decomposed: "2"], at: 6)]
        let states = permutations(attributes).map { CollectionState($0) }
        #expect(states[0] == states[1])
        #expect(states[0].state(of: "x")?.writes.count == 3)
    }

    @Test("A writer that gives one stamp to two writes does not make devices differ")
    func sameStamp() {
        let writes: [Write] = [
            .set("x", ["a": "1"], at: 5), .set("x", ["a": "2"], at: 5), .set("x", ["a": nil], at: 5),
            .set("x", ["a": "0"], at: 5, knowing: 3),
        ]
        let states = permutations(writes).map { CollectionState($0) }
        for state in states { #expect(state == states[0]) }
        #expect(states[0].texts("x") == ["a": "0"])
    }

    @Test("A new write comes after every time that was seen in its generation")
    func clocks() {
        var state = CollectionState([.set("x", [:], at: 5), .set("y", [:], at: 90, generation: 2)])
        #expect(state.clocks == [1: 5, 2: 90])
        state.merge(CollectionState([.delete("z", at: 12)]))
        #expect(state.clocks == [1: 12, 2: 90])
    }

    @Test("Events say what a reader sees, and nothing where nothing changed")
    func events() {
        var state = CollectionState()
        let set = Write.set("x", ["a": "1"], at: 5)
        let made = state.merge(set.change, stamp: set.stamp)
        #expect(made == ObjectEvent(object: "x", attributes: ["a": Array("1".utf8)], before: nil))
        #expect(made?.changedAttributes == ["a"])
        #expect(state.merge(set.change, stamp: set.stamp) == nil)
        let older = Write.set("x", ["a": "0"], at: 4)
        #expect(state.merge(older.change, stamp: older.stamp) == nil)
        let gone = Write.delete("x", at: 6)
        #expect(state.merge(gone.change, stamp: gone.stamp)?.isDeletion == true)
        let other = CollectionState([.set("y", ["b": "1"], at: 7), .set("x", ["a": "2"], at: 8)])
        #expect(state.merge(other).map(\.object) == ["y"])
    }
}

func permutations<Element>(_ elements: [Element]) -> [[Element]] {
    guard !elements.isEmpty else { return [[]] }
    return elements.indices.flatMap { index in
        var rest = elements
        let first = rest.remove(at: index)
        return permutations(rest).map { [first] + $0 }
    }
}
