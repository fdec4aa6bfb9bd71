import EasySetupChain
import EasySetupSeed

extension ChainInputs {
    func refusedRecords(_ records: [Sealed]) throws -> [JSON] {
        var cases: [(String, [String], String)] = []
        let (one, two) = (records[0], records[3])
        cases.append(("the second part alone", [two.names[1]], "incomplete"))
        cases.append(("the first part alone", [two.names[0]], "incomplete"))
        /// The names of a sealed record under another time or writer.
        func names(_ sealed: [UInt8], time: UInt64? = nil, writer: DeviceID? = nil) -> [String] {
            ObjectName.names(of: sealed, time: time ?? self.time, writer: writer ?? self.writer, in: place)
        }
        cases.append(("43 bytes", names([UInt8](repeating: 1, count: 43)), "seal"))
        cases.append(("generation 0", names([0, 0, 0, 0] + one.sealed.dropFirst(4)), "seal"))
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

    /// Listings with parts that are not the record's, and whether a reader gets the record.
    func falseParts(_ names: [String]) throws -> [JSON] {
        /// A part with other data: the symbol behind the record's name differs.
        func other(_ name: String, _ symbol: Character) -> String {
            var symbols = Array(name)
            let place = place.prefix.count + 60
            symbols[place] = symbols[place] == symbol ? "_" : symbol
            return String(symbols)
        }
        let four = "ABCD".map { other(names[2], $0) }
        let cases: [(String, [String], Bool)] = [
            ("a false part before a part", [names[0], names[1], other(names[2], "A"), names[2], names[3]], true),
            ("four of them", names[..<2] + four + names[2...], true),
            ("five of them, before the others", four + [other(names[2], "E")] + names, true),
            ("a false first part", [other(names[0], "A")] + names, true),
            ("false parts alone beside the first one", [names[0]] + names[1...].map { other($0, "A") }, false),
            ("a part of the record in another one's place", [names[0], names[2], names[3]], false),
        ]
        return cases.map { about, names, isRead in
            .object([
                ("about", .string(about)), ("names", .array(names.map { .string($0) })), ("is_read", .boolean(isRead)),
            ])
        }
    }

    func resealed(_ record: Sealed, _ key: CollectionKey) throws -> [String] {
        let sealed = RecordSeal.seal(record.plaintext, stamp: record.stamp, place: place, key: key, nonce: record.nonce)
        return ObjectName.names(of: sealed, time: time, writer: writer, in: place)
    }

    /// Plaintexts that break a rule, or are those of a later version.
    func plaintexts() throws -> [(String, [UInt8], String)] {
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
        ] + pieces(stamp)
    }

    /// Pieces of snapshots that break a rule.
    func pieces(_ stamp: (UInt64, UInt64, Int) -> [UInt8]) -> [(String, [UInt8], String)] {
        func piece(_ content: [UInt8], for record: Stamp? = nil) -> [UInt8] {
            field(
                3,
                field(1, content) + field(2, signature(ChainLabel.snapshot, content, record ?? self.stamp(time)))
            )
        }
        let head = field(1, place.collection.bytes) + field(2, [0, 0, 0, 0, 0, 0, 0, 1])
        let alone = head + field(4, 1)
        let (one, two) = (field(6, stamp(1, 5, 8)), field(6, stamp(1, 6, 8)))
        let unknown = field(15, 1)
        func entry(_ rest: [UInt8]) -> [UInt8] { field(7, text(1, "a") + rest) }
        func write(_ rest: [UInt8]) -> [UInt8] { entry(field(3, text(1, "x") + rest)) }
        let twice = field(3, text(1, "x") + field(2, 1))
        return [
            ("a piece of a record of another time", piece(alone, for: self.stamp(time - 1)), "malformed"),
            (
                "a piece of a record of another writer",
                piece(alone, for: Stamp(generation: 1, time: time, writer: DeviceID(value: 1))), "malformed"
            ),
            (
                "a piece of a record of another generation",
                piece(alone, for: Stamp(generation: 2, time: time, writer: writer)), "malformed"
            ),
            ("a piece with its fields in another order", piece(field(4, 1) + head), "malformed"),
            ("piece 1 of 1", piece(head + field(3, 1) + field(4, 1)), "malformed"),
            ("piece 0 of 0", piece(head), "malformed"),
            (
                "a snapshot's id of 7 bytes",
                piece(Array(head.dropLast(10)) + field(2, [0, 0, 0, 0, 0, 0, 1]) + field(4, 1)),
                "malformed"
            ),
            ("a floor later than the record", piece(alone + field(5, stamp(1, time + 1, 8))), "malformed"),
            ("a stamp twice", piece(alone + one + one), "malformed"),
            ("stamps in another order", piece(alone + two + one), "malformed"),
            ("a stamp later than the record", piece(alone + one + field(6, stamp(2, 1, 8))), "malformed"),
            ("a deletion at a place that is not there", piece(alone + one + entry(field(2, 2))), "malformed"),
            ("a write without a stamp", piece(alone + one + write([])), "malformed"),
            ("a write at a place that is not there", piece(alone + one + write(field(2, 2))), "malformed"),
            (
                "a known deletion at a place that is not there",
                piece(alone + one + write(field(2, 1) + field(3, 2))), "malformed"
            ),
            ("an attribute with one stamp twice", piece(alone + one + entry(twice + twice)), "malformed"),
            ("an object twice in a piece", piece(alone + one + entry(field(2, 1)) + entry(field(2, 1))), "malformed"),
            ("an object of a piece without an id", piece(alone + one + field(7, field(2, 1))), "malformed"),
            ("an unknown field of a piece", piece(alone + unknown), "newer"),
            ("an unknown field of a piece's object", piece(alone + one + entry(field(2, 1) + unknown)), "newer"),
            ("an unknown field of a piece's write", piece(alone + one + write(field(2, 1) + unknown)), "newer"),
            ("an unknown field of a piece that is not signed", field(3, field(1, alone + unknown)), "malformed"),
        ]
    }
}
