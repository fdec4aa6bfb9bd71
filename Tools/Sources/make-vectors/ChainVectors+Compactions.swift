import EasySetupChain
import EasySetupSeed

/// Listings, and what of them a device with the seed may delete (`Protocol/chain.md`, "Compaction").
extension ChainInputs {
    /// An object of a listing.
    private struct Listed {
        let name: String
        /// How long it has been in the store, in milliseconds.
        let age: UInt64
        let isDeleted: Bool
    }

    private static let day = Compaction.orphanAge
    private static let settling = Compaction.settling

    func compactions() throws -> [JSON] {
        var cases: [(about: String, isNoted: Bool, objects: [Listed])] = []
        func add(_ about: String, isNoted: Bool = false, _ objects: [Listed]) {
            cases.append((about, isNoted, objects))
        }
        for (about, isNoted, objects) in try snapshotCases() + copyCases() + strayCases() + newerCases() {
            add(about, isNoted: isNoted, objects)
        }
        return cases.map { about, isNoted, objects in
            let sorted = objects.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            return .object([
                ("about", .string(about)),
                ("is_noted", .boolean(isNoted)),
                (
                    "objects",
                    .array(
                        sorted.map {
                            .object([
                                ("name", .string($0.name)), ("age", .integer(Int($0.age))),
                                ("is_deleted", .boolean($0.isDeleted)),
                            ])
                        }
                    )
                ),
            ])
        }
    }

    private typealias Cases = [(about: String, isNoted: Bool, objects: [Listed])]

    /// The names of a record of this plaintext.
    private func names(
        _ plaintext: [UInt8],
        _ age: UInt64,
        at time: UInt64? = nil,
        generation: UInt32 = 1,
        nonce: UInt8 = 0,
        isDeleted: Bool = false
    ) -> [Listed] {
        let stamp = Stamp(generation: generation, time: time ?? self.time, writer: writer)
        let sealed = RecordSeal.seal(
            plaintext,
            stamp: stamp,
            place: place,
            key: CollectionKey(of: name, generation: generation, seed: seed),
            nonce: [UInt8](repeating: nonce, count: 24)
        )
        return ObjectName.names(of: sealed, time: stamp.time, writer: writer, in: place).map {
            Listed(name: $0, age: age, isDeleted: isDeleted)
        }
    }

    private func change(_ object: String, _ value: UInt8) -> Change { set(object, ["v": [value]]) }

    private func changes(
        _ changes: [Change],
        _ age: UInt64,
        at time: UInt64,
        isDeleted: Bool = false
    ) throws -> [Listed] {
        names(try plaintext(.changes(changes)), age, at: time, isDeleted: isDeleted)
    }

    /// The only piece of a snapshot of these changes.
    private func piece(_ changes: [(Change, UInt64)]) throws -> [UInt8] {
        var state = CollectionState()
        for (change, time) in changes { state.merge(change, stamp: stamp(time)) }
        return try plaintext(.snapshot(state.pieces(id: 7, limit: 40_000)[0]))
    }

    private func snapshotCases() throws -> Cases {
        let before = time - 1_000
        let held = (change("a", 1), before)
        let snapshot = try piece([held])
        var state = CollectionState()
        for object in ["a", "b"] { state.merge(change(object, 1), stamp: stamp(before)) }
        let half = try plaintext(.snapshot(state.pieces(id: 9, limit: 1)[0]))
        return [
            (
                "what a settled snapshot holds, and what it does not hold", false,
                try changes([held.0], Self.day, at: before, isDeleted: true)
                    + changes([change("a", 2)], Self.day, at: before + 1) + names(snapshot, Self.settling)
            ),
            (
                "a snapshot that has not settled", false,
                try changes([held.0], Self.day, at: before) + names(snapshot, Self.settling - 1)
            ),
            (
                "a settled piece that is there twice", false,
                try changes([held.0], Self.day, at: before, isDeleted: true) + names(snapshot, Self.settling)
                    + names(snapshot, 0, nonce: 1)
            ),
            ("a piece of which another is missing, for a day", false, names(half, Self.day, isDeleted: true)),
            ("a piece of which another is missing, for less", false, names(half, Self.day - 1)),
        ]
    }

    private func copyCases() throws -> Cases {
        /// Records with these plaintexts, in the order of their names.
        func ordered(_ plaintexts: [[UInt8]], _ ages: [UInt64], _ deleted: [Bool]) -> [Listed] {
            let names = plaintexts.enumerated().map { self.names($1, 0, nonce: UInt8($0))[0].name }.sorted()
            return zip(names, zip(ages, deleted)).map { Listed(name: $0, age: $1.0, isDeleted: $1.1) }
        }
        let keyChange = try plaintext(.keyChange(madeKeyChange()))
        let three = [keyChange, keyChange, keyChange]
        let other = try plaintext(.keyChange(madeKeyChange()), previous: 5)
        func earlier(_ generation: UInt32, _ earlier: Set<UInt32>) throws -> [UInt8] {
            let keys = EarlierKeys(of: name, generation: generation, earlier: earlier, seed: seed)
            return try plaintext(.earlierKeys(keys), generation: generation)
        }
        return [
            (
                "a change of the key, sealed three times", false,
                ordered(three, [Self.day, Self.day, Self.day - 1], [false, true, false])
            ),
            (
                "the first of them has not been there for long", false,
                ordered(three, [Self.settling - 1, Self.day, Self.day], [false, false, true])
            ),
            (
                "a change of the key, and the same with another previous record", false,
                ordered([keyChange, other], [Self.day, Self.day], [false, true])
            ),
            (
                "earlier keys, and others that hold them", false,
                try names(earlier(2, [1]), Self.settling, generation: 2, isDeleted: true)
                    + names(earlier(3, [1, 2]), Self.settling, generation: 3)
            ),
            (
                "earlier keys, and others that have not settled", false,
                try names(earlier(2, [1]), Self.day, generation: 2)
                    + names(earlier(3, [1, 2]), Self.settling - 1, generation: 3)
            ),
        ]
    }

    private func strayCases() throws -> Cases {
        let record = names(try plaintext(.changes([set("o", ["v": [UInt8](repeating: 7, count: 2_400)])])), Self.day)
        func other(_ listed: Listed, age: UInt64, isDeleted: Bool) -> Listed {
            // The symbol behind the record's name is another one.
            var symbols = Array(listed.name)
            let index = place.prefix.count + 60
            symbols[index] = symbols[index] == "A" ? "B" : "A"
            return Listed(name: String(symbols), age: age, isDeleted: isDeleted)
        }
        func name(_ text: String, _ age: UInt64, isDeleted: Bool = true) -> Listed {
            Listed(name: text, age: age, isDeleted: isDeleted)
        }
        let gone = record.dropFirst().map { Listed(name: $0.name, age: $0.age, isDeleted: true) }
        return [
            (
                "names that can't be read, and names of others", false,
                [
                    name(place.prefix, Self.day), name(place.prefix + "x", Self.day),
                    name(place.prefix + "y", Self.day - 1, isDeleted: false), name(record[0].name + "/", Self.day),
                    name("2" + record[0].name.dropFirst(), Self.day, isDeleted: false),
                    name(RecordPlace.chainPrefix(of: seed.userID) + "x", Self.day, isDeleted: false),
                ]
            ),
            (
                "false parts beside those of a record", false,
                record + record.map { other($0, age: Self.day, isDeleted: true) }
            ),
            ("younger ones", false, record + record.map { other($0, age: Self.day - 1, isDeleted: false) }),
            ("a record without its first part", false, gone),
            (
                "a record without its last part, of which another is young", false,
                record.prefix(3).enumerated().map {
                    Listed(name: $1.name, age: $0 == 1 ? 0 : Self.day, isDeleted: false)
                }
            ),
            (
                "a seal that does not open, and a malformed plaintext", false,
                ObjectName.names(of: [UInt8](repeating: 1, count: 60), time: time, writer: writer, in: place).map {
                    name($0, Self.day)
                } + names([0], Self.day, isDeleted: true)
            ),
        ]
    }

    private func newerCases() throws -> Cases {
        let newer: [UInt8] = [0xFA, 0x7F, 1, 0]
        var state = CollectionState()
        for object in ["a", "b"] { state.merge(change(object, 1), stamp: stamp(time - 1_000)) }
        let half = try plaintext(.snapshot(state.pieces(id: 9, limit: 1)[0]))
        return [
            ("a record of a version that nobody has noted, for a day", false, names(newer, Self.day, isDeleted: true)),
            ("a record of a version that was noted", true, names(newer, 100 * Self.day)),
            (
                "a piece of which another is missing, beside a record of a noted version", true,
                names(half, Self.day) + names(newer, Self.day)
            ),
            (
                "the same where nobody has noted it, and the record may be listed before its note", false,
                names(half, Self.day) + names(newer, Self.settling - 1)
            ),
            (
                "the same where the note would be listed", false,
                names(half, Self.day, isDeleted: true) + names(newer, Self.settling)
            ),
        ]
    }
}
