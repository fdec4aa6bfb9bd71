import EasySetupChain
import Foundation
import Testing

let mergingRunners: [String: VectorRunner] = [
    "chain-merging": { try runMerging($0.decode(Merging.self)) }
]

private struct Merging: Decodable {
    struct State: Decodable {
        struct Object: Decodable {
            let object: String
            let deletion: String?
            let writes: [Write]
        }
        struct Write: Decodable {
            let attribute, stamp: String
            let known_deletion, value: String?
        }
        let floor: String?
        let objects: [Object]
    }
    struct Input: Decodable {
        let stamp, object, known_deletion: String?
        let set: [String: String?]?
        let snapshot: State?
    }
    struct Join: Decodable {
        let about: String
        let inputs: [Input]
        let state: State
        let living: [String: [String: String]]
    }
    struct Held: Decodable {
        let snapshot: State
        let change: Input
        let held: Bool
    }
    struct Forgetting: Decodable {
        let about, horizon, floor: String
        let state, result: State
        let living: [String: [String: String]]
    }
    let joins: [Join]
    let held: [Held]
    let forgetting: [Forgetting]
}

private func runMerging(_ vectors: Merging) throws {
    for vector in vectors.joins {
        let expected = try state(vector.state)
        // In the order of the file, in the opposite one, and with everything twice.
        for inputs in [vector.inputs, vector.inputs.reversed(), vector.inputs + vector.inputs.reversed()] {
            var joined = CollectionState()
            for input in inputs { try join(input, &joined) }
            #expect(joined == expected, "\(vector.about)")
            #expect(living(joined) == vector.living, "\(vector.about)")
        }
    }
    #expect(Set(vectors.held.map(\.held)).count == 2)
    for vector in vectors.held {
        let change = try change(vector.change)
        let snapshot = try state(vector.snapshot)
        #expect(snapshot.contains(change.change, stamp: change.stamp) == vector.held)
        var joined = snapshot
        joined.merge(change.change, stamp: change.stamp)
        #expect((joined == snapshot) == vector.held)
    }
    for vector in vectors.forgetting {
        var forgotten = try state(vector.state)
        _ = try forgotten.forget(deletionsThrough: stamp(vector.horizon), floor: stamp(vector.floor))
        #expect(try forgotten == state(vector.result), "\(vector.about)")
        #expect(living(forgotten) == vector.living, "\(vector.about)")
    }
}

private func stamp(_ text: String) throws -> Stamp {
    let parts = text.split(separator: "/")
    return Stamp(
        generation: try #require(UInt32(parts[0])),
        time: try #require(UInt64(parts[1])),
        writer: try #require(DeviceID(bytes: bytes(String(parts[2]))))
    )
}

private func state(_ vector: Merging.State) throws -> CollectionState {
    try CollectionState(
        floor: vector.floor.map(stamp),
        objects: vector.objects.map { object in
            let writes = try object.writes.map { write in
                SnapshotWrite(
                    attribute: write.attribute,
                    stamp: try stamp(write.stamp),
                    knownDeletion: try write.known_deletion.map(stamp),
                    value: try write.value.map(bytes)
                )
            }
            return (object.object, ObjectState(deletion: try object.deletion.map(stamp), writes: writes))
        }
    )
}

private func change(_ input: Merging.Input) throws -> (change: Change, stamp: Stamp) {
    let operation: Change.Operation =
        if let set = input.set { .set(try set.mapValues { try $0.map(bytes) }) } else { .delete }
    let change = Change(
        object: try #require(input.object),
        operation: operation,
        knownDeletion: try input.known_deletion.map(stamp)
    )
    return (change, try stamp(#require(input.stamp)))
}

private func join(_ input: Merging.Input, _ joined: inout CollectionState) throws {
    if let snapshot = input.snapshot {
        try joined.merge(state(snapshot))
    } else {
        let change = try change(input)
        joined.merge(change.change, stamp: change.stamp)
    }
}

private func living(_ state: CollectionState) -> [String: [String: String]] {
    Dictionary(uniqueKeysWithValues: state.living.map { ($0.object, $0.attributes.mapValues(hex)) })
}
