import EasySetupSeed
import SeededRandom
import TestSupport
import Testing

@testable import EasySetupChain

@Suite("Listings of version 0") struct Version0ListingTests {
    /// A chain with a seed of its own, and what it wrote.
    struct Written {
        let seed: SyncSeed
        var records: [Version0Record] = []
        var names: [String] = []

        init(_ random: inout SplitMix) throws {
            let bytes = random.bytes(32)
            seed = try SyncSeed(bytes: SecretBytes(copying: bytes.span.bytes))
        }

        mutating func add(
            _ count: Int,
            at time: UInt64,
            in category: Version0Record.Category = .history,
            partLength: Int? = nil,
            using random: inout SplitMix
        ) {
            let record = Version0Record(category: category, time: time, plaintext: random.bytes(count))
            records.append(record)
            names += Version0Writer(seed).names(
                category: Int(category.rawValue),
                time: time,
                record.plaintext,
                nonce: [0, 0] + random.bytes(20) + [0, 0],
                partLength: partLength
            )
        }

        func read(_ names: [String], limits: Version0Limits = Version0Limits()) throws -> Version0Reading {
            try Version0Reading(names: names, of: seed.userID, key: seed.secretboxKey(), limits: limits)
        }
    }

    static func time(_ number: Int) -> UInt64 { 1_480_000_000_000 + UInt64(number) }

    @Test(
        "The size of a record decides the number of its parts, and every number up to 64 is read",
        arguments: [
            (714 - 45, 1), (715 - 45, 2), (44_268 - 46, 62), (44_269 - 46, 63), (45_696 - 46, 64),
        ]
    )
    func sizes(count: Int, parts: Int) throws {
        var random = SplitMix(state: UInt64(count))
        var written = try Written(&random)
        // A checksum of six digits, as three in four are, makes the sizes of the table.
        repeat {
            (written.records, written.names) = ([], [])
            written.add(count, at: Self.time(0), using: &random)
        } while written.names[0].dropFirst(65).prefix { $0 != "/" }.count != 6
        // In the store's order the parts 62 and 63 stand before part 0, because their digits are + and -.
        let sorted = written.names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(written.names.count == parts)
        for names in [written.names, sorted, sorted.reversed()] {
            let reading = try written.read(names)
            #expect(reading.records == written.records)
            #expect(reading.unread.isEmpty && reading.refused.isEmpty)
        }
        #expect(parts < 63 || sorted != written.names)
    }

    @Test("Each listing that the ancestor's reader lost records of is read") func lost() throws {
        var random = SplitMix(state: 4)
        var written = try Written(&random)
        written.add(3_000, at: Self.time(0), using: &random)
        written.add(100, at: Self.time(1), using: &random)
        let names = written.names
        #expect(names.count == 6)
        let middle = names[2]
        let listings = [
            ("parts in order", names), ("the second half first", Array(names[3...] + names[..<3])),
            ("reversed", names.reversed()), ("the first part twice", [names[0]] + names),
            ("a middle part alone before the list", [middle] + names),
            ("the same, and the list again and again", [middle] + names + names + names),
        ]
        for (why, listing) in listings {
            let reading = try written.read(listing)
            #expect(reading.records == written.records, "\(why)")
            #expect(reading.unread.isEmpty, "\(why)")
        }
    }

    @Test("Any order, repetition and cut of a listing gives the same records", arguments: 0..<60)
    func orders(number: Int) throws {
        var random = SplitMix(state: UInt64(number))
        var written = try Written(&random)
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            written.add(
                random.once(in: 3) ? Int.random(in: 0...9_000, using: &random) : Int.random(in: 0...60, using: &random),
                // Several records often share a millisecond.
                at: Self.time(Int.random(in: 0...3, using: &random)),
                in: [.bookmarks, .history, .preferences][Int.random(in: 0..<3, using: &random)],
                // Other cuts than those of the ancestor are read as well.
                partLength: random.once(in: 2) ? nil : Int.random(in: 400...950, using: &random),
                using: &random
            )
        }
        let expected = try written.read(written.names)
        #expect(expected.unread.isEmpty)
        #expect(Set(expected.records) == Set(written.records))
        #expect(expected.records.map(\.time) == expected.records.map(\.time).sorted())
        // Some names are missing for good, so that some records can't be read.
        let left = random.once(in: 2) ? written.names : written.names.filter { _ in !random.once(in: 5) }
        let reference = try written.read(left)
        #expect(Set(reference.records).isSubset(of: written.records))
        var lines = left + left.filter { _ in random.once(in: 2) } + ["", "  ", "no name", "1/x/y/z"]
        lines.shuffle(using: &random)
        let text = lines.map { $0 + (random.once(in: 2) ? "\r\n" : "\n") }.joined()
        var bytes = Array(text.utf8)
        if random.once(in: 2) { bytes.removeLast() }
        var listing = Version0Listing(of: written.seed.userID)
        while !bytes.isEmpty {
            let count = min(bytes.count, Int.random(in: 1...2_000, using: &random))
            try listing.append(bytes.span.extracting(0..<count))
            bytes.removeFirst(count)
        }
        try listing.endLine()
        var items: [Version0Item] = []
        listing.forEach(key: written.seed.secretboxKey()) { items.append($0) }
        #expect(items.filter { $0.record != nil } == reference.records.map(Version0Item.record))
        #expect(items.filter { $0.record == nil } == reference.unread.map(Version0Item.unread))
        #expect(listing.refused[.foreign]?.count == 2 && listing.refused.count == 1)
        #expect(listing.nameCount == lines.count - 2)
    }

    @Test("A part in too many forms ends with an error after few tries, and never with a wrong record")
    func contradictory() throws {
        var random = SplitMix(state: 9)
        var written = try Written(&random)
        written.add(2_000, at: Self.time(0), using: &random)
        let names = written.names
        func forms(of name: String, _ count: Int) -> [String] {
            (0..<count).map { number in name.dropLast(8) + "AAAAAA" + (number < 10 ? "A" : "B") + "\(number % 10)" }
        }
        // Three parts in seven forms each would be 343 records.
        let few = try written.read(names + forms(of: names[0], 6))
        #expect(few.records == written.records)
        let many = try written.read(names.dropLast() + names.flatMap { forms(of: $0, 12) })
        #expect(many.records.isEmpty)
        #expect(many.unread.map(\.fault) == [.contradictory])
    }

    @Test("A listing that is larger than the limit is refused, and what is held is counted") func tooLarge() throws {
        var random = SplitMix(state: 10)
        var written = try Written(&random)
        written.add(40_000, at: Self.time(0), using: &random)
        let limits = Version0Limits(heldBytes: 1 << 20)
        let error = #expect(throws: Version0Listing.TooLarge.self) { try written.read(written.names, limits: limits) }
        #expect(error?.heldBytes == 1 << 20)
        #expect(try written.read(written.names, limits: Version0Limits(heldBytes: 2 << 20)).records == written.records)
        // Lines that are no names of this chain are not held, however many and long they are.
        var listing = Version0Listing(of: SyncSeed.random().userID, limits: Version0Limits(heldBytes: 0))
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
        for _ in 0..<20 { try listing.append(line.span) }
        for name in written.names { try listing.append(name: name) }
        #expect(listing.refused[.tooLong]?.count == 1 && listing.refused[.tooLong]?.firstLine == 1)
        #expect(listing.refused[.otherUser]?.count == written.names.count)
    }

    @Test("A byte order mark and a missing last line end are passed over") func marks() throws {
        var random = SplitMix(state: 11)
        var written = try Written(&random)
        written.add(10, at: Self.time(0), using: &random)
        #expect(try written.read(["\u{FEFF}" + written.names[0]]).records == written.records)
        #expect(try written.read(["", "\u{FEFF}" + written.names[0]]).refused == [.foreign: 1])
    }

    @Test("The numbers of parts go through all digits, and no other character is one") func digits() {
        for number in UInt8(0)..<64 {
            let text = Array(Version0Writer.digits(UInt32(number)).utf8)
            #expect(text.count == 1 && Version0Digits.value(of: text[0]) == number)
        }
        #expect((UInt8(0)...255).filter { Version0Digits.value(of: $0) != nil }.count == 64)
        for number: UInt32 in [0, 63, 64, 1 << 30 - 1, 1 << 30, .max] {
            let text = Array(Version0Writer.digits(number).utf8)
            let read = Version0Digits.number(text.span)
            #expect(read == number)
        }
    }
}

extension Version0Item {
    fileprivate var record: Version0Record? {
        guard case .record(let record) = self else { return nil }
        return record
    }
}
