import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Writes and reads the plaintexts of records (`Protocol/chain.proto`, `ChainRecord`). Reading checks every field, and
/// refuses a field that it does not know: a snapshot made without it would lose it for everybody.
package enum RecordCodec {
    /// Makes the plaintext of a record.
    /// - Throws: ``ChainError/Code/identifier`` for an object's id or an attribute's name that can't be one, and
    ///   ``ChainError/Code/objectTwice`` for two changes of one object.
    package static func bytes(previous: UInt64, content: RecordContent) throws(ChainError) -> [UInt8] {
        var message = Easysetup_Chain_V1_ChainRecord()
        message.previous = previous
        switch content {
        case .changes(let changes):
            try checkObjects(changes.map(\.object))
            var wire = Easysetup_Chain_V1_Changes()
            for change in changes { try wire.changes.append(Self.wire(change)) }
            message.changes = wire
        case .snapshot(let piece):
            try checkObjects(piece.entries.map(\.object))
            message.snapshot = try wire(piece)
        case .keyChange(let change):
            message.keyChange = .with {
                $0.content = Data(change.content)
                $0.signature = Data(change.signature)
            }
        }
        return message.plainBytes()
    }

    /// Reads the plaintext of a record.
    /// - Parameters:
    ///   - stamp: the record's stamp. All stamps in the content must be less.
    ///   - place: the record's collection, which a key change must be signed for.
    /// - Throws: ``RecordFault/malformed``, or ``RecordFault/newer`` for what this version does not know.
    package static func content(
        of bytes: [UInt8],
        stamp: Stamp,
        place: RecordPlace
    ) throws(RecordFault) -> (previous: UInt64, content: RecordContent) {
        guard let message = try? Easysetup_Chain_V1_ChainRecord(serializedBytes: bytes) else { throw .malformed }
        try known(message)
        guard message.previous <= RecordTime.greatest else { throw .malformed }
        let content: RecordContent
        switch message.content {
        case .changes(let changes): content = try .changes(read(changes, below: stamp))
        case .snapshot(let piece): content = try .snapshot(read(piece, below: stamp))
        case .keyChange(let change):
            try known(change)
            let keyChange = try KeyChange(
                content: Array(change.content),
                signature: Array(change.signature),
                place: place
            )
            content = .keyChange(keyChange)
        case nil: throw .malformed
        }
        return (message.previous, content)
    }

    /// Throws ``RecordFault/newer`` if a message has a field that this version does not know.
    private static func known(_ message: some SwiftProtobuf.Message) throws(RecordFault) {
        guard message.unknownFields.data.isEmpty else { throw .newer }
    }

    private static func identifier(_ text: String) throws(RecordFault) -> String {
        guard RecordLimits.isIdentifier(text) else { throw .malformed }
        return text
    }

    private static func checkObjects(_ objects: [String]) throws(ChainError) {
        guard objects.allSatisfy(RecordLimits.isIdentifier) else { throw .identifier }
        guard Set(objects).count == objects.count else { throw .objectTwice }
    }
}

// MARK: - Changes

extension RecordCodec {
    private static func wire(_ change: Change) throws(ChainError) -> Easysetup_Chain_V1_Change {
        var message = Easysetup_Chain_V1_Change()
        message.object = change.object
        if let stamp = change.knownDeletion { message.knownDeletion = wire(stamp) }
        switch change.operation {
        case .delete: message.delete = .init()
        case .set(let attributes):
            guard attributes.keys.allSatisfy(RecordLimits.isIdentifier) else { throw .identifier }
            message.set = .with { set in
                set.attributes = attributes.sorted { $0.key < $1.key }.map { name, value in
                    .with {
                        $0.name = name
                        if let value { $0.value = Data(value) }
                    }
                }
            }
        }
        return message
    }

    private static func read(
        _ message: Easysetup_Chain_V1_Changes,
        below stamp: Stamp
    ) throws(RecordFault) -> [Change] {
        try known(message)
        guard !message.changes.isEmpty else { throw .malformed }
        var objects: Set<String> = []
        var changes: [Change] = []
        for wire in message.changes {
            let change = try read(wire, below: stamp)
            guard objects.insert(change.object).inserted else { throw .malformed }
            changes.append(change)
        }
        return changes
    }

    private static func read(_ message: Easysetup_Chain_V1_Change, below stamp: Stamp) throws(RecordFault) -> Change {
        try known(message)
        let operation: Change.Operation
        switch message.operation {
        case .delete(let deletion):
            try known(deletion)
            operation = .delete
        case .set(let set):
            try known(set)
            var attributes: [String: [UInt8]?] = [:]
            for attribute in set.attributes {
                try known(attribute)
                let value = attribute.hasValue ? Array(attribute.value) : nil
                guard try attributes.updateValue(value, forKey: identifier(attribute.name)) == nil
                else { throw .malformed }
            }
            operation = .set(attributes)
        case nil: throw .malformed
        }
        return Change(
            object: try identifier(message.object),
            operation: operation,
            knownDeletion: message.hasKnownDeletion ? try read(message.knownDeletion, below: stamp) : nil
        )
    }
}

// MARK: - Stamps

extension RecordCodec {
    private static func wire(_ stamp: Stamp) -> Easysetup_Chain_V1_Stamp {
        .with {
            $0.generation = stamp.generation
            $0.time = stamp.time
            $0.writer = Data(stamp.writer.bytes)
        }
    }

    private static func read(_ message: Easysetup_Chain_V1_Stamp, below limit: Stamp) throws(RecordFault) -> Stamp {
        try known(message)
        guard message.generation >= 1, 1...RecordTime.greatest ~= message.time,
            let writer = DeviceID(bytes: message.writer)
        else { throw .malformed }
        let stamp = Stamp(generation: message.generation, time: message.time, writer: writer)
        guard stamp < limit else { throw .malformed }
        return stamp
    }
}

// MARK: - Snapshots

extension RecordCodec {
    private static func wire(_ piece: SnapshotPiece) throws(ChainError) -> Easysetup_Chain_V1_SnapshotPiece {
        var used: Set<Stamp> = []
        for entry in piece.entries {
            used.formUnion([entry.deletion, entry.knownDeletion, entry.written].compactMap(\.self))
            used.formUnion(entry.attributes.values.map(\.stamp))
            guard entry.attributes.keys.allSatisfy(RecordLimits.isIdentifier) else { throw .identifier }
        }
        let stamps = used.sorted()
        let places = Dictionary(uniqueKeysWithValues: zip(stamps, UInt32(1)...))
        func place(_ stamp: Stamp?) -> UInt32 { stamp.flatMap { places[$0] } ?? 0 }

        var message = Easysetup_Chain_V1_SnapshotPiece()
        message.snapshot = Data(DeviceID(value: piece.snapshot).bytes)
        message.index = piece.index
        message.count = piece.count
        message.floor = piece.floor
        message.stamps = stamps.map(wire)
        message.entries = piece.entries.map { entry in
            .with {
                $0.object = entry.object
                $0.deletion = place(entry.deletion)
                $0.knownDeletion = place(entry.knownDeletion)
                $0.written = place(entry.written)
                $0.attributes = entry.attributes.sorted { $0.key < $1.key }.map { name, attribute in
                    .with {
                        $0.name = name
                        $0.stamp = place(attribute.stamp)
                        if let value = attribute.value { $0.value = Data(value) }
                    }
                }
            }
        }
        return message
    }

    private static func read(
        _ message: Easysetup_Chain_V1_SnapshotPiece,
        below stamp: Stamp
    ) throws(RecordFault) -> SnapshotPiece {
        try known(message)
        guard let snapshot = DeviceID(bytes: message.snapshot), message.index < message.count,
            message.floor <= RecordTime.greatest
        else { throw .malformed }
        var stamps: [Stamp] = []
        for wire in message.stamps {
            let next = try read(wire, below: stamp)
            if let last = stamps.last, last >= next { throw .malformed }
            stamps.append(next)
        }
        var objects: Set<String> = []
        var entries: [SnapshotEntry] = []
        for wire in message.entries {
            let entry = try read(wire, stamps)
            guard objects.insert(entry.object).inserted else { throw .malformed }
            entries.append(entry)
        }
        return SnapshotPiece(
            snapshot: snapshot.value,
            index: message.index,
            count: message.count,
            floor: message.floor,
            entries: entries
        )
    }

    private static func read(
        _ message: Easysetup_Chain_V1_SnapshotEntry,
        _ stamps: [Stamp]
    ) throws(RecordFault) -> SnapshotEntry {
        try known(message)
        /// The stamp at a place, counted from 1; nil at 0.
        func stamp(_ place: UInt32) throws(RecordFault) -> Stamp? {
            guard place > 0 else { return nil }
            guard place <= stamps.count else { throw .malformed }
            return stamps[Int(place) - 1]
        }
        var attributes: [String: SnapshotAttribute] = [:]
        for wire in message.attributes {
            try known(wire)
            guard let written = try stamp(wire.stamp) else { throw .malformed }
            let attribute = SnapshotAttribute(stamp: written, value: wire.hasValue ? Array(wire.value) : nil)
            guard try attributes.updateValue(attribute, forKey: identifier(wire.name)) == nil
            else { throw .malformed }
        }
        return SnapshotEntry(
            object: try identifier(message.object),
            deletion: try stamp(message.deletion),
            knownDeletion: try stamp(message.knownDeletion),
            written: try stamp(message.written),
            attributes: attributes
        )
    }
}
