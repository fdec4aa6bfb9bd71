import EasySetupChain
import EasySetupSeed
import Testing

/// Who gets a new key of a collection, and under which one.
struct DistributionVector: Decodable {
    struct Change: Decodable {
        let generation, under: UInt32
        let devices: [String]
    }
    struct Unopened: Decodable {
        let device: String
        let generation, held: UInt32
    }
    struct Group: Decodable, Equatable {
        struct Box: Decodable, Equatable { let device, box_key: String }
        let under: UInt32
        let devices: [Box]
    }
    let about: String
    let certificates, removed: [String]
    let changes: [Change]
    let unopened: [Unopened]
    let seconds: UInt64
    let next, left_out: [Group]
}

/// The word of a device that leaves.
struct LeaveVector: Decodable {
    struct Bad: Decodable { let about, bytes: String }
    let certificate, leave: String
    let refused: [Bad]
}

/// An object of a collection in which every device writes.
struct ReservedObject: Decodable {
    let collection, object: String
    let is_taken: Bool
}

func runDistributions(_ vectors: [DistributionVector], _ name: CollectionName, _ seed: SyncSeed) throws {
    func device(_ text: String) throws -> DeviceID { try #require(DeviceID(bytes: bytes(text))) }
    let collection = CollectionID(of: name, seed: seed)
    for vector in vectors {
        let certificates = try vector.certificates.map { try Certificate(bytes: bytes($0), of: seed.userID) }
        var changes: [CollectionReader.SeenKeyChange] = []
        for (number, change) in vector.changes.enumerated() {
            changes.append(
                CollectionReader.SeenKeyChange(
                    stamp: Stamp(generation: change.under, time: UInt64(number + 1), writer: DeviceID(value: 1)),
                    generation: change.generation,
                    devices: Set(try change.devices.map(device))
                )
            )
        }
        var unopened: [DeviceID: [UnopenedBox]] = [:]
        for box in vector.unopened {
            unopened[try device(box.device), default: []].append(
                UnopenedBox(collection: collection, generation: box.generation, held: box.held)
            )
        }
        let removed = Set(try vector.removed.map(device))
        let distribution = KeyDistribution(
            of: collection,
            certificates: certificates.filter { !removed.contains($0.device) },
            changes: changes,
            unopened: unopened,
            at: vector.seconds
        )
        #expect(groups(distribution.all) == vector.next, "\(vector.about)")
        #expect(groups(distribution.leftOut) == vector.left_out, "\(vector.about)")
    }
}

private func groups(_ groups: [UInt32: [DeviceID: [UInt8]]]) -> [DistributionVector.Group] {
    groups.sorted { $0.key < $1.key }.map { under, devices in
        DistributionVector.Group(
            under: under,
            devices: devices.sorted { $0.key < $1.key }.map { .init(device: hex($0.key.bytes), box_key: hex($0.value)) }
        )
    }
}

func runLeave(_ vector: LeaveVector, _ keys: DeviceKeys, _ name: CollectionName, _ seed: SyncSeed) throws {
    let certificate = try Certificate(bytes: bytes(vector.certificate), of: seed.userID)
    #expect(hex(keys.signature(ChainLabel.leave, seed.userID.bytes + certificate.device.bytes)) == vector.leave)
    #expect(LeaveStatement.isSigned(try bytes(vector.leave), by: certificate))
    for bad in vector.refused {
        #expect(try !LeaveStatement.isSigned(bytes(bad.bytes), by: certificate), "\(bad.about)")
    }
}

func runReservedObjects(_ vectors: [ReservedObject]) throws {
    for vector in vectors {
        let name = try #require(CollectionName(any: vector.collection))
        #expect(name.takes(vector.object) == vector.is_taken, "\(vector.object)")
    }
}
