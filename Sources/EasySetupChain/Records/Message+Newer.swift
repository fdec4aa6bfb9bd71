import SwiftProtobuf

extension SwiftProtobuf.Message {
    /// Whether the message itself has a field that this version does not know.
    fileprivate var hasUnknown: Bool { !unknownFields.data.isEmpty }
}

extension Easysetup_Chain_V1_ChainRecord {
    /// Whether there is a field that this version does not know, at any depth outside of signed contents. Such a record is
    /// one of a later version, whatever rule of this one it breaks.
    var isNewer: Bool {
        if hasUnknown { return true }
        return switch content {
        case .changes(let changes): changes.hasUnknown || changes.changes.contains(where: \.isNewer)
        case .snapshot(let piece): piece.hasUnknown
        case .keyChange(let change): change.hasUnknown
        case .earlierKeys(let keys): keys.hasUnknown
        case nil: false
        }
    }
}

extension Easysetup_Chain_V1_Change {
    fileprivate var isNewer: Bool {
        if hasUnknown || knownDeletion.hasUnknown { return true }
        return switch operation {
        case .set(let set): set.hasUnknown || set.attributes.contains(where: \.hasUnknown)
        case .delete(let deletion): deletion.hasUnknown
        case nil: false
        }
    }
}

extension Easysetup_Chain_V1_SnapshotPiece {
    /// Whether there is a field that this version does not know, at any depth.
    var isNewer: Bool {
        hasUnknown || floor.hasUnknown || stamps.contains(where: \.hasUnknown)
            || entries.contains { $0.hasUnknown || $0.writes.contains(where: \.hasUnknown) }
    }
}
