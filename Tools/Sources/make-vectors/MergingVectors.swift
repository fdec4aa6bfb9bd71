import EasySetupChain

/// Makes the vectors of merging: changes and snapshots in, states out (`Protocol/chain.md`, "Merging" to "Compaction").
func mergingVectors() -> [VectorFile] {
    let content = JSON.object([
        ("kind", "chain-merging"),
        (
            "about",
            "chain.md: what changes and snapshots come to together, in any order, and what a floor and a horizon leave"
        ),
        ("joins", .array(named.map { join($0.about, $0.inputs) } + drawn().map { join($0.about, $0.inputs) })),
        ("held", .array(held())),
        ("forgetting", .array(forgetting())),
    ])
    return [VectorFile(name: "chain-merging.json", content: content)]
}

/// A change with its stamp, or a snapshot.
private enum Input {
    case change(Change, Stamp)
    case snapshot(CollectionState)

    var json: JSON {
        switch self {
        case .change(let change, let stamp): changeJSON(change, stamp)
        case .snapshot(let state): .object([("snapshot", stateJSON(state))])
        }
    }

    func join(_ state: inout CollectionState) {
        switch self {
        case .change(let change, let stamp): state.merge(change, stamp: stamp)
        case .snapshot(let other): state.merge(other)
        }
    }
}

// MARK: - JSON

private func stampJSON(_ stamp: Stamp?) -> JSON {
    guard let stamp else { return .null }
    let writer = stamp.writer.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return .string("\(stamp.generation)/\(stamp.time)/\(writer)")
}

private func valueJSON(_ value: [UInt8]?) -> JSON { value.map { .hex($0) } ?? .null }

private func changeJSON(_ change: Change, _ stamp: Stamp) -> JSON {
    var members: [(String, JSON)] = [("stamp", stampJSON(stamp)), ("object", .string(change.object))]
    switch change.operation {
    case .delete: members.append(("delete", true))
    case .set(let attributes):
        members.append(
            ("set", .object(attributes.sorted { $0.key < $1.key }.map { ($0.key, valueJSON($0.value)) }))
        )
    }
    return .object(members + [("known_deletion", stampJSON(change.knownDeletion))])
}

private func stateJSON(_ state: CollectionState) -> JSON {
    .object([
        ("floor", stampJSON(state.floor)),
        (
            "objects",
            .array(
                state.sorted.map { object, state in
                    .object([
                        ("object", .string(object)), ("deletion", stampJSON(state.deletion)),
                        (
                            "writes",
                            .array(
                                state.writes.map {
                                    .object([
                                        ("attribute", .string($0.attribute)), ("stamp", stampJSON($0.stamp)),
                                        ("known_deletion", stampJSON($0.knownDeletion)), ("value", valueJSON($0.value)),
                                    ])
                                }
                            )
                        ),
                    ])
                }
            )
        ),
    ])
}

private func livingJSON(_ state: CollectionState) -> JSON {
    .object(
        state.living.map { object, attributes in
            (object, .object(attributes.sorted { $0.key < $1.key }.map { ($0.key, .hex($0.value)) }))
        }
    )
}

private func joined(_ inputs: [Input]) -> CollectionState {
    inputs.reduce(into: CollectionState()) { $1.join(&$0) }
}

private func join(_ about: String, _ inputs: [Input]) -> JSON {
    let state = joined(inputs)
    return .object([
        ("about", .string(about)), ("inputs", .array(inputs.map(\.json))), ("state", stateJSON(state)),
        ("living", livingJSON(state)),
    ])
}

// MARK: - Cases

private func at(_ time: UInt64, by writer: UInt64 = 1, in generation: UInt32 = 1) -> Stamp {
    Stamp(generation: generation, time: time, writer: DeviceID(value: writer))
}

private func set(_ attributes: [String: [UInt8]?], _ stamp: Stamp, knowing known: Stamp? = nil, of object: String = "x")
    -> Input
{
    .change(Change(object: object, operation: .set(attributes), knownDeletion: known), stamp)
}

private func delete(_ stamp: Stamp, of object: String = "x") -> Input {
    .change(Change(object: object, operation: .delete, knownDeletion: nil), stamp)
}

private func snapshot(_ inputs: Input..., floor: Stamp? = nil) -> Input {
    .snapshot(CollectionState(floor: floor, objects: joined(inputs).sorted.map { ($0.object, $0.state) }))
}

private let named: [(about: String, inputs: [Input])] = [
    ("nothing", []),
    ("an object without attributes exists", [set([:], at(10))]),
    ("of two writes of an attribute the later one wins", [set(["a": [1]], at(10)), set(["a": [2]], at(20))]),
    ("at one time the greater writer wins", [set(["a": [1]], at(10, by: 2)), set(["a": [2]], at(10, by: 1))]),
    (
        "writers are compared as numbers of 8 bytes",
        [set(["a": [1]], at(10, by: 0x8000_0000_0000_0000)), set(["a": [2]], at(10, by: 0xFF))]
    ),
    (
        "a later generation wins against any time",
        [set(["a": [1]], at(9_999_999_999_999)), set(["a": [2]], at(5, in: 2))]
    ),
    (
        "two writers that change different attributes both have both",
        [set(["a": [1], "b": [1]], at(10)), set(["a": [2]], at(20)), set(["b": [3]], at(20, by: 2))]
    ),
    (
        "an attribute is removed, and an empty value is a value",
        [set(["a": [1], "b": [1]], at(10)), set(["a": nil, "b": []], at(20))]
    ),
    ("a deletion deletes what was before", [set(["a": [1]], at(10)), delete(at(20))]),
    ("a deletion deletes what is later and did not know of it", [set(["a": [1]], at(30)), delete(at(20))]),
    (
        "a write that knew of the deletion makes the object anew, with its own attributes alone",
        [set(["a": [1], "b": [1]], at(10)), delete(at(20)), set(["a": [2]], at(30), knowing: at(20))]
    ),
    (
        "a write that knew of an earlier deletion only is dead",
        [delete(at(10)), set(["a": [1]], at(40), knowing: at(10)), delete(at(20))]
    ),
    (
        "the known deletion counts also where the deletion itself was not seen",
        [set(["a": [1]], at(10)), set(["b": [2]], at(30), knowing: at(20))]
    ),
    (
        "a lesser write that knew more wins against a greater one that knew less",
        [delete(at(10)), set(["a": [1]], at(20), knowing: at(10)), set(["a": [2]], at(30))]
    ),
    (
        "a change that knew of a deletion after itself is none",
        [set(["a": [1]], at(10)), set(["a": [2]], at(20), knowing: at(20))]
    ),
    ("of two writes with one stamp the greater value wins", [set(["a": [2]], at(10)), set(["a": [1, 9]], at(10))]),
    (
        "of two writes with one stamp the greater known deletion wins against a greater value",
        [set(["a": [2]], at(30)), set(["a": [1]], at(30), knowing: at(20))]
    ),
    (
        "a deletion of an earlier generation kills no write of a later one",
        [set(["a": [1]], at(5, in: 2)), set(["b": [2]], at(10)), delete(at(20))]
    ),
    (
        "neither does a known deletion of an earlier generation",
        [set(["a": [1]], at(5, in: 2)), set(["b": [2]], at(9_000), knowing: at(8_999))]
    ),
    (
        "a deletion of the same generation kills a write whatever an earlier one says",
        [set(["a": [1]], at(5, in: 2)), delete(at(4, in: 2)), set(["a": [2]], at(9_000), knowing: at(8_999))]
    ),
    ("of two writes with one stamp a removal is the lesser", [set(["a": nil], at(10)), set(["a": []], at(10))]),
    ("ids that are alike are others", [set(["a": [1]], at(10), of: "x"), set(["a": [2]], at(20), of: "X")]),
    (
        "a snapshot without a floor is joined as its writes are",
        [
            snapshot(set(["a": [1]], at(10)), delete(at(20), of: "y")), set(["a": [2]], at(15)),
            set(["a": [3]], at(12), of: "y"),
        ]
    ),
    (
        "a write up to the floor that is not in the snapshot is dead",
        [snapshot(set(["a": [1]], at(10)), floor: at(30)), set(["b": [2]], at(30)), set(["c": [3]], at(31))]
    ),
    (
        "a write up to the floor that is in the snapshot lives",
        [snapshot(set(["a": [1]], at(10)), floor: at(30)), set(["a": [1]], at(10))]
    ),
    (
        "a floor is a stamp: a generation beneath it is dead whatever its time",
        [snapshot(floor: at(30, in: 2)), set(["a": [1]], at(9_000)), set(["b": [2]], at(31, in: 2))]
    ),
    (
        "of two floors the greater one cuts the other's snapshot",
        [
            snapshot(set(["a": [1]], at(10)), set(["a": [1]], at(40), of: "y"), floor: at(20)),
            snapshot(set(["b": [2]], at(15)), floor: at(30)),
        ]
    ),
    (
        "snapshots with one floor are joined",
        [snapshot(set(["a": [1]], at(10)), floor: at(30)), snapshot(set(["b": [2]], at(20)), floor: at(30))]
    ),
    (
        "a deletion beneath the floor that is not in the snapshot is forgotten, and what it killed may live",
        [set(["a": [1]], at(40)), delete(at(20)), snapshot(floor: at(30))]
    ),
]

/// Numbers that look random and are the same each time.
private struct Numbers {
    var state: UInt64

    mutating func below(_ bound: UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) % bound
    }
}

/// Cases with so few objects, times and writers that everything collides.
private func drawn() -> [(about: String, inputs: [Input])] {
    var numbers = Numbers(state: 14)
    func stamp() -> Stamp {
        at(numbers.below(9) + 1, by: numbers.below(2) + 1, in: UInt32(numbers.below(3) / 2 + 1))
    }
    func change() -> Input {
        let object = ["x", "y"][Int(numbers.below(2))]
        if numbers.below(4) == 0 { return delete(stamp(), of: object) }
        var attributes: [String: [UInt8]?] = [:]
        for name in ["a", "b"] where numbers.below(3) > 0 {
            attributes.updateValue(numbers.below(4) == 0 ? nil : [UInt8(numbers.below(4))], forKey: name)
        }
        return set(attributes, stamp(), knowing: numbers.below(2) == 0 ? stamp() : nil, of: object)
    }
    return (1...30).map { number in
        let inputs = (0..<numbers.below(6) + 2).map { _ in
            if numbers.below(4) > 0 { return change() }
            let changes = (0..<numbers.below(4)).map { _ in change() }
            let floor = numbers.below(3) > 0 ? stamp() : nil
            return Input.snapshot(
                CollectionState(floor: floor, objects: joined(changes).sorted.map { ($0.object, $0.state) })
            )
        }
        return ("drawn, \(number)", inputs)
    }
}

/// Changes of which a snapshot says all, so that a compaction may delete their record, and others.
private func held() -> [JSON] {
    let state = joined([
        snapshot(set(["a": [1]], at(10)), delete(at(25), of: "y"), floor: at(20)), set(["a": [2]], at(30)),
    ])
    let changes = [
        set(["a": [2]], at(30)), set(["a": [1]], at(10)), set(["a": [1]], at(25)), set(["b": [1]], at(25)),
        set(["b": [1]], at(15)), delete(at(25), of: "y"), delete(at(24), of: "y"), delete(at(26), of: "y"),
        set(["a": [3]], at(40), knowing: at(35)), set(["a": [3]], at(40), knowing: at(40)),
    ]
    return changes.map { input in
        guard case .change(let change, let stamp) = input else { return .null }
        return .object([
            ("snapshot", stateJSON(state)), ("change", changeJSON(change, stamp)),
            ("held", .boolean(state.contains(change, stamp: stamp))),
        ])
    }
}

/// States of which a compaction forgets something.
private func forgetting() -> [JSON] {
    let cases: [(String, CollectionState, horizon: Stamp, floor: Stamp)] = [
        (
            "a deletion up to the horizon",
            joined([set(["a": [1]], at(10)), delete(at(20)), set(["a": [1]], at(30), of: "y")]),
            at(20), at(50)
        ),
        (
            "a deletion after the horizon stays, and what is dead by it is forgotten up to the floor",
            joined([set(["a": [1]], at(10)), delete(at(21))]), at(20), at(50)
        ),
        (
            "a deletion stays while a write above the floor is kept down by it",
            joined([delete(at(10)), set(["a": [1]], at(60))]), at(20), at(50)
        ),
        (
            "removals of attributes up to the floor",
            joined([set(["a": nil, "b": [1]], at(50)), set(["c": nil], at(60))]),
            at(20), at(50)
        ),
        (
            "dead writes of an object that was made anew",
            joined([set(["a": [1]], at(10)), delete(at(15)), set(["b": [2]], at(20), knowing: at(15))]), at(30), at(50)
        ),
        (
            "the last deletion stays where the write that knew of it goes",
            joined([
                set(["a": [1]], at(40, in: 2)), set(["a": [2], "b": [2]], at(30), knowing: at(20)),
                set(["c": [3]], at(35)),
            ]),
            at(10), at(50, in: 2)
        ),
        ("nothing to forget leaves the floor where it is", joined([set(["a": [1]], at(10))]), at(20), at(50)),
        (
            "nothing is forgotten where the floor does not rise",
            joined([snapshot(delete(at(5)), floor: at(60)), set(["a": [1]], at(70), of: "y")]),
            at(20), at(50)
        ),
    ]
    return cases.map { about, state, horizon, floor in
        var forgotten = state
        _ = forgotten.forget(deletionsThrough: horizon, floor: floor)
        return .object([
            ("about", .string(about)), ("state", stateJSON(state)), ("horizon", stampJSON(horizon)),
            ("floor", stampJSON(floor)), ("result", stateJSON(forgotten)), ("living", livingJSON(forgotten)),
        ])
    }
}
