import EasySetupSeed
import Foundation
import SeededRandom
import SwiftProtobuf
import Testing

@testable import EasySetupChain

@Suite("Sealed records") struct RecordTests {
    let fixture = Fixture()
    let stamp = Stamp(generation: 1, time: 1_000, writer: DeviceID(value: 0x0102_0304_0506_0708))

    static func stamp(_ time: UInt64, generation: UInt32 = 1) -> Stamp {
        Stamp(generation: generation, time: time, writer: DeviceID(value: 5))
    }

    static let piece = SnapshotPiece(
        snapshot: 77,
        index: 1,
        count: 3,
        floor: stamp(12),
        entries: [
            SnapshotEntry(
                object: "a",
                deletion: stamp(10),
                writes: [
                    SnapshotWrite(attribute: "", stamp: stamp(20), knownDeletion: stamp(10), value: nil),
                    SnapshotWrite(attribute: "x", stamp: stamp(20), knownDeletion: stamp(10), value: [1, 2]),
                    SnapshotWrite(attribute: "x", stamp: stamp(25), knownDeletion: nil, value: []),
                    SnapshotWrite(attribute: "y", stamp: stamp(15), knownDeletion: nil, value: nil),
                ]
            ),
            SnapshotEntry(object: "b", deletion: stamp(30), writes: []),
        ]
    )

    static let contents: [RecordContent] = [
        .changes([
            Change(object: "a", operation: .set(["x": [1], "gone": nil, "empty": []]), knownDeletion: stamp(10)),
            Change(object: "b", operation: .delete, knownDeletion: nil),
            Change(object: "c", operation: .set([:]), knownDeletion: nil),
        ]),
        .snapshot(piece),
        .snapshot(SnapshotPiece(snapshot: .max, index: 0, count: 1, floor: nil, entries: [])),
    ]

    @Test("A record's content is read as it was written", arguments: contents) func content(_ content: RecordContent)
        throws
    {
        let bytes = try bytes(content, previous: 999)
        let read = try RecordCodec.content(of: bytes, stamp: stamp, place: fixture.place)
        #expect(read.previous == 999)
        #expect(read.content == content)
        // The same content has the same bytes, whatever order a dictionary has.
        #expect(try self.bytes(read.content, previous: 999) == bytes)
    }

    private func bytes(_ content: RecordContent, previous: UInt64 = 1) throws -> [UInt8] {
        try RecordCodec.bytes(previous: previous, content: content, stamp: stamp, keys: fixture.ring)
    }

    private func fault(_ message: Easysetup_Chain_V1_ChainRecord) throws -> RecordFault? {
        fault(try message.serializedBytes())
    }

    private func fault(_ bytes: [UInt8], stamp other: Stamp? = nil) -> RecordFault? {
        #expect(throws: RecordFault.self) {
            try RecordCodec.content(of: bytes, stamp: other ?? stamp, place: fixture.place)
        }
    }

    @Test("A content that breaks a rule is malformed") func malformed() throws {
        let base = try Easysetup_Chain_V1_ChainRecord(
            serializedBytes: bytes(Self.contents[0])
        )
        typealias Edit = (inout Easysetup_Chain_V1_ChainRecord) -> Void
        typealias SnapshotEdit = (inout Easysetup_Chain_V1_SnapshotPiece) -> Void
        let edits: [Edit] = [
            { $0.previous = 10_000_000_000_000 },
            { $0.content = nil },
            { $0.changes.changes = [] },
            { $0.changes.changes[0].object = "" },
            { $0.changes.changes[0].object = String(repeating: "a", count: 201) },
            { $0.changes.changes[0].object = "e\u{301}" },
            { $0.changes.changes[0].object = "b" },
            { $0.changes.changes[0].operation = nil },
            { $0.changes.changes[0].set.attributes[1].name = $0.changes.changes[0].set.attributes[0].name },
            { $0.changes.changes[0].set.attributes[0].name = "" },
            { $0.changes.changes[0].knownDeletion.time = 0 },
            { $0.changes.changes[0].knownDeletion.generation = 0 },
            { $0.changes.changes[0].knownDeletion.writer.removeLast() },
            { $0.changes.changes[0].knownDeletion.time = 1_001 },
            { $0.changes.changes[0].knownDeletion.generation = 2 },
            { $0.keyChange = .init() },
        ]
        let snapshotEdits: [SnapshotEdit] = [
            { $0.snapshot.removeLast() }, { $0.collection[0] ^= 1 }, { $0.index = 3 }, { $0.floor.time = 1_001 },
            { $0.floor.writer.removeLast() }, { $0.stamps[0] = $0.stamps[1] }, { $0.stamps.reverse() },
            { $0.stamps[4].time = 1_001 }, { $0.entries[0].deletion = 6 }, { $0.entries[0].writes[0].stamp = 0 },
            { $0.entries[0].writes[0].stamp = .max }, { $0.entries[0].writes[0].knownDeletion = 6 },
            { $0.entries[0].writes.append($0.entries[0].writes[0]) },
            { $0.entries[0].writes[0].attribute = "e\u{301}" }, { $0.entries[0].object = "b" },
            { $0.entries[0].object = "" },
        ]
        for (index, edit) in edits.enumerated() {
            var message = base
            edit(&message)
            #expect(try fault(message) == .malformed, "edit \(index)")
        }
        for (index, edit) in snapshotEdits.enumerated() {
            #expect(try fault(signed(edit)) == .malformed, "edit of the snapshot \(index)")
        }
        #expect(fault([0xFF]) == .malformed)
    }

    @Test("A content that is written in another form than the one is malformed") func otherForms() throws {
        // `previous` 9, and a change of the object "a" that deletes it.
        let previous: [UInt8] = [0x08, 9]
        let change: [UInt8] = [0x0A, 1, 0x61, 0x1A, 0]
        func changes(_ change: [UInt8]) -> [UInt8] { [0x12] + lv([0x0A] + lv(change)) }
        let whole = previous + changes(change)
        #expect(throws: Never.self) { try RecordCodec.content(of: whole, stamp: stamp, place: fixture.place) }
        let known: [UInt8] = [0x22] + lv([0x08, 1, 0x10, 2, 0x1A] + lv(stamp.writer.bytes))
        #expect(throws: Never.self) {
            try RecordCodec.content(of: changes(change + known), stamp: stamp, place: fixture.place)
        }
        let forms: [String: [UInt8]] = [
            "fields in another order": changes(change) + previous,
            "a field twice": previous + whole,
            "a default that is written": [0x08, 0] + changes(change),
            "a number in more bytes than it needs": [0x08, 0x89, 0] + changes(change),
            "a length in more bytes than it needs": previous + [0x12, 0x87, 0] + changes(change).dropFirst(2),
            "a field's number in more bytes than it needs": [0x88, 0] + [9] + changes(change),
            "a list in two": previous + changes(change) + changes([0x0A, 1, 0x62, 0x1A, 0]),
            "two cases of one choice": changes([0x0A, 1, 0x61, 0x12, 0, 0x1A, 0]),
            "a message in two": changes(
                change + [0x22, 2, 0x08, 1] + [0x22] + lv([0x10, 2, 0x1A] + lv(stamp.writer.bytes))
            ),
            "a number of 32 bits with more": changes(
                change + [0x22] + lv([0x08, 0x81, 0x80, 0x80, 0x80, 0x10, 0x10, 2, 0x1A] + lv(stamp.writer.bytes))
            ),
        ]
        for (about, form) in forms { #expect(fault(form) == .malformed, "\(about)") }
        // A field with another type on the wire is one that this version does not know.
        #expect(fault([0x0D, 9, 0, 0, 0] + changes(change)) == .newer)
    }

    @Test("A signed content that is written in another form than the one is malformed") func otherSignedForms() throws {
        let message = try signed { _ in }
        let content = Array(message.snapshot.content)
        func record(_ label: String, _ field: UInt8, _ content: [UInt8]) throws -> [UInt8] {
            let signature = try #require(fixture.ring.signature(label, stamp, content))
            return [field << 3 | 2] + lv([0x0A] + lv(content) + [0x12] + lv(signature))
        }
        let change = try KeyChange(
            of: fixture.name,
            generation: 2,
            devices: [:],
            seed: fixture.seed,
            entropy: fixture.entropy
        )
        for (label, field, content) in [
            (ChainLabel.snapshot, 3, content), (ChainLabel.keyChange, 4, change.content),
        ] as [(String, UInt8, [UInt8])] {
            #expect(throws: Never.self) {
                try RecordCodec.content(of: record(label, field, content), stamp: stamp, place: fixture.place)
            }
            // The collection, which is the first field, twice, and behind the others.
            let (first, rest) = (Array(content.prefix(14)), Array(content.dropFirst(14)))
            #expect(try fault(record(label, field, first + content)) == .malformed)
            #expect(try fault(record(label, field, rest + first)) == .malformed)
        }
        // Unknown fields of a key change are ignored, but stand behind the others.
        let unknown: [UInt8] = [0xF8, 0x7F, 1]
        #expect(throws: Never.self) {
            try RecordCodec.content(
                of: record(ChainLabel.keyChange, 4, change.content + unknown),
                stamp: stamp,
                place: fixture.place
            )
        }
        #expect(try fault(record(ChainLabel.keyChange, 4, unknown + change.content)) == .malformed)
    }

    @Test(
        "What only a device with the seed writes counts in its record alone, and in none that another one makes of it"
    )
    func wrappedAgain() throws {
        let change = try KeyChange(
            of: fixture.name,
            generation: 2,
            devices: [:],
            seed: fixture.seed,
            entropy: fixture.entropy
        )
        let earlier = EarlierKeys(of: fixture.name, generation: 3, earlier: [1], seed: fixture.seed)
        let contents: [(RecordContent, UInt32)] = [
            (.snapshot(Self.piece), 1), (.keyChange(change), 1), (.earlierKeys(earlier), 3),
        ]
        for (content, generation) in contents {
            let own = Stamp(generation: generation, time: 1_000, writer: stamp.writer)
            let bytes = try RecordCodec.bytes(previous: 1, content: content, stamp: own, keys: fixture.ring)
            let read = try RecordCodec.content(of: bytes, stamp: own, place: fixture.place)
            #expect(read.content == content)
            let others = [
                Stamp(generation: generation, time: 1_001, writer: stamp.writer),
                Stamp(generation: generation, time: 999, writer: stamp.writer),
                Stamp(generation: generation, time: 1_000, writer: DeviceID(value: 9)),
                Stamp(generation: generation + 1, time: 1_000, writer: stamp.writer),
            ]
            for other in others { #expect(fault(bytes, stamp: other) == .malformed, "\(content) at \(other)") }
            // A device without the seed has the key of the collection, and seals what it has read under a name of its own.
            let member = try #require(
                KeyRing(name: fixture.name, membership: fixture.member(9, generations: [fixture.name: [generation]]))
            )
            let sealed = RecordSeal.seal(
                bytes,
                stamp: others[0],
                place: fixture.place,
                key: member.currentKey,
                nonce: fixture.entropy.publicBytes(24)
            )
            let names = ObjectName.names(of: sealed, time: 1_001, writer: stamp.writer, in: fixture.place)
            var assembler = RecordAssembler(keys: fixture.ring)
            #expect(assembler.add(entries(names)).isEmpty)
            #expect(assembler.remaining.map(\.reason) == [.fault(.malformed)])
        }
    }

    @Test("An attribute that is removed twice is malformed, too") func removedTwice() throws {
        let message = Easysetup_Chain_V1_ChainRecord.with {
            $0.changes.changes = [
                .with {
                    $0.object = "a"
                    $0.set.attributes = [.with { $0.name = "x" }, .with { $0.name = "x" }]
                }
            ]
        }
        #expect(try fault(message) == .malformed)
    }

    @Test("A field that this version does not know makes a record newer, at any depth") func newer() throws {
        let unknown = try Easysetup_Chain_V1_Deletion(serializedBytes: [0xF8, 0x7F, 1]).unknownFields
        let base = try Easysetup_Chain_V1_ChainRecord(
            serializedBytes: bytes(Self.contents[0])
        )
        typealias Edit = (inout Easysetup_Chain_V1_ChainRecord) -> Void
        typealias SnapshotEdit = (inout Easysetup_Chain_V1_SnapshotPiece) -> Void
        let edits: [Edit] = [
            { $0.unknownFields = unknown }, { $0.changes.unknownFields = unknown },
            { $0.changes.changes[0].unknownFields = unknown }, { $0.changes.changes[0].set.unknownFields = unknown },
            { $0.changes.changes[0].set.attributes[0].unknownFields = unknown },
            { $0.changes.changes[0].knownDeletion.unknownFields = unknown },
            { $0.changes.changes[1].delete.unknownFields = unknown },
        ]
        let snapshotEdits: [SnapshotEdit] = [
            { $0.unknownFields = unknown }, { $0.stamps[0].unknownFields = unknown },
            { $0.floor.unknownFields = unknown }, { $0.entries[0].unknownFields = unknown },
            { $0.entries[0].writes[0].unknownFields = unknown },
        ]
        for (index, edit) in edits.enumerated() {
            var message = base
            edit(&message)
            #expect(try fault(message) == .newer, "edit \(index)")
        }
        for (index, edit) in snapshotEdits.enumerated() {
            #expect(try fault(signed(edit)) == .newer, "edit of the snapshot \(index)")
        }
        var outside = try signed { _ in }
        outside.snapshot.unknownFields = unknown
        #expect(try fault(outside) == .newer)
    }

    @Test("A piece of a snapshot counts only with the signature of the seed, which a member can't make")
    func signature() throws {
        var message = try signed { _ in }
        message.snapshot.signature[0] ^= 1
        #expect(try fault(message) == .malformed)
        message.snapshot.signature = .init(try fixture.seed.signature(for: Array(message.snapshot.content)))
        #expect(try fault(message) == .malformed)
        message = try signed { _ in }
        let content = Array(message.snapshot.content)
        message.snapshot.signature = .init(
            fixture.seed.chainSignature(for: ChainLabel.signed(ChainLabel.snapshot, content))
        )
        #expect(try fault(message) == .malformed)
        let member = try #require(KeyRing(name: fixture.name, membership: fixture.member(9)))
        #expect(throws: ChainError.notHeld) { try fixture.names(.snapshot(Self.piece), ring: member) }
    }

    /// A record with a piece that was changed before it was signed.
    private func signed(
        _ edit: (inout Easysetup_Chain_V1_SnapshotPiece) -> Void
    ) throws -> Easysetup_Chain_V1_ChainRecord {
        var message = try Easysetup_Chain_V1_ChainRecord(
            serializedBytes: bytes(.snapshot(Self.piece))
        )
        var piece = try Easysetup_Chain_V1_SnapshotPiece(serializedBytes: message.snapshot.content)
        edit(&piece)
        message.snapshot.content = try piece.serializedBytes()
        let signature = fixture.ring.signature(ChainLabel.snapshot, stamp, Array(message.snapshot.content))
        message.snapshot.signature = .init(try #require(signature))
        return message
    }

    @Test("A write with a bad id, with an object twice or with too many bytes is refused before it is sealed")
    func refused() throws {
        func code(_ content: RecordContent) -> ChainError? {
            #expect(throws: ChainError.self) { try fixture.names(content) }
        }
        func set(_ object: String, _ attributes: [String: [UInt8]?]) -> Change {
            Change(object: object, operation: .set(attributes), knownDeletion: nil)
        }
        #expect(code(.changes([set("", [:])]))?.code == .identifier)
        #expect(code(.changes([set("e\u{301}", [:])]))?.code == .identifier)
        #expect(code(.changes([set("a", ["": [1]])]))?.code == .identifier)
        #expect(code(.changes([set("a", [:]), set("a", [:])]))?.code == .objectTwice)
        let value = [UInt8](repeating: 0, count: RecordLimits.valueBytes)
        #expect(code(.changes([set("a", ["x": value + [0]])]))?.kind == .recordTooLarge(bytes: 41_001, limit: 41_000))
        // So many bytes are around the two values.
        let most = RecordLimits.plaintextBytes - value.count - 35
        #expect(
            try fixture.names(.changes([set("a", ["x": value, "y": [UInt8](repeating: 0, count: most)])])).count == 64
        )
        let error = code(.changes([set("a", ["x": value, "y": [UInt8](repeating: 0, count: most + 1)])]))
        #expect(error?.kind == .recordTooLarge(bytes: 42_277, limit: 42_276))
        #expect(error?.description == "This write has 42277 bytes, and a write may have 42276.")
        for time in [0, RecordTime.greatest + 1] {
            let error = #expect(throws: ChainError.self) { try fixture.names(time: time) }
            #expect(error?.code == .time)
        }
    }

    @Test("The greatest value fits into a piece of a snapshot, and a greater one is refused by a reader")
    func values() throws {
        let text = String(repeating: "a", count: RecordLimits.identifierBytes.upperBound)
        func stamp(_ time: UInt64) -> Stamp { Stamp(generation: .max, time: time, writer: DeviceID(value: .max)) }
        let times = (1...4).map { RecordTime.greatest - 5 + $0 }
        let write = SnapshotWrite(
            attribute: text,
            stamp: stamp(times[3]),
            knownDeletion: stamp(times[2]),
            value: [UInt8](repeating: 1, count: RecordLimits.valueBytes)
        )
        let piece = SnapshotPiece(
            snapshot: .max,
            index: .max - 1,
            count: .max,
            floor: stamp(times[0]),
            entries: [SnapshotEntry(object: text, deletion: stamp(times[1]), writes: [write])]
        )
        #expect(try fixture.names(.snapshot(piece), time: RecordTime.greatest).count == 64)
        for (count, isRead) in [(RecordLimits.valueBytes, true), (RecordLimits.valueBytes + 1, false)] {
            let message = Easysetup_Chain_V1_ChainRecord.with { record in
                record.changes.changes = [
                    .with { change in
                        change.object = "a"
                        change.set.attributes = [
                            .with {
                                $0.name = "b"
                                $0.value = Data(repeating: 1, count: count)
                            }
                        ]
                    }
                ]
            }
            let bytes: [UInt8] = try message.serializedBytes()
            let read = try? RecordCodec.content(of: bytes, stamp: self.stamp, place: fixture.ring.place)
            #expect((read != nil) == isRead)
        }
    }

    @Test("A seal opens only at its place, under its name and with its key") func binding() throws {
        let plaintext: [UInt8] = [1, 2, 3]
        let ring = fixture.ring
        let sealed = RecordSeal.seal(
            plaintext,
            stamp: stamp,
            place: ring.place,
            key: ring.currentKey,
            nonce: fixture.entropy.publicBytes(24)
        )
        #expect(sealed.count == plaintext.count + RecordSeal.overhead)
        func named(_ time: UInt64, _ writer: DeviceID, parts: Int = 1) -> RecordName {
            RecordName(time: time, writer: writer, id: PartDigest(of: []), parts: parts)
        }
        let name = named(1_000, stamp.writer)
        func open(
            _ sealed: [UInt8],
            _ name: RecordName,
            _ place: RecordPlace? = nil,
            _ key: CollectionKey? = nil
        ) -> [UInt8]? {
            try? RecordSeal.open(sealed, name: name, place: place ?? ring.place, key: key ?? ring.currentKey)
        }
        #expect(open(sealed, name) == plaintext)
        let elsewhere = RecordPlace(
            userID: ring.place.userID,
            collection: CollectionID(of: .devices, seed: fixture.seed)
        )
        let stranger = RecordPlace(userID: SyncSeed.random().userID, collection: ring.place.collection)
        #expect(open(sealed, name, elsewhere) == nil)
        #expect(open(sealed, name, stranger) == nil)
        #expect(open(sealed, named(1_001, stamp.writer)) == nil)
        #expect(open(sealed, named(1_000, DeviceID(value: 0))) == nil)
        #expect(open(sealed, named(1_000, stamp.writer, parts: 2)) == nil)
        #expect(open(sealed, name, nil, ring.key(of: 2)) == nil)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(open(changed, name) == nil, "byte \(index)")
        }
        for count in 0..<sealed.count { #expect(open(Array(sealed.prefix(count)), name) == nil) }
    }

    @Test("Two records of one content differ, because each has a nonce of its own") func nonces() throws {
        #expect(try fixture.names() != fixture.names())
    }
}
