import EasySetupSeed
import EasySetupTesting
import SeededRandom
import Testing

@testable import EasySetupChain

@Suite("Objects that are no part of a record")
struct StraySearchTests {
    private let fixture = Fixture()
    private let party = ChainParty()
    private let day: UInt64 = 86_400_000

    /// Lists names as a store does, in pages, and searches.
    private func strays(_ names: [String], pages: Int = .max, keys: KeyRing? = nil, keepsNewer: Bool = true) -> [Stray]
    {
        let keys = keys ?? fixture.ring
        var assembler = RecordAssembler(keys: keys)
        var search = StraySearch(keys: keys, keepsNewer: keepsNewer)
        var rest = entries(names.sorted())[...]
        var strays: [Stray] = []
        while !rest.isEmpty {
            let page = Array(rest.prefix(pages))
            rest = rest.dropFirst(pages)
            strays += search.take(page, assembler.add(page))
        }
        return strays + search.finish()
    }

    /// The name of a part with other data, as somebody puts it beside another device's.
    private func forged(_ name: String, _ number: UInt8 = 1) throws -> String {
        let part = try ObjectName(name, in: fixture.place)
        var bytes = part.bytes
        bytes[bytes.count / 2] ^= number
        return ObjectName(record: part.record, part: part.part, bytes: bytes).text(in: fixture.place)
    }

    /// The names of a record with any plaintext.
    private func sealed(_ plaintext: [UInt8], time: UInt64, by keys: KeyRing? = nil, generation: UInt32 = 1) -> [String]
    {
        let bytes = RecordSeal.seal(
            plaintext,
            stamp: Stamp(generation: generation, time: time, writer: fixture.writer),
            place: fixture.place,
            key: (keys ?? fixture.ring).key(of: generation)!,
            nonce: fixture.entropy.publicBytes(24)
        )
        return ObjectName.names(of: bytes, time: time, writer: fixture.writer, in: fixture.place)
    }

    private func plaintext(at time: UInt64) throws -> [UInt8] {
        try RecordCodec.bytes(
            previous: 0,
            content: RecordTests.contents[0],
            stamp: Stamp(generation: 1, time: time, writer: fixture.writer),
            keys: fixture.ring
        )
    }

    @Test("False data beside each part of records are found, and no part of a record, however a listing is cut")
    func beside() throws {
        let records = try [3, 700, 2_500, 6_000].enumerated().map { index, size in
            try fixture.names("o\(index)", value: size, time: 1_000 + UInt64(index / 2))
        }
        #expect(records.map(\.count) == [1, 2, 4, 10])
        for record in records {
            for part in record {
                let fakes = try [forged(part, 1), forged(part, 2)]
                for pages in [1, 2, 7, .max] {
                    let found = strays(records.flatMap(\.self) + fakes, pages: pages)
                    #expect(Set(found.map(\.name)) == Set(fakes))
                }
            }
        }
        #expect(strays(records.flatMap(\.self)).isEmpty)
    }

    @Test("A record of one part is found among any number of false ones, and they are all found")
    func alone() throws {
        let name = try fixture.names()[0]
        let fakes = try (1...99).map { try forged(name, $0) }
        #expect(Set(strays(fakes + [name], pages: 3).map(\.name)) == Set(fakes))
    }

    @Test("Incomplete, damaged, wrongly sealed and malformed records are found whole")
    func damaged() throws {
        let names = try fixture.names(value: 2_000, time: 1)
        let damaged = try [forged(names[0])] + names[1...]
        let stranger = KeyRing(name: fixture.name, seed: .random())
        let content = try plaintext(at: 50)
        // A stamp within is greater than that of the record at 5.
        let others = [names[0]] + sealed(content, time: 50, by: stranger) + sealed(content, time: 5)
        #expect(Set(strays(damaged).map(\.name)) == Set(damaged))
        #expect(Set(strays(Array(others)).map(\.name)) == Set(others))
    }

    @Test("Names of the collection that break the grammar are found, and no names of others")
    func names() throws {
        let names = try fixture.names(value: 2_000)
        let broken = [fixture.place.prefix + "x", fixture.place.prefix, String(names[0].dropLast()), names[1] + "/"]
        let others = ["1/x", "2/" + names[0].dropFirst(2), String(names[0].dropFirst())]
        for pages in [1, 3, .max] {
            #expect(Set(strays(names + broken + others, pages: pages).map(\.name)) == Set(broken))
        }
    }

    @Test("A record of a later version stays, and so does one whose key is not there, with false data beside them")
    func unread() throws {
        let unknown = try plaintext(at: 50) + [0xF8, 0x7F, 1]
        let padding = [UInt8](repeating: 0, count: 1_500)
        let newer = [sealed(unknown, time: 50), sealed(unknown + [0xFA, 0x7F, 0xDC, 0x0B] + padding, time: 60)]
        var later = fixture.ring
        later.learn(7)
        let locked = try fixture.names(value: 2_000, time: 70, ring: later)
        #expect(newer.map(\.count) == [1, 3])
        let member = try #require(KeyRing(name: fixture.name, membership: fixture.member(9)))
        let names = newer.flatMap(\.self) + locked
        var assembler = RecordAssembler(keys: member)
        _ = assembler.add(entries(names))
        #expect(assembler.remaining.map(\.reason) == [.fault(.newer), .fault(.newer), .keyMissing(7)])
        #expect(strays(names, keys: member).isEmpty)
        let fakes = try [forged(newer[0][0]), forged(newer[1][1]), forged(locked[2])]
        #expect(Set(strays(names + fakes, keys: member).map(\.name)) == Set(fakes))
        #expect(Set(strays(names + fakes).map(\.name)) == Set(fakes))
        // Where nobody has noted a later version.
        #expect(Set(strays(names, keys: member, keepsNewer: false).map(\.name)) == Set(newer.flatMap(\.self)))
        #expect(Set(strays(names + fakes, keepsNewer: false).map(\.name)) == Set(newer.flatMap(\.self) + fakes))
    }

    @Test("Whatever is put beside records, what is found is never a part of one", arguments: 0..<60 as Range<UInt64>)
    func anything(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var names: [String] = []
        for index in 0..<Int.random(in: 1...6, using: &random) {
            names += try fixture.names(
                "o\(index)",
                value: Int.random(in: 0...2_500, using: &random),
                time: 1_000 + UInt64(index / 2)
            )
        }
        let own = names
        let records = Set(own)
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let name = try ObjectName(random.pick(own)!, in: fixture.place)
            let other = try ObjectName(random.pick(own)!, in: fixture.place)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: names.append(try forged(name.text(in: fixture.place), UInt8.random(in: 1...3, using: &random)))
            case 1 where other.bytes.count == name.bytes.count:
                names.append(
                    ObjectName(record: name.record, part: name.part, bytes: other.bytes).text(in: fixture.place)
                )
            default:
                // The head of a record with another number of parts.
                let record = RecordName(
                    time: name.record.time,
                    writer: name.record.writer,
                    id: name.record.id,
                    parts: 64
                )
                if name.bytes.count == ObjectName.partBytes {
                    names.append(ObjectName(record: record, part: name.part, bytes: name.bytes).text(in: fixture.place))
                }
            }
        }
        let pages = Int.random(in: 1...5, using: &random)
        let found = Set(strays(Array(Set(names)), pages: pages).map(\.name))
        #expect(found == Set(names).subtracting(records))
    }

    @Test("A compaction deletes what a hostile member has put beside others' records after a day, and no record")
    func compaction() async throws {
        let one = party.chain(1)
        for index in 0..<5 {
            try await one.put("\(index)", in: "notes", ["a": [UInt8](repeating: 7, count: 200 * index)])
        }
        let names = party.names(fixture.name)
        let fakes = try names.map { try forged($0) }
        for name in fakes { _ = try await party.store.put(name) }
        try await one.compact("notes", minimum: 1_000)
        #expect(Set(party.names(fixture.name)) == Set(names + fakes))
        party.store.advance(by: .seconds(86_400))
        let report = try await one.compact("notes", minimum: 1_000)
        #expect(report.deleted == fakes.count)
        #expect(party.names(fixture.name) == names)
        #expect(try await party.chain(2).list("notes").count == 5)
    }
}
