import Crypto
import EasySetupChain
import EasySetupSeed

/// Makes the vectors of a chain's names, keys, records, certificates and key changes (`Protocol/chain.md`).
func chainVectors() throws -> [VectorFile] {
    [VectorFile(name: "chain-records.json", content: try ChainInputs().vectors())]
}

/// The fixed inputs of all vectors of a chain.
struct ChainInputs {
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

    static func device(_ byte: UInt8) throws -> DeviceKeys {
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
            ("largest_record", try largestRecord()),
            ("listings", .array(listings())),
            ("refused_names", .array(try refusedNames(records[0].names[0], records[3].names))),
            ("refused_records", .array(try refusedRecords(records))),
            ("false_parts", .array(try falseParts(records[4].names))),
            ("compactions", .array(try compactions())),
            ("device", device()),
            ("certificate", try certificate()),
            ("key_change", try keyChange()),
            ("distributions", try distributions()),
            ("earlier_keys", earlierKeys()),
            ("membership", try membership()),
            ("request", try request()),
            ("leave", try leave()),
            ("reserved_objects", reservedObjects()),
        ])
    }

    func collections() throws -> [JSON] {
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
    struct Sealed {
        let about: String
        let stamp: Stamp
        let plaintext: [UInt8]
        let nonce: [UInt8]
        let sealed: [UInt8]
        let names: [String]
    }

    func sealed(_ about: String, _ plaintext: [UInt8], generation: UInt32 = 1, time: UInt64? = nil) throws
        -> Sealed
    {
        let stamp = Stamp(generation: generation, time: time ?? self.time, writer: writer)
        let nonce = (0..<24).map { UInt8($0 &* 7 &+ UInt8(truncatingIfNeeded: plaintext.count)) }
        let key = CollectionKey(of: name, generation: generation, seed: seed)
        let sealed = RecordSeal.seal(plaintext, stamp: stamp, place: place, key: key, nonce: nonce)
        let names = ObjectName.names(of: sealed, time: stamp.time, writer: writer, in: place)
        return Sealed(about: about, stamp: stamp, plaintext: plaintext, nonce: nonce, sealed: sealed, names: names)
    }

    func set(_ object: String, _ attributes: [String: [UInt8]?], known: Stamp? = nil) -> Change {
        Change(object: object, operation: .set(attributes), knownDeletion: known)
    }

    func plaintext(_ content: RecordContent, previous: UInt64 = 0, generation: UInt32 = 1) throws -> [UInt8] {
        let stamp = Stamp(generation: generation, time: time, writer: writer)
        return try RecordCodec.bytes(previous: previous, content: content, stamp: stamp, keys: keys)
    }

    func records() throws -> [Sealed] {
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
            try sealed(
                "the most that one part carries",
                plaintext(.changes([set("o", ["v": value(RecordLimits.singlePartBytes - around)])]))
            ),
            try sealed(
                "one byte more, in two parts",
                plaintext(.changes([set("o", ["v": value(RecordLimits.singlePartBytes + 1 - around)])]))
            ),
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

    /// A record of 64 parts that is as large as one may be, by the digests of what would take a quarter of a megabyte.
    func largestRecord() throws -> JSON {
        func values(_ second: Int) -> [String: [UInt8]?] {
            let counts = ["v": RecordLimits.valueBytes, "w": second]
            return counts.mapValues { (0..<$0).map { UInt8(truncatingIfNeeded: $0) } }
        }
        // A length of the same number of bytes as the one that fits.
        let around = try plaintext(.changes([set("o", values(1_000))])).count - 1_000
        let second = RecordLimits.plaintextBytes - around
        let record = try sealed("the largest record", plaintext(.changes([set("o", values(second))])))
        func digest(_ bytes: [UInt8]) -> JSON { .hex(Array(SHA256.hash(data: bytes))) }
        return .object([
            ("object", "o"),
            ("value_bytes", .object([("v", .integer(RecordLimits.valueBytes)), ("w", .integer(second))])),
            ("generation", .integer(Int(record.stamp.generation))),
            ("time", .integer(Int(record.stamp.time))),
            ("writer", .hex(record.stamp.writer.bytes)),
            ("nonce", .hex(record.nonce)),
            ("plaintext_sha256", digest(record.plaintext)),
            ("sealed_sha256", digest(record.sealed)),
            ("names_sha256", digest(Array(record.names.joined(separator: "\n").utf8))),
            ("parts", .integer(record.names.count)),
            ("first_name", .string(record.names[0])),
            ("last_name", .string(record.names[record.names.count - 1])),
        ])
    }

    func stamp(_ time: UInt64) -> Stamp { Stamp(generation: 1, time: time, writer: writer) }

    func json(_ record: Sealed) throws -> JSON {
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

    func listings() -> [JSON] {
        [1, 1_000, time, RecordTime.greatest].map { (time: UInt64) in
            .object([("time", .integer(Int(time))), ("after", place.listing(from: time).map { .string($0) } ?? .null)])
        }
    }

    /// Names that a listing might show, and why none of them is a record's part.
    func refusedNames(_ one: String, _ two: [String]) throws -> [JSON] {
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
            ("no data", String(one.prefix(start + 54)), "layout"),
            ("no data behind the slash", String(one.prefix(start + 55)), "layout"),
            ("a time of 14 digits", put("0", at: 0, of: one, over: 0), "layout"),
            ("a time of 12 digits", put("", at: 0, of: one, over: 1), "layout"),
            ("an underscore behind the time", put("_", at: 13, of: one), "layout"),
            ("no slash behind the writer", put("-", at: 25, of: one), "layout"),
            ("a letter in the time", put("a", at: 3, of: one), "time"),
            ("a sign in the time", put("+", at: 0, of: one), "time"),
            ("the time 0", put("0000000000000", at: 0, of: one), "time"),
            ("a writer with an unused bit", put("R", at: 24, of: one), "writer"),
            ("a writer in standard base64", put("+", at: 15, of: one), "writer"),
            ("an id with an unused bit", put("B", at: 47, of: one), "id"),
            ("an id with a dot", put(".", at: 26, of: one), "id"),
            ("another id", put(one.utf8.dropFirst(start + 26).first == 65 ? "B" : "A", at: 26, of: one), "id"),
            ("the id of a record of another time", put("5", at: 12, of: one), "id"),
            ("the id of a record of another writer", put("B", at: 14, of: one), "id"),
            ("the id of a record of another number of parts", put("03", at: 52, of: two[0]), "id"),
            (
                "the id of a record of another first part",
                put(Array(two[0])[start + 100] == "A" ? "B" : "A", at: 100, of: two[0]), "id"
            ),
            ("part 1 of 1", put("01", at: 49, of: one), "part"),
            ("part 0 of 0", put("00", at: 52, of: one), "part"),
            ("part 0 of 65", put("65", at: 52, of: one), "part"),
            ("a part with a letter", put("0x", at: 49, of: one), "part"),
            ("a short part that is not the last", put("02", at: 52, of: one), "length"),
            (
                "a last part of 16 bytes, of several",
                two[1].prefix(start + 55) + String(repeating: "A", count: 22), "length"
            ),
            ("a full part without its last symbol", String(two[0].dropLast()), "length"),
            ("a slash at the end", one + "/", "length"),
            ("a slash at the beginning of the data", put("/", at: 55, of: one, over: 0), "length"),
            ("a slash within a segment", put("/", at: 76, of: one), "length"),
            ("a segment of 251 symbols", put("A", at: 55 + 250, of: two[0]), "length"),
            ("padding", one + "=", "character"),
            ("percent-encoding", put("%2D", at: 76, of: one), "character"),
            ("data with an unused bit", two[0].dropLast() + "B", "character"),
            ("a name of 1,025 bytes", two[0] + "A", "too-long"),
        ]
        return cases.map { about, name, error in
            .object([("about", .string(about)), ("name", .string(name)), ("error", .string(error))])
        }
    }
}

// MARK: - Fields

extension ChainInputs {
    /// A field of a protocol buffer.
    func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { [number << 3 | 2] + lv(content) }

    func field(_ number: UInt8, _ value: UInt64) -> [UInt8] {
        [number << 3] + (value == 0 ? [0] : lengthPrefix(Int(value)))
    }

    func text(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }
}
