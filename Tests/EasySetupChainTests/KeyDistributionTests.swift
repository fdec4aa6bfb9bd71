import EasySetupTesting
import Testing

@testable import EasySetupChain

@Suite("Who gets a new key, and under which one")
struct KeyDistributionTests {
    private let fixture = Fixture()

    private var collection: CollectionID { CollectionID(of: fixture.name, seed: fixture.seed) }

    private func certificate(_ number: UInt64, generation: UInt32 = 1, notAfter: UInt64 = 0) throws -> Certificate {
        try Certificate(
            device: DeviceID(value: number),
            signingKey: deviceKeys(UInt8(number)).signingKey,
            boxKey: deviceKeys(UInt8(number)).boxKey,
            collections: [fixture.name: true],
            generations: [fixture.name: generation],
            notAfter: notAfter,
            serial: 0,
            seed: fixture.seed
        )
    }

    private func change(
        _ generation: UInt32,
        under: UInt32,
        _ devices: UInt64...
    ) -> CollectionReader.SeenKeyChange {
        CollectionReader.SeenKeyChange(
            stamp: Stamp(generation: under, time: UInt64(generation), writer: DeviceID(value: 50)),
            generation: generation,
            devices: Set(devices.map { DeviceID(value: $0) })
        )
    }

    private func ids(_ groups: [UInt32: [DeviceID: [UInt8]]]) -> [UInt32: [UInt64]] {
        groups.mapValues { $0.keys.map(\.value).sorted() }
    }

    @Test("A device has what its certificate says, and what it has a box of under a generation that it has")
    func generations() throws {
        let certificates = [
            try certificate(1), try certificate(2), try certificate(3, generation: 5), try certificate(4),
            try certificate(6, notAfter: 10),
        ]
        let changes = [
            change(5, under: 1, 1), change(9, under: 5, 1, 2, 3), change(9, under: 1, 4), change(12, under: 9, 1, 2),
        ]
        let distribution = KeyDistribution(of: collection, certificates: certificates, changes: changes, at: 11)
        #expect(ids(distribution.all) == [12: [1], 1: [2], 9: [3, 4]])
        #expect(ids(distribution.leftOut) == [1: [2], 9: [3, 4]])
        let before = KeyDistribution(of: collection, certificates: certificates, changes: changes, at: 10)
        #expect(ids(before.all)[1] == [2, 6])
        let other = CollectionID(of: try CollectionName("other"), seed: fixture.seed)
        #expect(KeyDistribution(of: other, certificates: certificates, changes: changes, at: 11).all.isEmpty)
        let none = KeyDistribution(of: collection, certificates: certificates, changes: [], at: 11)
        #expect(none.leftOut.isEmpty)
    }

    @Test("A box that a device can't open gives it nothing, nor does what was announced under it")
    func unopened() throws {
        let changes = [change(5, under: 1, 1), change(9, under: 5, 1)]
        func leftOut(_ box: UnopenedBox, _ changes: [CollectionReader.SeenKeyChange]) throws -> [UInt32: [UInt64]] {
            let device = DeviceID(value: 1)
            let certificates = [try certificate(1)]
            return ids(
                KeyDistribution(
                    of: collection,
                    certificates: certificates,
                    changes: changes,
                    unopened: [device: [box]],
                    at: 0
                ).leftOut
            )
        }
        func box(_ generation: UInt32, _ held: UInt32) -> UnopenedBox {
            UnopenedBox(collection: collection, generation: generation, held: held)
        }
        #expect(try leftOut(box(5, 1), changes) == [1: [1]])
        #expect(try leftOut(box(9, 5), changes) == [5: [1]])
        #expect(try leftOut(box(5, 1), changes + [change(9, under: 1, 1)]) == [:])
        // A generation that it can't have is no word of this device.
        #expect(try leftOut(box(9, 3), changes) == [:])
        #expect(try leftOut(box(9, 9), changes) == [:])
        let elsewhere = UnopenedBox(collection: CollectionID(of: .devices, seed: fixture.seed), generation: 9, held: 1)
        #expect(try leftOut(elsewhere, changes) == [:])
        let boxes = (0..<UnopenedBox.boxesPerGeneration).map { change(9, under: 5 + UInt32($0), 1) }
        #expect(try leftOut(box(9, 5), changes + boxes) == [:])
    }

    @Test("More boxes and removed devices than fit into a record are in several, each of which can be stored")
    func size() throws {
        let devices = Dictionary(uniqueKeysWithValues: (1...650).map { (DeviceID(value: $0), deviceKeys(1).boxKey) })
        let low = [DeviceID(value: 1_001): deviceKeys(2).boxKey, DeviceID(value: 2_001): deviceKeys(2).boxKey]
        func made(_ removed: Set<DeviceID>) throws -> [(under: UInt32, change: KeyChange)] {
            try KeyChange.all(
                of: fixture.name,
                generation: 12,
                devices: [9: devices, 3: low],
                removed: removed,
                current: 9,
                seed: fixture.seed,
                entropy: .counted(4)
            )
        }
        let few: Set = [DeviceID(value: 2_001), DeviceID(value: 2_002)]
        let changes = try made(few)
        #expect(changes.map(\.under) == [3, 9, 9, 9])
        #expect(changes.map(\.change.boxes.count) == [1, 300, 300, 50])
        #expect(changes.allSatisfy { $0.change.removed == few && $0.change.generation == 12 })
        #expect(Set(changes.flatMap(\.change.boxes.keys)).count == 651)
        let many = try made(Set((3_000..<7_500).map { DeviceID(value: $0) }))
        #expect(many.map(\.under) == [3, 9, 9, 9, 9])
        #expect(many.map(\.change.removed.count) == [1_000, 1_000, 1_000, 1_000, 500])
        #expect(many.reduce(into: Set<DeviceID>()) { $0.formUnion($1.change.removed) }.count == 4_500)
        for (under, change) in many {
            let names = try fixture.names(
                .keyChange(change),
                ring: KeyRing(name: fixture.name, seed: fixture.seed, current: under)
            )
            #expect(names.count <= ObjectName.partLimit)
        }
        let alone = try KeyChange.all(
            of: fixture.name,
            generation: 2,
            devices: [:],
            removed: [],
            current: 1,
            seed: fixture.seed,
            entropy: .counted(4)
        )
        #expect(alone.map(\.under) == [1] && alone[0].change.boxes.isEmpty)
    }
}
