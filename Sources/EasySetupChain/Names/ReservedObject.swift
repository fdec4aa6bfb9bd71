extension CollectionName {
    /// Whether an object may be in the collection (`Protocol/chain.md`, "Objects of reserved collections"). Every device can
    /// write among the devices and the requests, and what is none of those is not read there.
    package func takes(_ object: String) -> Bool {
        switch self {
        case .devices: return DeviceID(text: object) != nil
        case .requests:
            let parts = object.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count >= 2, DeviceID(text: parts[1]) != nil else { return false }
            switch parts[0] {
            case "grant": return parts.count == 2
            case "request", "decline": return parts.count == 3 && (try? CollectionName(String(parts[2]))) != nil
            default: return false
            }
        default: return true
        }
    }
}

extension RecordContent {
    /// The content without the objects that can't be in the record's collection.
    func only(in name: CollectionName) -> RecordContent {
        switch self {
        case .changes(let changes): .changes(changes.filter { name.takes($0.object) })
        case .snapshot(let piece): .snapshot(piece.only(in: name))
        case .keyChange, .earlierKeys: self
        }
    }
}

extension SnapshotPiece {
    fileprivate func only(in name: CollectionName) -> SnapshotPiece {
        SnapshotPiece(
            snapshot: snapshot,
            index: index,
            count: count,
            floor: floor,
            entries: entries.filter { name.takes($0.object) }
        )
    }
}
