import EasySetupChain
import SeededRandom
import Testing

/// Drawn sets of writes and floors, few enough names and times that everything collides.
private struct Drawing {
    var random: SplitMix

    mutating func stamp() -> Stamp {
        Stamp(
            generation: UInt32.random(in: 1...3, using: &random),
            time: UInt64.random(in: 1...12, using: &random),
            writer: DeviceID(value: UInt64.random(in: 1...3, using: &random))
        )
    }

    mutating func write() -> Write {
        let object = random.pick(["x", "y"])!
        let stamp = stamp()
        if random.once(in: 4) {
            return Write(change: Change(object: object, operation: .delete, knownDeletion: nil), stamp: stamp)
        }
        var attributes: [String: [UInt8]?] = [:]
        for name in ["a", "b"] where random.once(in: 2) {
            attributes.updateValue(random.once(in: 4) ? nil : random.bytes(1), forKey: name)
        }
        let known = random.once(in: 2) ? self.stamp() : nil
        return Write(change: Change(object: object, operation: .set(attributes), knownDeletion: known), stamp: stamp)
    }

    mutating func writes(_ range: ClosedRange<Int>) -> [Write] {
        (0..<Int.random(in: range, using: &random)).map { _ in write() }
    }

    /// A state with a floor, as a snapshot is: some writes that are there, below and above the floor.
    mutating func snapshot() -> CollectionState {
        CollectionState(
            floor: random.once(in: 4) ? nil : stamp(),
            objects: CollectionState(writes(0...4)).sorted.map { ($0, $1) }
        )
    }
}

@Suite("Properties of merging")
struct MergingPropertyTests {
    @Test("Any order, any split and any repetition of writes and snapshots gives the same state", arguments: 0..<60)
    func order(_ seed: UInt64) {
        var drawing = Drawing(random: SplitMix(state: seed))
        for _ in 0..<50 {
            let writes = drawing.writes(0...8)
            var parts = writes.map { CollectionState([$0]) }
            for _ in 0..<Int.random(in: 0...3, using: &drawing.random) { parts.append(drawing.snapshot()) }
            let expected = parts.reduce(into: CollectionState()) { $0.merge($1) }
            // Repeated and shuffled.
            parts += parts.filter { _ in drawing.random.once(in: 3) }
            parts.shuffle(using: &drawing.random)
            #expect(parts.reduce(into: CollectionState()) { $0.merge($1) } == expected)
            // Split at two places, each portion merged by itself.
            let cut = Int.random(in: 0...parts.count, using: &drawing.random)
            var left = parts[..<cut].reduce(into: CollectionState()) { $0.merge($1) }
            let right = parts[cut...].reduce(into: CollectionState()) { $0.merge($1) }
            var other = right
            other.merge(left)
            left.merge(right)
            #expect(left == expected)
            #expect(other == expected)
            #expect(expected.contains(right))
            #expect(right.contains(expected) == (right == expected))
        }
    }

    @Test("Merging a change is merging the state of that change", arguments: 0..<40)
    func changes(_ seed: UInt64) {
        var drawing = Drawing(random: SplitMix(state: seed))
        for _ in 0..<50 {
            var one = drawing.snapshot()
            var other = one
            let write = drawing.write()
            let isThere = one.contains(write.change, stamp: write.stamp)
            let before = one
            let event = one.merge(write.change, stamp: write.stamp)
            let events = other.merge(CollectionState([write]))
            #expect(one == other)
            #expect(events == event.map { [$0] } ?? [])
            #expect(isThere == (one == before))
        }
    }

    @Test("Joining is associative, commutative and idempotent with every relation of three floors", arguments: 0..<60)
    func join(_ seed: UInt64) {
        var drawing = Drawing(random: SplitMix(state: seed))
        for _ in 0..<50 {
            let (a, b, c) = (drawing.snapshot(), drawing.snapshot(), drawing.snapshot())
            func joined(_ one: CollectionState, _ other: CollectionState) -> CollectionState {
                var result = one
                result.merge(other)
                return result
            }
            #expect(joined(joined(a, b), c) == joined(a, joined(b, c)))
            #expect(joined(a, b) == joined(b, a))
            #expect(joined(a, a) == a)
        }
    }

    @Test("A removed device takes nothing away that is written under a later generation", arguments: 0..<60)
    func generations(_ seed: UInt64) {
        var drawing = Drawing(random: SplitMix(state: seed))
        for _ in 0..<50 {
            // Devices that have heard of the removal write one after the other, and know what was written before.
            var honest = CollectionState()
            var parts: [CollectionState] = []
            for time in 1...UInt64.random(in: 1...6, using: &drawing.random) {
                var write = drawing.write()
                write.stamp = Stamp(generation: 2, time: time, writer: DeviceID(value: 1))
                if case .set = write.change.operation {
                    let known = honest.knownDeletion(of: write.change.object)
                    write.change = Change(
                        object: write.change.object,
                        operation: write.change.operation,
                        knownDeletion: known
                    )
                }
                honest.merge(write.change, stamp: write.stamp)
                parts.append(CollectionState([write]))
            }
            // The removed device claims what it likes, under the key that it has.
            for var write in drawing.writes(1...6) {
                write.stamp = Stamp(generation: 1, time: write.stamp.time, writer: write.stamp.writer)
                if case .set = write.change.operation, let known = write.change.knownDeletion {
                    let claimed = Stamp(generation: 1, time: known.time, writer: known.writer)
                    write.change = Change(
                        object: write.change.object,
                        operation: write.change.operation,
                        knownDeletion: claimed
                    )
                }
                parts.append(CollectionState([write]))
            }
            parts.shuffle(using: &drawing.random)
            let all = parts.reduce(into: CollectionState()) { $0.merge($1) }
            for (object, state) in honest.sorted {
                if let attributes = state.attributes {
                    let shown = all.object(object)
                    #expect(attributes.allSatisfy { shown?[$0.key] == $0.value })
                } else {
                    #expect(all.object(object) == nil)
                }
            }
        }
    }

    @Test("Forgetting changes nothing that a reader sees, whatever is written later", arguments: 0..<60)
    func forgetting(_ seed: UInt64) {
        var drawing = Drawing(random: SplitMix(state: seed))
        func seen(_ state: CollectionState) -> [String: [String: [UInt8]]] {
            Dictionary(uniqueKeysWithValues: state.living.map { ($0.object, $0.attributes) })
        }
        for _ in 0..<50 {
            var state = CollectionState(drawing.writes(0...8))
            let floor = drawing.stamp()
            var forgotten = state
            // No deletion is so old that it is forgotten itself.
            _ = forgotten.forget(
                deletionsThrough: Stamp(generation: 0, time: 1, writer: DeviceID(value: 0)),
                floor: floor
            )
            #expect(seen(forgotten) == seen(state))
            for write in drawing.writes(0...4) where write.stamp > floor {
                state.merge(write.change, stamp: write.stamp)
                forgotten.merge(write.change, stamp: write.stamp)
                #expect(seen(forgotten) == seen(state))
            }
        }
    }

    @Test("Two states with one floor do not differ by what was forgotten", arguments: 0..<60)
    func oneFloor(_ seed: UInt64) {
        var drawing = Drawing(random: SplitMix(state: seed))
        var forgets = 0
        for _ in 0..<50 {
            let (floor, horizon) = (drawing.stamp(), drawing.stamp())
            let state = CollectionState(
                floor: floor,
                objects: CollectionState(drawing.writes(0...8)).sorted.map { ($0, $1) }
            )
            var other = state
            let next = drawing.stamp()
            let count = other.forget(deletionsThrough: min(horizon, next), floor: next)
            #expect(count == 0 ? other == state : other.floor == next && next > floor)
            forgets += count > 0 ? 1 : 0
            var (one, two) = (state, other)
            one.merge(other)
            two.merge(state)
            #expect(one == two)
            if other.floor == floor { #expect(one == state) }
        }
        #expect(forgets > 0)
    }

    @Test("A packed object is the same again", arguments: 0..<20)
    func packing(_ seed: UInt64) {
        var drawing = Drawing(random: SplitMix(state: seed))
        for _ in 0..<50 {
            let state = CollectionState(drawing.writes(0...8))
            let again = CollectionState(floor: state.floor, objects: state.sorted.map { ($0, $1) })
            #expect(state == again)
            #expect(state.sorted.map(\.state) == again.sorted.map(\.state))
        }
    }

    /// A floor that is a time alone, as the protocol's first text had it. It shows that the property test can fail.
    @Test("A floor that were a time alone would make the order of arrival matter")
    func timeAlone() {
        // The write of the second generation hides the one of the first. A floor at time 50 would remove the one that won and
        // not the one that lost, so whoever joined the two before lacks both, and whoever cut first has one.
        let writes: [Write] = [
            .set("x", ["a": "1"], at: 100, generation: 1), .set("x", ["a": "2"], at: 5, generation: 2),
        ]
        let joined = CollectionState(writes)
        #expect(joined.state(of: "x")?.writes.map(\.stamp.time) == [5, 5])
        var cutByTime: [UInt64] = joined.state(of: "x")!.writes.map(\.stamp.time).filter { $0 > 50 }
        #expect(cutByTime == [])
        cutByTime = writes.map(\.stamp.time).filter { $0 > 50 }
        #expect(cutByTime == [100])
        // With a stamp as the floor both ways agree.
        for (cut, expected) in [(floor(50, generation: 1), "2"), (floor(4, generation: 2), "2")] {
            var state = joined
            state.merge(CollectionState(floor: cut, objects: []))
            #expect(state.texts("x") == ["a": expected])
        }
    }
}
