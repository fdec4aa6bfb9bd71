import EasySetupSeed
import SeededRandom
import Testing

@testable import EasySetupChain

@Suite("Putting records together") struct RecordAssemblerTests {
    let fixture = Fixture()

    private func objects(_ records: [Record]) -> [String] {
        records.flatMap { record in
            guard case .changes(let changes) = record.content else { return [String]() }
            return changes.map(\.object)
        }
    }

    @Test("Parts in any order, repeated and cut over calls, give each record once", arguments: 0..<50 as Range<UInt64>)
    func anyOrder(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var names: [String] = []
        for (index, size) in [3, 700, 2_500, 6_000].enumerated() {
            names += try fixture.names("o\(index)", value: size, time: 1_000 + UInt64(index / 2))
        }
        var listed = entries(names + names.filter { _ in Bool.random(using: &random) })
        listed.shuffle(using: &random)
        var assembler = RecordAssembler(keys: fixture.ring)
        var records: [Record] = []
        while !listed.isEmpty {
            let count = Int.random(in: 1...listed.count, using: &random)
            records += assembler.records(listed.prefix(count))
            listed.removeFirst(count)
        }
        #expect(objects(records).sorted() == ["o0", "o1", "o2", "o3"])
        #expect(records.flatMap(\.names).sorted() == names.sorted())
        #expect(records.allSatisfy { $0.stamp.writer == fixture.writer && $0.parts == $0.names.count })
        #expect(assembler.remaining == [])
        #expect(assembler.records(entries(names)) == [])
    }

    @Test("A record is given again only after it was forgotten") func forgetting() throws {
        let names = try fixture.names()
        var assembler = RecordAssembler(keys: fixture.ring)
        #expect(assembler.records(entries(names)).count == 1)
        assembler.forgetGiven(before: 1_000)
        #expect(assembler.records(entries(names)) == [])
        assembler.forgetGiven(before: 1_001)
        #expect(assembler.records(entries(names)).count == 1)
    }

    /// Records under four generations, with the changes of the key, and the earlier keys under the last one.
    private func changedKeys(objects: Int) throws -> [String] {
        var names: [String] = []
        var ring = fixture.ring
        var time: UInt64 = 1_000
        for generation in [1, 7, 20, 30] as [UInt32] {
            if generation > 1 {
                let change = try KeyChange(
                    of: fixture.name,
                    generation: generation,
                    devices: [:],
                    seed: fixture.seed,
                    entropy: fixture.entropy
                )
                names += try fixture.names(.keyChange(change), time: time, ring: ring)
                ring.learn(change)
            }
            for index in 0..<objects {
                time += 1
                names += try fixture.names("\(generation)-\(index)", time: time, ring: ring)
            }
            time += 1
        }
        let earlier = EarlierKeys(of: fixture.name, generation: 30, earlier: [1, 7, 20], seed: fixture.seed)
        return try names + fixture.names(.earlierKeys(earlier), time: time, ring: ring)
    }

    @Test("A device that has the newest key alone reads everything when it opens the earlier keys") func earlierKeys()
        throws
    {
        let names = try changedKeys(objects: 2)
        let member = try fixture.member(9, generations: [fixture.name: [30]])
        var assembler = RecordAssembler(keys: try #require(KeyRing(name: fixture.name, membership: member)))
        #expect(objects(assembler.records(entries(names.dropLast()))) == ["30-0", "30-1"])
        let rest = assembler.records(entries(names.suffix(1)))
        #expect(Set(objects(rest)) == ["1-0", "1-1", "7-0", "7-1", "20-0", "20-1"])
        #expect(assembler.remaining == [])
        #expect(assembler.keys.generations == [1, 7, 20, 30])
        let again = assembler.takesForgottenAgain()
        #expect(!again)
    }

    @Test("Where records were forgotten before their keys came, everything is listed once more") func forgottenForKeys()
        throws
    {
        let names = try changedKeys(objects: 5)
        let member = try fixture.member(9, generations: [fixture.name: [30]])
        let keys = try #require(KeyRing(name: fixture.name, membership: member))
        var assembler = RecordAssembler(keys: keys, limits: AssemblerLimits(keptParts: 4))
        let first = objects(assembler.records(entries(names)))
        #expect(first.count < 20 && assembler.forgotten > 0)
        let again = [assembler.takesForgottenAgain(), assembler.takesForgottenAgain()]
        #expect(again == [true, false])
        #expect(Set(objects(assembler.records(entries(names))) + first).count == 20)
        let more = assembler.takesForgottenAgain()
        #expect(!more)
    }

    @Test("A record of which a part is missing is told, with its names and the time of its last part") func missing()
        throws
    {
        let names = try fixture.names(value: 2_000)
        var assembler = RecordAssembler(keys: fixture.ring)
        #expect(
            assembler.records([.init(name: names[2], lastModified: 9), .init(name: names[0], lastModified: 7)]) == []
        )
        let remaining = try #require(assembler.remaining.first)
        #expect(remaining.reason == .incomplete)
        #expect(remaining.names == [names[0], names[2]])
        #expect(remaining.lastModified == 9)
        let stored = assembler.add(entries([names[1], names[3]], lastModified: 8))
        #expect(stored.map(\.lastModified) == [9])
        #expect(assembler.remaining == [])
    }

    /// Names of a record's part with other data, as whoever may write in a collection can put them.
    private func falseParts(_ name: String, _ count: Int) throws -> [String] {
        let part = try ObjectName(name, in: fixture.place)
        return (1...count).map { number in
            var bytes = part.bytes
            // The digits of the number.
            for bit in 0..<16 where number >> bit & 1 == 1 { bytes[bit * 3] ^= 0x55 }
            return ObjectName(record: part.record, part: part.part, bytes: bytes).text(in: fixture.place)
        }
    }

    @Test(
        "False parts beside a record's do not keep it from being read, however many there are",
        arguments: [(700, 500), (2_500, 100), (41_000, 3)]
    )
    func falseParts(value: Int, count: Int) throws {
        let names = try fixture.names(value: value)
        let others = try names.map { try falseParts($0, count) }
        let listed = zip(others, names).flatMap { $0 + [$1] }
        #expect(Set(listed).count == names.count * (count + 1))
        var assembler = RecordAssembler(keys: fixture.ring)
        #expect(assembler.records(entries(listed)).map(\.names) == [names])
        #expect(assembler.remaining == [])
        #expect(assembler.foreign == [.id: names.count * count])
        var alone = RecordAssembler(keys: fixture.ring)
        #expect(alone.records(entries(others.joined())) == [])
        // None of them is a first part.
        #expect(alone.foreign == [.id: count])
        #expect(alone.remaining.map(\.reason) == [.incomplete])
        #expect(alone.remaining.flatMap(\.names).count == (names.count - 1) * min(count, 4))
        // In this order a part finds no place behind four others; it is there when it is listed again.
        #expect(alone.records(entries(names.reversed())).isEmpty == (count > 3))
        #expect(alone.records(entries(names)).map(\.names) == (count > 3 ? [names] : []))
    }

    @Test("False parts in any order keep a record at most until it is listed again", arguments: 0..<30 as Range<UInt64>)
    func falsePartsInAnyOrder(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let names = try fixture.names(value: 3_000)
        var listed = entries(try names + names.flatMap { try falseParts($0, 6) })
        listed.shuffle(using: &random)
        var assembler = RecordAssembler(keys: fixture.ring)
        let first = assembler.records(listed)
        let second = assembler.records(entries(names))
        #expect((first + second).map(\.names) == [names])
    }

    @Test("A false part makes no record younger, and a part that is written again does") func age() throws {
        let names = try fixture.names(value: 1_500)
        try #require(names.count == 3)
        let false2 = try falseParts(names[2], 1)
        var assembler = RecordAssembler(keys: fixture.ring)
        #expect(assembler.add(entries(false2, lastModified: 9_000)).isEmpty)
        #expect(assembler.add(entries([names[0]], lastModified: 1)).isEmpty)
        #expect(assembler.remaining.map(\.lastModified) == [9_000])
        #expect(assembler.add(entries([names[0]], lastModified: 7)).isEmpty)
        #expect(assembler.add(entries(false2 + names[1...], lastModified: 3)).map(\.lastModified) == [7])
    }

    @Test("Two records of one writer and one time that differ are two") func twins() throws {
        let twins = try [fixture.names(value: 700), fixture.names(value: 701), fixture.names("b", value: 700)]
        var assembler = RecordAssembler(keys: fixture.ring)
        #expect(Set(assembler.records(entries(twins.joined())).map(\.names)) == Set(twins))
    }

    @Test("A record under another key, and one that breaks a rule, are told with their reasons") func faults() throws {
        let stranger = KeyRing(name: fixture.name, seed: .random())
        let fiftieth = Stamp(generation: 1, time: 50, writer: fixture.writer)
        let plaintext = try RecordCodec.bytes(
            previous: 0,
            content: RecordTests.contents[0],
            stamp: fiftieth,
            keys: fixture.ring
        )
        let stolen = RecordSeal.seal(
            plaintext,
            stamp: fiftieth,
            place: fixture.place,
            key: stranger.currentKey,
            nonce: fixture.entropy.publicBytes(24)
        )
        // A stamp within is greater than that of the record.
        let late = RecordSeal.seal(
            plaintext,
            stamp: Stamp(generation: 1, time: 5, writer: fixture.writer),
            place: fixture.place,
            key: fixture.ring.currentKey,
            nonce: fixture.entropy.publicBytes(24)
        )
        var assembler = RecordAssembler(keys: fixture.ring)
        let short = [UInt8](repeating: 1, count: 43)
        let first = [0, 0, 0, 0] + stolen.dropFirst(4)
        let names = [(stolen, 50), (late, 5), (short, 60), (first, 70)].flatMap { sealed, time in
            ObjectName.names(of: sealed, time: time, writer: fixture.writer, in: fixture.place)
        }
        #expect(assembler.records(entries(names + ["2/x", fixture.place.prefix + "x"])) == [])
        #expect(assembler.remaining.map(\.reason) == [.fault(.malformed), .fault(.seal), .fault(.seal), .fault(.seal)])
        #expect(assembler.foreign == [.foreign: 1, .layout: 1])
    }

    @Test(
        "Records under keys that a member lacks open when their key changes come, in any order",
        arguments: [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]]
    )
    func keyChanges(order: [Int]) throws {
        let member = try fixture.member(9)
        var ring = fixture.ring
        var listed: [[String]] = []
        for generation in [2, 5] as [UInt32] {
            let change = try KeyChange(
                of: fixture.name,
                generation: generation,
                devices: [member.device: member.deviceKeys.boxKey],
                seed: fixture.seed,
                entropy: fixture.entropy
            )
            listed.append(try fixture.names(.keyChange(change), time: UInt64(generation), ring: ring))
            ring.learn(change)
            listed.append(try fixture.names("o\(generation)", time: 10 + UInt64(generation), ring: ring))
        }
        for keys in [fixture.ring, try #require(KeyRing(name: fixture.name, membership: member))] {
            var assembler = RecordAssembler(keys: keys)
            let records = order.flatMap { assembler.records(entries(listed[$0])) }
            #expect(records.count == 4)
            #expect(Set(records.map(\.stamp.generation)) == [1, 2, 5])
            #expect(objects(records).sorted() == ["o2", "o5"])
            #expect(assembler.keys.current == 5)
            #expect(assembler.remaining == [])
        }
    }

    @Test("A member for whom a key change has no box keeps what it can't read, and knows that it was left out")
    func leftOut() throws {
        let member = try fixture.member(9)
        let change = try KeyChange(
            of: fixture.name,
            generation: 2,
            devices: [:],
            seed: fixture.seed,
            entropy: fixture.entropy
        )
        var ring = fixture.ring
        let announced = try fixture.names(.keyChange(change), time: 20)
        ring.learn(change)
        let later = try fixture.names(time: 30, ring: ring)
        var assembler = RecordAssembler(keys: try #require(KeyRing(name: fixture.name, membership: member)))
        #expect(assembler.records(entries(later + announced)).map(\.content) == [.keyChange(change)])
        #expect(assembler.remaining.map(\.reason) == [.keyMissing(2)])
        #expect(assembler.keys.current == 1)
        #expect(assembler.keys.leftOut == 2)
    }

    @Test("No more parts are kept than the limit says, the oldest are forgotten first, and it is counted") func limit()
        throws
    {
        var assembler = RecordAssembler(keys: fixture.ring, limits: AssemblerLimits(keptParts: 8))
        var names: [[String]] = []
        for time in 1...10 as ClosedRange<UInt64> { names.append(try fixture.names(value: 2_000, time: time)) }
        for name in names { _ = assembler.records(entries([name[0]])) }
        #expect(assembler.remaining.map(\.name.time) == [4, 5, 6, 7, 8, 9, 10])
        #expect(assembler.forgotten == 3)
        #expect(assembler.records(entries(names[9])).count == 1)
        // A forgotten record can come again.
        #expect(assembler.records(entries(names[0])).count == 1)
    }
}

extension RecordAssembler {
    /// The records that these entries give.
    fileprivate mutating func records(_ entries: some Sequence<ObjectPage.Entry>) -> [Record] {
        add(entries).map(\.record)
    }
}
