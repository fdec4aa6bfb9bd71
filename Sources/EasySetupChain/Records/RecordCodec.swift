import EasySetupSeed
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
    /// - Parameters:
    ///   - stamp: the record's stamp, for which what only a device with the seed can write is signed.
    ///   - keys: the keys of the record's collection.
    /// - Throws: ``ChainError/Code/notHeld`` for other contents than changes on a device without the seed,
    ///   ``ChainError/Code/identifier`` for an object's id or an attribute's name that can't be one, and
    ///   ``ChainError/Code/objectTwice`` for two changes of one object.
    package static func bytes(
        previous: UInt64,
        content: RecordContent,
        stamp: Stamp,
        keys: KeyRing
    ) throws(ChainError) -> [UInt8] {
        func signature(_ label: String, _ content: [UInt8]) throws(ChainError) -> Data {
            guard let signature = keys.signature(label, stamp, content) else { throw .notHeld }
            return Data(signature)
        }
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
            let content = try wire(piece, keys.place.collection).plainBytes()
            message.snapshot.signature = try signature(ChainLabel.snapshot, content)
            message.snapshot.content = Data(content)
        case .keyChange(let change):
            message.keyChange.signature = try signature(ChainLabel.keyChange, change.content)
            message.keyChange.content = Data(change.content)
        case .earlierKeys(let earlier):
            var content = unsafe earlier.content.withUnsafeBytes { unsafe Array($0) }
            defer { Sodium.wipe(&content) }
            message.earlierKeys.signature = try signature(ChainLabel.earlierKeys, content)
            message.earlierKeys.content = Data(content)
        }
        defer { message.takeEarlierKeys { $0.resetBytes(in: $0.indices) } }
        return message.plainBytes()
    }

    /// Reads the plaintext of a record.
    /// - Parameters:
    ///   - stamp: the record's stamp. All stamps in the content must be less, and snapshots, key changes and earlier keys must
    ///     be signed for it.
    ///   - place: the record's collection, which these must be signed for, too.
    /// - Throws: ``RecordFault/malformed``, or ``RecordFault/newer`` for what this version does not know.
    package static func content(
        of bytes: [UInt8],
        stamp: Stamp,
        place: RecordPlace
    ) throws(RecordFault) -> (previous: UInt64, content: RecordContent) {
        guard var message = try? Easysetup_Chain_V1_ChainRecord(serializedBytes: bytes) else { throw .malformed }
        let isInOneForm = message.isWritten(as: bytes)
        var secret: [UInt8] = []
        defer { Sodium.wipe(&secret) }
        message.takeEarlierKeys {
            secret = Array($0)
            $0.resetBytes(in: $0.indices)
        }
        guard !message.isNewer else { throw .newer }
        guard isInOneForm, message.previous <= RecordTime.greatest else { throw .malformed }
        let content: RecordContent
        switch message.content {
        case .changes(let changes): content = try .changes(read(changes, below: stamp))
        case .snapshot(let piece): content = try .snapshot(read(piece, below: stamp, place: place))
        case .keyChange(let change):
            let keyChange = try KeyChange(
                content: Array(change.content),
                signature: Array(change.signature),
                stamp: stamp,
                place: place
            )
            content = .keyChange(keyChange)
        case .earlierKeys(let keys):
            let earlierKeys = try EarlierKeys(
                wiping: &secret,
                signature: Array(keys.signature),
                stamp: stamp,
                place: place
            )
            content = .earlierKeys(earlierKeys)
        case nil: throw .malformed
        }
        return (message.previous, content)
    }

    private static func identifier(_ text: String) throws(RecordFault) -> String {
        guard RecordLimits.isIdentifier(text) else { throw .malformed }
        return text
    }

    private static func value(_ data: Data) throws(RecordFault) -> [UInt8] {
        guard data.count <= RecordLimits.valueBytes else { throw .malformed }
        return Array(data)
    }

    private static func checkObjects(_ objects: [String]) throws(ChainError) {
        guard objects.allSatisfy(RecordLimits.isIdentifier) else { throw .identifier }
        guard Set(objects).count == objects.count else { throw .objectTwice }
    }
}

extension Easysetup_Chain_V1_ChainRecord {
    /// Takes the content of earlier keys out of the message, so that there is no other copy of it.
    fileprivate mutating func takeEarlierKeys(_ body: (inout Data) -> Void) {
        guard case .earlierKeys? = content else { return }
        var data = earlierKeys.content
        earlierKeys.content = Data()
        body(&data)
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
            let greatest = attributes.values.lazy.compactMap { $0?.count }.max() ?? 0
            guard greatest <= RecordLimits.valueBytes else {
                throw .recordTooLarge(bytes: greatest, limit: RecordLimits.valueBytes)
            }
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
        let operation: Change.Operation
        switch message.operation {
        case .delete: operation = .delete
        case .set(let set):
            var attributes: [String: [UInt8]?] = [:]
            for attribute in set.attributes {
                let value = attribute.hasValue ? try value(attribute.value) : nil
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
    private static func wire(
        _ piece: SnapshotPiece,
        _ collection: CollectionID
    ) throws(ChainError) -> Easysetup_Chain_V1_SnapshotPiece {
        let writes = piece.entries.flatMap(\.writes)
        guard writes.allSatisfy({ isAttribute($0.attribute) }) else { throw .identifier }
        let used = piece.entries.map(\.deletion) + writes.map(\.stamp) + writes.map(\.knownDeletion)
        let stamps = Set(used.compactMap(\.self)).sorted()
        let places = Dictionary(uniqueKeysWithValues: zip(stamps, UInt32(1)...))
        func place(_ stamp: Stamp?) -> UInt32 { stamp.flatMap { places[$0] } ?? 0 }

        var message = Easysetup_Chain_V1_SnapshotPiece()
        message.collection = Data(collection.bytes)
        message.snapshot = Data(DeviceID(value: piece.snapshot).bytes)
        message.index = piece.index
        message.count = piece.count
        if let floor = piece.floor { message.floor = wire(floor) }
        message.stamps = stamps.map(wire)
        message.entries = piece.entries.map { entry in
            .with {
                $0.object = entry.object
                $0.deletion = place(entry.deletion)
                $0.writes = entry.writes.map { write in
                    .with {
                        $0.attribute = write.attribute
                        $0.stamp = place(write.stamp)
                        $0.knownDeletion = place(write.knownDeletion)
                        if let value = write.value { $0.value = Data(value) }
                    }
                }
            }
        }
        return message
    }

    /// Reads a piece, and checks that a holder of the seed signed it for this collection and this record.
    private static func read(
        _ signed: Easysetup_Chain_V1_SignedPiece,
        below stamp: Stamp,
        place: RecordPlace
    ) throws(RecordFault) -> SnapshotPiece {
        let content = Array(signed.content)
        let isSigned = place.userID.isValid(
            signature: Array(signed.signature),
            for: ChainLabel.signed(ChainLabel.snapshot, stamp, content)
        )
        guard isSigned, let message = try? Easysetup_Chain_V1_SnapshotPiece(serializedBytes: content)
        else { throw .malformed }
        guard !message.isNewer else { throw .newer }
        guard message.isWritten(as: content), Array(message.collection) == place.collection.bytes,
            let snapshot = DeviceID(bytes: message.snapshot), message.index < message.count
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
            floor: message.hasFloor ? try read(message.floor, below: stamp) : nil,
            entries: entries
        )
    }

    private static func read(
        _ message: Easysetup_Chain_V1_SnapshotEntry,
        _ stamps: [Stamp]
    ) throws(RecordFault) -> SnapshotEntry {
        /// The stamp at a place, counted from 1; nil at 0.
        func stamp(_ place: UInt32) throws(RecordFault) -> Stamp? {
            guard place > 0 else { return nil }
            guard place <= stamps.count else { throw .malformed }
            return stamps[Int(place) - 1]
        }
        struct Place: Hashable {
            let attribute: String
            let stamp: UInt32
        }
        var places: Set<Place> = []
        var writes: [SnapshotWrite] = []
        for wire in message.writes {
            guard let written = try stamp(wire.stamp), isAttribute(wire.attribute),
                places.insert(Place(attribute: wire.attribute, stamp: wire.stamp)).inserted
            else { throw .malformed }
            let write = SnapshotWrite(
                attribute: wire.attribute,
                stamp: written,
                knownDeletion: try stamp(wire.knownDeletion),
                value: wire.hasValue ? try value(wire.value) : nil
            )
            writes.append(write)
        }
        return SnapshotEntry(
            object: try identifier(message.object),
            deletion: try stamp(message.deletion),
            writes: writes
        )
    }

    /// Whether a text is an attribute's name, or stands for the object itself.
    private static func isAttribute(_ name: String) -> Bool {
        name.isEmpty || RecordLimits.isIdentifier(name)
    }
}
