import EasySetupChain
import EasySetupSeed

/// Makes the vectors of a chain's names, keys, records, certificates and key changes (`Protocol/chain.md`).
func chainVectors() throws -> [VectorFile] {
    [VectorFile(name: "chain-records.json", content: try ChainInputs().vectors())]
}

/// The fixed inputs of all vectors of a chain.
private struct ChainInputs {
    let seed: SyncSeed
    let name: CollectionName
    let writer = DeviceID(value: 0x00FB_FF10_2030_4050)
    let time: UInt64 = 1_764_446_400_000
    let stays: DeviceKeys

    init() throws {
        let bytes = seeds[0]
        seed = try SyncSeed(bytes: SecretBytes(copying: bytes.span.bytes))
        name = try CollectionName("notes")
        stays = try Self.device(0x40)
    }

    private static func device(_ byte: UInt8) throws -> DeviceKeys {
        let secret = [UInt8](repeating: byte, count: 32)
        guard let keys = DeviceKeys(secret: SecretBytes(copying: secret.span.bytes)) else { fatalError("32 bytes") }
        return keys
    }

    var keys: KeyRing { KeyRing(name: name, seed: seed) }
    var place: RecordPlace { keys.place }

    func vectors() throws -> JSON {
        let records = try self.records()
        return .object([
            ("kind", "chain-records"),
            (
                "about",
                "chain.md: collections, names, sealed records, certificates, key changes, memberships and requests"
            ),
            ("seed", .hex(seeds[0])),
            ("user_id", .string(seed.userID.nameText)),
            ("collections", .array(try collections())),
            (
                "refused_collections",
                .array(["", "A", "a b", "a/b", "easysetup/devices", "ä", .string(String(repeating: "z", count: 65))])
            ),
            ("records", .array(try records.map(json))),
            ("listings", .array(listings())),
            ("refused_names", .array(try refusedNames(records[0].names[0], records[3].names))),
            ("refused_records", .array(try refusedRecords(records))),
            ("device", device()),
            ("certificate", try certificate()),
            ("key_change", try keyChange()),
            ("earlier_keys", earlierKeys()),
            ("membership", try membership()),
            ("request", try request()),
        ])
    }

    private func collections() throws -> [JSON] {
        try [
            name, CollectionName("a"), CollectionName(String(repeating: "z", count: 64)), .collections, .devices,
            .requests,
        ]
        .map { name in
            let id = CollectionID(of: name, seed: seed)
            let keys = [1, 2, 4_294_967_295].map { (generation: UInt32) -> JSON in
                let key = CollectionKey(of: name, generation: generation, seed: seed)
                return .object([
                    ("generation", .integer(Int(generation))),
                    ("key", .hex(key.withBytes { array(SecretBytes(copying: $0)) })),
                ])
            }
            return .object([
                ("name", .string(name.text)), ("id", .hex(id.bytes)), ("id_text", .string(id.text)),
                ("keys", .array(keys)),
            ])
        }
    }
}

// MARK: - Records

extension ChainInputs {
    private struct Sealed {
        let about: String
        let stamp: Stamp
        let plaintext: [UInt8]
        let nonce: [UInt8]
        let sealed: [UInt8]
        let names: [String]
    }

    private func sealed(_ about: String, _ plaintext: [UInt8], generation: UInt32 = 1, time: UInt64? = nil) throws
        -> Sealed
    {
        let stamp = Stamp(generation: generation, time: time ?? self.time, writer: writer)
        let nonce = (0..<24).map { UInt8($0 &* 7 &+ UInt8(truncatingIfNeeded: plaintext.count)) }
        let key = CollectionKey(of: name, generation: generation, seed: seed)
        let sealed = RecordSeal.seal(plaintext, stamp: stamp, place: place, key: key, nonce: nonce)
        let names = ObjectName.names(of: sealed, time: stamp.time, writer: writer, in: place)
        return Sealed(about: about, stamp: stamp, plaintext: plaintext, nonce: nonce, sealed: sealed, names: names)
    }

    private func set(_ object: String, _ attributes: [String: [UInt8]?], known: Stamp? = nil) -> Change {
        Change(object: object, operation: .set(attributes), knownDeletion: known)
    }

    private func plaintext(_ content: RecordContent, previous: UInt64 = 0, generation: UInt32 = 1) throws -> [UInt8] {
        let stamp = Stamp(generation: generation, time: time, writer: writer)
        return try RecordCodec.bytes(previous: previous, content: content, stamp: stamp, keys: keys)
    }

    private func records() throws -> [Sealed] {
        let deletion = Stamp(generation: 1, time: time - 5, writer: DeviceID(value: 1))
        let piece = SnapshotPiece(
            snapshot: 0x0102_0304_0506_0708,
            index: 1,
            count: 2,
            floor: Stamp(generation: 1, time: time - 100, writer: DeviceID(value: .max)),
            entries: [
                SnapshotEntry(
                    object: "a",
                    deletion: deletion,
                    writes: [
                        SnapshotWrite(attribute: "", stamp: stamp(time - 3), knownDeletion: deletion, value: nil),
                        SnapshotWrite(attribute: "title", stamp: stamp(time - 3), knownDeletion: deletion, value: [65]),
                    ]
                ),
                SnapshotEntry(object: "b", deletion: deletion, writes: []),
            ]
        )
        /// A value of this number of bytes.
        func value(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0) } }
        let around = try plaintext(.changes([set("o", ["v": value(600)])])).count - 600
        return [
            try sealed(
                "one change with a value, an empty value and a removal; with a previous record",
                plaintext(
                    .changes([set("a", ["title": Array("Ü".utf8), "empty": [], "gone": nil])]),
                    previous: time - 1_000
                )
            ),
            try sealed(
                "two changes, of which one knew of a deletion; under generation 2",
                plaintext(
                    .changes([
                        set("a", ["title": [1]], known: deletion),
                        Change(object: "b", operation: .delete, knownDeletion: nil),
                    ])
                ),
                generation: 2
            ),
            try sealed("the most that one part carries", plaintext(.changes([set("o", ["v": value(645 - around)])]))),
            try sealed("one byte more, in two parts", plaintext(.changes([set("o", ["v": value(646 - around)])]))),
            try sealed("four parts", plaintext(.changes([set("o", ["v": value(2_400)])]))),
            try sealed("a piece of a snapshot", plaintext(.snapshot(piece))),
            try sealed("a key change", plaintext(.keyChange(madeKeyChange()))),
            try sealed(
                "earlier keys",
                plaintext(.earlierKeys(madeEarlierKeys), generation: madeEarlierKeys.generation),
                generation: madeEarlierKeys.generation
            ),
            try sealed("the earliest time", plaintext(.changes([set("o", [:])])), time: 1),
            try sealed("the latest time", plaintext(.changes([set("o", [:])])), time: RecordTime.greatest),
        ]
    }

    private func stamp(_ time: UInt64) -> Stamp { Stamp(generation: 1, time: time, writer: writer) }

    private func json(_ record: Sealed) throws -> JSON {
        .object([
            ("about", .string(record.about)),
            ("generation", .integer(Int(record.stamp.generation))),
            ("time", .integer(Int(record.stamp.time))),
            ("writer", .hex(record.stamp.writer.bytes)),
            ("plaintext", .hex(record.plaintext)),
            ("nonce", .hex(record.nonce)),
            (
                "associated_data",
                .hex(RecordSeal.associatedData(stamp: record.stamp, parts: record.names.count, place: place))
            ),
            ("sealed", .hex(record.sealed)),
            ("names", .array(record.names.map { .string($0) })),
        ])
    }

    private func listings() -> [JSON] {
        [1, 1_000, time, RecordTime.greatest].map { (time: UInt64) in
            .object([("time", .integer(Int(time))), ("after", place.listing(from: time).map { .string($0) } ?? .null)])
        }
    }

    /// Names that a listing might show, and why none of them is a record's part.
    private func refusedNames(_ one: String, _ two: [String]) throws -> [JSON] {
        let start = place.prefix.utf8.count
        func put(_ text: String, at offset: Int, of name: String, over count: Int? = nil) -> String {
            var bytes = Array(name.utf8)
            let from = start + offset
            bytes.replaceSubrange(from..<from + (count ?? text.utf8.count), with: Array(text.utf8))
            return String(decoding: bytes, as: UTF8.self)
        }
        let other = RecordPlace(userID: seed.userID, collection: CollectionID(of: .devices, seed: seed)).prefix
        let cases: [(String, String, String)] = [
            ("nothing", "", "foreign"),
            ("another version", "2" + one.dropFirst(), "foreign"),
            ("another collection", other + one.dropFirst(start), "foreign"),
            ("the prefix alone", place.prefix, "layout"),
            ("no data", String(one.prefix(start + 38)), "layout"),
            ("no data behind the slash", String(one.prefix(start + 39)), "layout"),
            ("a time of 14 digits", put("0", at: 0, of: one, over: 0), "layout"),
            ("a time of 12 digits", put("", at: 0, of: one, over: 1), "layout"),
            ("an underscore behind the time", put("_", at: 13, of: one), "layout"),
            ("no slash behind the writer", put("-", at: 25, of: one), "layout"),
            ("a letter in the time", put("a", at: 3, of: one), "time"),
            ("a sign in the time", put("+", at: 0, of: one), "time"),
            ("the time 0", put("0000000000000", at: 0, of: one), "time"),
            ("a writer with an unused bit", put("R", at: 24, of: one), "writer"),
            ("a writer in standard base64", put("+", at: 15, of: one), "writer"),
            ("a checksum with an unused bit", put("B", at: 31, of: one), "checksum"),
            ("a checksum with a dot", put(".", at: 26, of: one), "checksum"),
            ("part 1 of 1", put("01", at: 33, of: one), "part"),
            ("part 0 of 0", put("00", at: 36, of: one), "part"),
            ("part 0 of 65", put("65", at: 36, of: one), "part"),
            ("a part with a letter", put("0x", at: 33, of: one), "part"),
            ("a short part that is not the last", put("02", at: 36, of: one), "length"),
            ("a full part without its last symbol", String(two[0].dropLast()), "length"),
            ("a slash at the end", one + "/", "length"),
            ("a slash at the beginning of the data", put("/", at: 39, of: one, over: 0), "length"),
            ("a slash within a segment", put("/", at: 60, of: one), "length"),
            ("a segment of 251 symbols", put("A", at: 39 + 250, of: two[0]), "length"),
            ("padding", one + "=", "character"),
            ("percent-encoding", put("%2D", at: 60, of: one), "character"),
            ("a name of 1,025 bytes", two[0] + "A", "too-long"),
        ]
        return cases.map { about, name, error in
            .object([("about", .string(about)), ("name", .string(name)), ("error", .string(error))])
        }
    }
}

// MARK: - Bad records

/// A field of a protocol buffer.
private func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { [number << 3 | 2] + lv(content) }
private func field(_ number: UInt8, _ value: UInt64) -> [UInt8] {
    [number << 3] + (value == 0 ? [0] : lengthPrefix(Int(value)))
}
private func text(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

extension ChainInputs {
    private func refusedRecords(_ records: [Sealed]) throws -> [JSON] {
        var cases: [(String, [String], String)] = []
        let (one, two) = (records[0], records[3])
        cases.append(("the second part alone", [two.names[1]], "incomplete"))
        cases.append(("the first part alone", [two.names[0]], "incomplete"))
        /// The names of a sealed record under another time or writer.
        func names(_ sealed: [UInt8], time: UInt64? = nil, writer: DeviceID? = nil) -> [String] {
            ObjectName.names(of: sealed, time: time ?? self.time, writer: writer ?? self.writer, in: place)
        }
        let last = one.names[0].last == "A" ? "B" : "A"
        cases.append(
            ("another symbol of the data", [one.names[0].dropLast(9) + last + one.names[0].suffix(8)], "checksum")
        )
        let moved = ObjectName.names(of: two.sealed.reversed(), time: time, writer: writer, in: place)
        // The data of a name begin behind 102 characters.
        let mixed = String(two.names[1].prefix(102)) + moved[1].dropFirst(102)
        cases.append(("a part of another record", [two.names[0], mixed], "checksum"))
        cases.append(("43 bytes", names([UInt8](repeating: 1, count: 43)), "checksum"))
        cases.append(("generation 0", names([0, 0, 0, 0] + one.sealed.dropFirst(4)), "checksum"))
        cases.append(("another time", names(one.sealed, time: time + 1), "seal"))
        cases.append(("another writer", names(one.sealed, writer: DeviceID(value: 1)), "seal"))
        cases.append(("another generation", names([0, 0, 0, 2] + one.sealed.dropFirst(4)), "seal"))
        for (about, index) in [("nonce", 5), ("ciphertext", 30), ("tag", one.sealed.count - 1)] {
            var changed = one.sealed
            changed[index] ^= 1
            cases.append(("another bit of the \(about)", names(changed), "seal"))
        }
        let devices = KeyRing(name: .devices, seed: seed)
        let elsewhere = RecordSeal.seal(
            one.plaintext,
            stamp: one.stamp,
            place: devices.place,
            key: keys.currentKey,
            nonce: one.nonce
        )
        cases.append(("sealed for another collection", names(elsewhere), "seal"))
        cases.append(("under another collection's key", try resealed(one, devices.currentKey), "seal"))
        for (about, plaintext, error) in try plaintexts() {
            cases.append((about, try sealed(about, plaintext).names, error))
        }
        return cases.map { about, names, error in
            .object([
                ("about", .string(about)), ("names", .array(names.map { .string($0) })), ("error", .string(error)),
            ])
        }
    }

    private func resealed(_ record: Sealed, _ key: CollectionKey) throws -> [String] {
        let sealed = RecordSeal.seal(record.plaintext, stamp: record.stamp, place: place, key: key, nonce: record.nonce)
        return ObjectName.names(of: sealed, time: time, writer: writer, in: place)
    }

    /// Plaintexts that break a rule, or are those of a later version.
    private func plaintexts() throws -> [(String, [UInt8], String)] {
        let deleted = text(1, "a") + field(3, [])
        func record(_ change: [UInt8]) -> [UInt8] { field(2, field(1, change)) }
        func stamp(_ generation: UInt64, _ time: UInt64, _ writer: Int = 8) -> [UInt8] {
            (generation == 0 ? [] : field(1, generation)) + (time == 0 ? [] : field(2, time))
                + field(3, [UInt8](repeating: 1, count: writer))
        }
        func set(_ attributes: [UInt8]...) -> [UInt8] { text(1, "a") + field(2, attributes.flatMap { field(1, $0) }) }
        let unknown = field(15, 1)
        let change = record(deleted)
        let piece = try plaintext(.snapshot(SnapshotPiece(snapshot: 1, index: 0, count: 1, floor: nil, entries: [])))
        var unsigned = piece
        unsigned[piece.count - 1] ^= 1
        let foreign = KeyRing(name: .devices, seed: seed)
        let other = try RecordCodec.bytes(
            previous: 0,
            content: .snapshot(SnapshotPiece(snapshot: 1, index: 0, count: 1, floor: nil, entries: [])),
            stamp: self.stamp(time),
            keys: foreign
        )
        let known = field(4, stamp(1, 5))
        return [
            ("an empty plaintext", [], "malformed"),
            ("no protocol buffer", [0xFF], "malformed"),
            ("no content", field(1, 5), "malformed"),
            ("no change", field(2, []), "malformed"),
            ("a change without an operation", record(text(1, "a")), "malformed"),
            ("an object without an id", record(field(3, [])), "malformed"),
            ("an id of 201 bytes", record(text(1, String(repeating: "a", count: 201)) + field(3, [])), "malformed"),
            ("an id that is not NFC", record(text(1, "e\u{301}") + field(3, [])), "malformed"),
            ("an id that is not UTF-8", record(field(1, [0xC3]) + field(3, [])), "malformed"),
            ("an object twice", field(2, field(1, deleted) + field(1, deleted)), "malformed"),
            ("an attribute twice", record(set(text(1, "x"), text(1, "x") + field(2, [1]))), "malformed"),
            ("an attribute without a name", record(set(field(2, [1]))), "malformed"),
            ("a known deletion of generation 0", record(deleted + field(4, stamp(0, 5))), "malformed"),
            ("a known deletion of time 0", record(deleted + field(4, stamp(1, 0))), "malformed"),
            ("a known deletion later than the record", record(deleted + field(4, stamp(1, time + 1))), "malformed"),
            ("a known deletion of a later generation", record(deleted + field(4, stamp(2, 5))), "malformed"),
            ("a stamp with a writer of 7 bytes", record(deleted + field(4, stamp(1, 5, 7))), "malformed"),
            ("a previous time of 14 digits", field(1, 10_000_000_000_000) + change, "malformed"),
            ("a piece with a wrong signature", unsigned, "malformed"),
            ("a piece of another collection", other, "malformed"),
            ("a key change without anything", field(4, []), "malformed"),
            ("fields in another order", change + field(1, 5), "malformed"),
            ("a field twice", field(1, 5) + field(1, 5) + change, "malformed"),
            ("a default that is written", field(1, 0) + change, "malformed"),
            ("a number in more bytes than it needs", [0x08, 0x85, 0] + change, "malformed"),
            ("two operations of one change", record(text(1, "a") + field(2, []) + field(3, [])), "malformed"),
            ("a list in two", change + record(text(1, "b") + field(3, [])), "malformed"),
            ("a known deletion in two", record(deleted + field(4, field(1, 1)) + known), "malformed"),
            ("an unknown field of the record", change + unknown, "newer"),
            ("an unknown field before the others, and a rule that is broken", unknown + field(2, []), "newer"),
            ("a known field of another type", [0x0D, 1, 0, 0, 0] + change, "newer"),
            ("an unknown field of the changes", field(2, field(1, deleted) + unknown), "newer"),
            ("an unknown field of a change", record(deleted + unknown), "newer"),
            ("an unknown field of an attribute", record(set(text(1, "x") + unknown)), "newer"),
            ("an unknown field of a stamp", record(deleted + field(4, stamp(1, 5) + unknown)), "newer"),
            (
                "an unknown field beside a signed piece",
                field(3, Array(piece.dropFirst(piece[1] < 128 ? 2 : 3)) + unknown), "newer"
            ),
        ]
    }
}

// MARK: - Devices without the seed

extension ChainInputs {
    private func device() -> JSON {
        .object([
            ("secret", .hex([UInt8](repeating: 0x40, count: 32))),
            ("signing_key", .hex(stays.signingKey)),
            ("box_key", .hex(stays.boxKey)),
        ])
    }

    private func refused(_ cases: [(String, [UInt8], String)]) -> JSON {
        .array(
            cases.map { about, bytes, error in
                .object([("about", .string(about)), ("bytes", .hex(bytes)), ("error", .string(error))])
            }
        )
    }

    private func made() throws -> Certificate {
        try Certificate(
            device: writer,
            signingKey: stays.signingKey,
            boxKey: stays.boxKey,
            collections: [name: false],
            notAfter: 1_800_000_000,
            seed: seed
        )
    }

    private func content(
        user: [UInt8]? = nil,
        device: [UInt8]? = nil,
        signing: [UInt8]? = nil,
        box: [UInt8]? = nil,
        rights: [[UInt8]]? = nil,
        more: [UInt8] = []
    ) -> [UInt8] {
        field(1, user ?? seed.userID.bytes) + field(2, device ?? writer.bytes) + field(3, signing ?? stays.signingKey)
            + field(4, box ?? stays.boxKey)
            + (rights ?? [field(1, place.collection.bytes)]).flatMap { field(5, $0) } + more
    }

    private func certificate() throws -> JSON {
        let made = try made()
        let signedAs = { (label: String) -> [UInt8] in
            let content = content()
            return field(1, content) + field(2, seed.signature(for: ChainLabel.signed(label, content)))
        }
        let right = field(1, place.collection.bytes)
        var changed = made.bytes
        changed[40] ^= 1
        let cases: [(String, [UInt8], String)] = [
            ("nothing", [], "certificate-not-signed"),
            ("no protocol buffer", [0xFF], "certificate-unreadable"),
            ("4,097 bytes", [UInt8](repeating: 0, count: 4_097), "certificate-unreadable"),
            ("another bit of the content", changed, "certificate-not-signed"),
            ("signed for another use", signedAs(ChainLabel.keyChange), "certificate-not-signed"),
            (
                "signed without a label", field(1, content()) + field(2, seed.signature(for: content())),
                "certificate-not-signed"
            ),
            (
                "signed by the device",
                field(1, content()) + field(2, stays.signature(ChainLabel.certificate, content())),
                "certificate-not-signed"
            ),
            (
                "another user id", Certificate.signed(content(user: stays.signingKey), seed: seed),
                "certificate-not-signed"
            ),
            (
                "a device id of 7 bytes", Certificate.signed(content(device: [1, 2, 3, 4, 5, 6, 7]), seed: seed),
                "certificate-unreadable"
            ),
            (
                "a signing key of 31 bytes",
                Certificate.signed(content(signing: Array(stays.signingKey.dropLast())), seed: seed),
                "certificate-unreadable"
            ),
            (
                "a box key of 33 bytes", Certificate.signed(content(box: stays.boxKey + [0]), seed: seed),
                "certificate-unreadable"
            ),
            (
                "a field of the content twice",
                Certificate.signed(content(more: field(1, seed.userID.bytes)), seed: seed), "certificate-unreadable"
            ),
            (
                "fields in another order",
                Array(signedAs(ChainLabel.certificate).suffix(66)) + field(1, content()), "certificate-unreadable"
            ),
            ("no right", Certificate.signed(content(rights: []), seed: seed), "certificate-unreadable"),
            (
                "a collection twice", Certificate.signed(content(rights: [right, right]), seed: seed),
                "certificate-unreadable"
            ),
            (
                "a collection id of 11 bytes",
                Certificate.signed(content(rights: [field(1, [UInt8](repeating: 1, count: 11))]), seed: seed),
                "certificate-unreadable"
            ),
            (
                "129 rights",
                Certificate.signed(
                    content(rights: (0..<129).map { field(1, [UInt8](repeating: $0, count: 12)) }),
                    seed: seed
                ),
                "certificate-unreadable"
            ),
        ]
        return .object([
            ("device", .hex(made.device.bytes)),
            ("not_after", .integer(Int(made.notAfter))),
            (
                "rights",
                .array(
                    made.rights.map {
                        .object([("collection", .hex($0.collection.bytes)), ("may_write", .boolean($0.mayWrite))])
                    }
                )
            ),
            ("bytes", .hex(made.bytes)),
            ("text", .string(made.text)),
            ("unknown_field", .hex(Certificate.signed(content(more: field(15, 1)), seed: seed))),
            ("refused", refused(cases)),
        ])
    }

    private static let ephemeral = [UInt8](repeating: 0x77, count: 32)

    private func madeKeyChange() throws -> KeyChange {
        try KeyChange(
            of: name,
            generation: 2,
            devices: [writer: stays.boxKey],
            seed: seed,
            entropy: ChainEntropy { _ in SecretBytes(copying: Self.ephemeral.span.bytes) }
        )
    }

    /// The signature of a content for a record of this stamp.
    private func signature(_ label: String, _ content: [UInt8], _ stamp: Stamp) -> [UInt8] {
        seed.signature(for: ChainLabel.signed(label, stamp, content))
    }

    private func json(_ stamp: Stamp) -> JSON {
        .object([
            ("generation", .integer(Int(stamp.generation))), ("time", .integer(Int(stamp.time))),
            ("writer", .hex(stamp.writer.bytes)),
        ])
    }

    private func keyChange() throws -> JSON {
        let change = try madeKeyChange()
        let stamp = stamp(time)
        let removed = try KeyChange(
            of: name,
            generation: 2,
            devices: [:],
            removed: [writer, DeviceID(value: 1)],
            seed: seed,
            entropy: ChainEntropy { _ in SecretBytes(copying: Self.ephemeral.span.bytes) }
        )
        let box = change.boxes[writer] ?? []
        let entry = field(1, writer.bytes) + field(2, box)
        func content(_ collection: [UInt8]? = nil, _ generation: UInt64 = 2, boxes: [[UInt8]]) -> [UInt8] {
            field(1, collection ?? place.collection.bytes) + field(2, generation) + boxes.flatMap { field(3, $0) }
        }
        func signed(
            _ content: [UInt8],
            _ label: String = ChainLabel.keyChange,
            for record: Stamp? = nil
        ) -> [UInt8] {
            field(1, content) + field(2, signature(label, content, record ?? stamp))
        }
        let cases: [(String, [UInt8], String)] = [
            ("signed for another use", signed(change.content, ChainLabel.snapshot), "malformed"),
            ("signed for a record of another time", signed(change.content, for: self.stamp(time + 1)), "malformed"),
            (
                "signed for a record of another writer",
                signed(change.content, for: Stamp(generation: 1, time: time, writer: DeviceID(value: 1))), "malformed"
            ),
            (
                "signed for a record of another generation",
                signed(change.content, for: Stamp(generation: 2, time: time, writer: writer)), "malformed"
            ),
            (
                "signed for no record",
                field(1, change.content)
                    + field(2, seed.signature(for: ChainLabel.signed(ChainLabel.keyChange, change.content))),
                "malformed"
            ),
            ("fields in another order", signed(field(2, 2) + field(1, place.collection.bytes)), "malformed"),
            ("the generation twice", signed(field(1, place.collection.bytes) + field(2, 2) + field(2, 2)), "malformed"),
            ("an unknown field before the others", signed(field(15, 1) + content(boxes: [entry])), "malformed"),
            ("an unknown field beside the content", signed(change.content) + field(15, 1), "newer"),
            (
                "signed by a device",
                field(1, change.content) + field(2, stays.signature(ChainLabel.keyChange, change.content)), "malformed"
            ),
            ("of another collection", signed(content([UInt8](repeating: 1, count: 12), boxes: [entry])), "malformed"),
            ("generation 1", signed(content(nil, 1, boxes: [entry])), "malformed"),
            ("a device twice", signed(content(boxes: [entry, entry])), "malformed"),
            (
                "a box of 79 bytes", signed(content(boxes: [field(1, writer.bytes) + field(2, Array(box.dropLast()))])),
                "malformed"
            ),
            (
                "a device id of 9 bytes", signed(content(boxes: [field(1, writer.bytes + [0]) + field(2, box)])),
                "malformed"
            ),
            (
                "a removed device twice",
                signed(content(boxes: [entry]) + field(4, writer.bytes) + field(4, writer.bytes)),
                "malformed"
            ),
            (
                "a removed device of 7 bytes",
                signed(content(boxes: [entry]) + field(4, Array(writer.bytes.dropLast()))), "malformed"
            ),
        ]
        return .object([
            ("generation", 2),
            ("device", .hex(writer.bytes)),
            ("ephemeral", .hex(Self.ephemeral)),
            ("stamp", json(stamp)),
            (
                "key",
                .hex(CollectionKey(of: name, generation: 2, seed: seed).withBytes { array(SecretBytes(copying: $0)) })
            ),
            ("box", .hex(box)),
            ("content", .hex(change.content)),
            ("signature", .hex(signature(ChainLabel.keyChange, change.content, stamp))),
            ("unknown_field", .hex(signed(content(boxes: [entry]) + field(15, 1)))),
            ("removed", .array(removed.removed.sorted().map { .hex($0.bytes) })),
            ("content_removed", .hex(removed.content)),
            ("signature_removed", .hex(signature(ChainLabel.keyChange, removed.content, stamp))),
            ("refused", refused(cases)),
        ])
    }

    private var madeEarlierKeys: EarlierKeys {
        EarlierKeys(of: name, generation: 3_000_000, earlier: [1, 2, 70_000], seed: seed)
    }

    /// The keys of the generations before one, in a record of it.
    private func earlierKeys() -> JSON {
        let earlier = madeEarlierKeys
        let stamp = Stamp(generation: earlier.generation, time: time, writer: writer)
        func entry(_ generation: UInt64, count: Int = 32) -> [UInt8] {
            field(3, field(1, generation) + field(2, [UInt8](repeating: 1, count: count)))
        }
        func content(_ entries: [UInt8]..., collection: [UInt8]? = nil, generation: UInt64 = 3_000_000) -> [UInt8] {
            field(1, collection ?? place.collection.bytes) + field(2, generation) + entries.flatMap(\.self)
        }
        func signed(
            _ content: [UInt8],
            _ label: String = ChainLabel.earlierKeys,
            for record: Stamp? = nil
        ) -> [UInt8] {
            field(1, content) + field(2, signature(label, content, record ?? stamp))
        }
        let good = content(entry(1))
        let cases: [(String, [UInt8], String)] = [
            ("signed for another use", signed(good, ChainLabel.keyChange), "malformed"),
            (
                "signed by a device", field(1, good) + field(2, stays.signature(ChainLabel.earlierKeys, good)),
                "malformed"
            ),
            (
                "of another collection", signed(content(entry(1), collection: [UInt8](repeating: 1, count: 12))),
                "malformed"
            ),
            ("of another generation", signed(content(entry(1), generation: 3_000_001)), "malformed"),
            (
                "signed for a record of another time",
                signed(good, for: Stamp(generation: stamp.generation, time: time + 1, writer: writer)), "malformed"
            ),
            (
                "signed for a record of another writer",
                signed(good, for: Stamp(generation: stamp.generation, time: time, writer: DeviceID(value: 1))),
                "malformed"
            ),
            (
                "signed for no record",
                field(1, good) + field(2, seed.signature(for: ChainLabel.signed(ChainLabel.earlierKeys, good))),
                "malformed"
            ),
            (
                "fields in another order", signed(field(2, 3_000_000) + field(1, place.collection.bytes) + entry(1)),
                "malformed"
            ),
            ("no key", signed(content()), "malformed"),
            ("a generation twice", signed(content(entry(1), entry(1))), "malformed"),
            ("the generations in another order", signed(content(entry(2), entry(1))), "malformed"),
            ("generation 0", signed(content(entry(0))), "malformed"),
            ("the record's own generation", signed(content(entry(3_000_000))), "malformed"),
            ("a key of 31 bytes", signed(content(entry(1, count: 31))), "malformed"),
            ("an unknown field beside the content", signed(good) + field(15, 1), "newer"),
        ]
        return .object([
            ("generation", .integer(Int(earlier.generation))),
            ("stamp", json(stamp)),
            ("earlier", .array(earlier.generations.map { .integer(Int($0)) })),
            ("content", .hex(array(earlier.content))),
            ("signature", .hex(signature(ChainLabel.earlierKeys, array(earlier.content), stamp))),
            ("refused", refused(cases)),
        ])
    }

    /// A device that reads a collection asks to write to it, and is granted that and declined.
    private func request() throws -> JSON {
        let old = try Membership(
            device: writer,
            deviceKeys: stays,
            collections: [name: false],
            serial: time,
            seed: seed
        )
        let reason = "to tick off what is done"
        let bytes = CollectionRequest.bytes(name, mayWrite: true, reason: reason, time: time, by: old)
        let object = CollectionRequest.object(writer, name)
        guard let request = CollectionRequest(object: object, bytes, of: seed.userID) else { fatalError("a request") }
        let generations: [CollectionName: Set<UInt32>] = [name: [3]]
        let certificate = try Certificate(
            device: writer,
            signingKey: stays.signingKey,
            boxKey: stays.boxKey,
            collections: [name: true],
            generations: [name: 3],
            notAfter: 0,
            serial: time + 1,
            seed: seed
        )
        let ephemeral = (0..<32).map { UInt8($0 + 0x60) }
        let grant = try Grant.bytes(
            certificate,
            Membership.held(by: certificate, [name: true], generations, seed),
            seed: seed,
            entropy: ChainEntropy { _ in SecretBytes(copying: ephemeral.span.bytes) }
        )
        guard let read = Grant(grant, of: seed.userID) else { fatalError("a grant") }
        let content = text(1, name.text) + field(2, 1) + field(4, time)
        func signed(_ content: [UInt8], _ keys: DeviceKeys, _ certificate: Certificate) -> [UInt8] {
            field(1, content) + field(2, keys.signature(ChainLabel.request, content)) + field(3, certificate.bytes)
        }
        let other = try Self.device(0x80)
        let requests: [(String, [UInt8], String)] = [
            ("nothing", [], ""), ("cut", Array(bytes.dropLast()), ""),
            ("signed by another device", signed(content, other, old.certificate), ""),
            (
                "signed for another use",
                field(1, content) + field(2, stays.signature(ChainLabel.certificate, content))
                    + field(3, old.certificate.bytes), ""
            ),
            ("without a certificate", field(1, content) + field(2, stays.signature(ChainLabel.request, content)), ""),
            ("for another collection", signed(text(1, "other") + field(4, time), stays, old.certificate), ""),
            (
                "for a reserved collection",
                signed(text(1, "easysetup/devices") + field(4, time), stays, old.certificate), ""
            ),
            ("of time 0", signed(text(1, name.text), stays, old.certificate), ""),
            (
                "a reason of 201 bytes",
                signed(content + text(3, String(repeating: "a", count: 201)), stays, old.certificate), ""
            ),
        ]
        let inner = field(1, certificate.bytes) + field(2, [1])
        let grants: [(String, [UInt8], String)] = [
            ("nothing", [], ""), ("cut", Array(grant.dropLast()), ""),
            ("signed by a device", field(1, inner) + field(2, stays.signature(ChainLabel.grant, inner)), ""),
            (
                "signed for another use",
                field(1, inner) + field(2, seed.signature(for: ChainLabel.signed(ChainLabel.decline, inner))), ""
            ),
        ]
        return .object([
            ("object", .string(object)),
            ("may_write", true),
            ("reason", .string(reason)),
            ("time", .integer(Int(time))),
            ("before", .hex(array(old.encoded()))),
            ("request", .hex(bytes)),
            ("decline", .hex(request.decline(seed))),
            ("serial", .integer(Int(certificate.serial))),
            ("certificate", .hex(certificate.bytes)),
            ("ephemeral", .hex(ephemeral)),
            ("grant", .hex(grant)),
            ("membership", .hex(array(try read.membership(after: old).encoded()))),
            ("refused_requests", refused(requests)),
            ("refused_grants", refused(grants)),
        ])
    }

    private func membership() throws -> JSON {
        let membership = try Membership(
            device: writer,
            deviceKeys: stays,
            collections: [name: true],
            generations: [name: [1, 2]],
            seed: seed
        )
        let bytes = array(membership.encoded())
        let certificate = field(2, membership.certificate.bytes)
        let secret = field(1, [UInt8](repeating: 0x40, count: 32))
        func held(_ name: CollectionName, _ keys: [(UInt64, Int)] = [(1, 32)], id: [UInt8]? = nil) -> [UInt8] {
            field(
                3,
                field(1, id ?? CollectionID(of: name, seed: seed).bytes) + text(2, name.text)
                    + keys.flatMap { field(3, field(1, $0) + field(2, [UInt8](repeating: 1, count: $1))) }
            )
        }
        let all = held(.devices) + held(.requests)
        let cases: [(String, [UInt8], String)] = [
            ("nothing", [], "membership-unreadable"),
            ("cut", Array(bytes.dropLast()), "membership-unreadable"),
            (
                "another device's secret",
                field(1, [UInt8](repeating: 0x80, count: 32)) + certificate + all + held(name), "certificate-not-signed"
            ),
            (
                "a secret of 31 bytes", field(1, [UInt8](repeating: 0x40, count: 31)) + certificate + all + held(name),
                "membership-unreadable"
            ),
            ("no certificate", secret + all + held(name), "membership-unreadable"),
            ("a collection of the certificate is missing", secret + certificate + all, "membership-unreadable"),
            ("a collection twice", secret + certificate + all + held(name) + held(name), "membership-unreadable"),
            (
                "a collection that the certificate lacks", secret + certificate + all + held(name) + held(.collections),
                "membership-unreadable"
            ),
            ("a collection without keys", secret + certificate + all + held(name, []), "membership-unreadable"),
            ("a key of generation 0", secret + certificate + all + held(name, [(0, 32)]), "membership-unreadable"),
            (
                "a generation twice", secret + certificate + all + held(name, [(1, 32), (1, 32)]),
                "membership-unreadable"
            ),
            ("a key of 31 bytes", secret + certificate + all + held(name, [(1, 31)]), "membership-unreadable"),
        ]
        return .object([
            ("generations", 2),
            ("bytes", .hex(bytes)),
            ("refused", refused(cases)),
        ])
    }
}
