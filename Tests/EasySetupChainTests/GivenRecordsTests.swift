import SeededRandom
import Testing

@testable import EasySetupChain

@Suite("Given records") struct GivenRecordsTests {
    /// Ten thousand names in a drawn order, half of them twice, and of many times: more than go into one set.
    @Test("Given records are those that were put in and not forgotten, in whatever order they came", arguments: 1...3)
    func sameAsSet(seed: UInt64) {
        var random = SplitMix(state: seed)
        var given = GivenRecords()
        var expected: Set<RecordName> = []
        var names: [RecordName] = []
        for _ in 0..<10_000 {
            let (time, writer) = (random.next() % 1_000, DeviceID(value: random.next() % 5))
            let id = RecordName.id(time: time, writer: writer, parts: 1, first: [UInt8(random.next() % 4)])
            let name = RecordName(time: time, writer: writer, id: id, parts: 1)
            names.append(name)
            #expect(given.contains(name) == expected.contains(name))
            given.insert(name)
            expected.insert(name)
        }
        #expect(names.allSatisfy(given.contains))
        given.forget(before: 500)
        for name in names { #expect(given.contains(name) == (name.time >= 500)) }
    }
}
