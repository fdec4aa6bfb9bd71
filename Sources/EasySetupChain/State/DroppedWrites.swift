/// The writes of this device that a floor has removed although they are younger than its time: they were made under a key that
/// others had replaced before, and the store had not shown the change (`Protocol/chain.md`, "Snapshots").
///
/// Such a write was acknowledged, and no other device sees it. What a floor removes otherwise is as old as that a deletion
/// of it may be forgotten, so nobody could tell that it is missing.
struct DroppedWrites: Sendable {
    /// A write of an attribute, or the deletion of an object.
    private struct Dropped: Hashable {
        let object: String
        let stamp: Stamp
        /// The attribute and its value; nil for a deletion of the object.
        let write: Write?
    }

    private struct Write: Hashable {
        let attribute: String
        let value: [UInt8]?
    }

    private var dropped: Set<Dropped> = []

    /// Notes that a state is about to be joined with one that has a floor.
    mutating func willJoin(_ state: CollectionState, floor: Stamp?, device: DeviceID) {
        guard let floor, state.floor.map({ $0 < floor }) ?? true else { return }
        for (object, known) in state.oneByOne {
            let deletion = known.lastDeletion
            if let own = known.deletion, own.writer == device, Self.isDropped(own, by: floor) {
                dropped.insert(Dropped(object: object, stamp: own, write: nil))
            }
            for write in known.writes where write.stamp.writer == device && write.isLiving(after: deletion) {
                guard Self.isDropped(write.stamp, by: floor) else { continue }
                let own = Write(attribute: write.attribute, value: write.value)
                dropped.insert(Dropped(object: object, stamp: write.stamp, write: own))
            }
        }
    }

    /// Notes changes of this device that were read where the floor is known.
    mutating func read(_ changes: [Change], _ stamp: Stamp, floor: Stamp?) {
        guard let floor, Self.isDropped(stamp, by: floor) else { return }
        for change in changes {
            switch change.operation {
            case .delete: dropped.insert(Dropped(object: change.object, stamp: stamp, write: nil))
            case .set(let attributes):
                for (attribute, value) in attributes.merging(["": nil], uniquingKeysWith: { one, _ in one }) {
                    let write = Write(attribute: attribute, value: value)
                    dropped.insert(Dropped(object: change.object, stamp: stamp, write: write))
                }
            }
        }
    }

    private static func isDropped(_ stamp: Stamp, by floor: Stamp) -> Bool { stamp <= floor && stamp.time > floor.time }

    /// The objects that are not what this device wrote, in the order of their names, without those that were written or deleted
    /// later.
    func objects(in state: CollectionState) -> [String] {
        let missing = dropped.filter { Self.isMissing($0, in: state.state(of: $0.object)) }
        return Set(missing.map(\.object)).sorted { $0.isBefore($1) }
    }

    private static func isMissing(_ dropped: Dropped, in state: ObjectState?) -> Bool {
        let attributes = state?.attributes
        if let deletion = state?.lastDeletion, deletion >= dropped.stamp { return false }
        guard let write = dropped.write else {
            return attributes != nil && state?.writes.contains { $0.stamp > dropped.stamp } == false
        }
        let later = state?.writes.contains {
            $0.attribute.isSameText(write.attribute) && $0.stamp >= dropped.stamp
        }
        if later == true { return false }
        return write.attribute.isEmpty ? attributes == nil : attributes?[write.attribute] != write.value
    }
}
