import Crypto
import EasySetupChain
import EasySetupSeed
import Foundation
import Testing

let chainRunners: [String: VectorRunner] = [
    "chain-records": { try runChain($0.decode(Chain.self)) }
]

private struct Chain: Decodable {
    struct Collection: Decodable {
        struct Key: Decodable {
            let generation: UInt32
            let key: String
        }
        let name, id, id_text: String
        let keys: [Key]
    }
    struct SealedRecord: Decodable {
        let about, writer, plaintext, nonce, associated_data, sealed: String
        let generation: UInt32
        let time: UInt64
        let names: [String]
    }
    struct Listing: Decodable {
        let time: UInt64
        let after: String
    }
    struct BadName: Decodable { let about, name, error: String }
    struct BadRecord: Decodable {
        let about, error: String
        let names: [String]
    }
    struct Largest: Decodable {
        let object, writer, nonce, plaintext_sha256, sealed_sha256, names_sha256, first_name, last_name: String
        let value_bytes: [String: Int]
        let generation: UInt32
        let time: UInt64
        let parts: Int
    }
    struct FalseParts: Decodable {
        let about: String
        let names: [String]
        let is_read: Bool
    }
    struct Device: Decodable { let secret, signing_key, box_key: String }
    struct Bad: Decodable { let about, bytes, error: String }
    struct WrittenCertificate: Decodable {
        struct Right: Decodable {
            let collection: String
            let may_write: Bool
        }
        let device, bytes, text, unknown_field: String
        let not_after: UInt64
        let rights: [Right]
        let refused: [Bad]
    }
    struct WrittenStamp: Decodable {
        let generation: UInt32
        let time: UInt64
        let writer: String
        var stamp: Stamp {
            get throws {
                let writer = try #require(DeviceID(bytes: bytes(writer)))
                return Stamp(generation: generation, time: time, writer: writer)
            }
        }
    }
    struct Change: Decodable {
        let generation: UInt32
        let stamp: WrittenStamp
        let device, ephemeral, key, box, content, signature, content_removed, signature_removed, unknown_field: String
        let box_of_removed: String
        let removed: [String]
        let refused: [Bad]
    }
    struct Earlier: Decodable {
        let generation: UInt32
        let stamp: WrittenStamp
        let earlier: [UInt32]
        let content, signature: String
        let refused: [Bad]
    }
    struct WrittenRequest: Decodable {
        let object, reason, before, request, decline, certificate, ephemeral, grant, membership: String
        let may_write: Bool
        let time, serial: UInt64
        let refused_requests, refused_grants: [Bad]
    }
    struct WrittenMembership: Decodable {
        let generations: UInt32
        let bytes: String
        let refused: [Bad]
    }
    let seed, user_id: String
    let collections: [Collection]
    let refused_collections: [String]
    let records: [SealedRecord]
    let largest_record: Largest
    let listings: [Listing]
    let refused_names: [BadName]
    let refused_records: [BadRecord]
    let false_parts: [FalseParts]
    let compactions: [CompactionVector]
    let device: Device
    let certificate: WrittenCertificate
    let key_change: Change
    let earlier_keys: Earlier
    let membership: WrittenMembership
    let request: WrittenRequest
    let distributions: [DistributionVector]
    let leave: LeaveVector
    let reserved_objects: [ReservedObject]
}

private func runChain(_ vectors: Chain) throws {
    let seed = try SyncSeed(bytes: secret(bytes(vectors.seed)))
    #expect(seed.userID.nameText == vectors.user_id)
    #expect(UserID(nameText: vectors.user_id) == seed.userID)
    for vector in vectors.collections {
        let name = try #require(CollectionName(any: vector.name))
        let id = CollectionID(of: name, seed: seed)
        #expect(hex(id.bytes) == vector.id)
        #expect(id.text == vector.id_text)
        for key in vector.keys {
            let derived = CollectionKey(of: name, generation: key.generation, seed: seed)
            #expect(hex(derived.withBytes { array(SecretBytes(copying: $0)) }) == key.key)
        }
    }
    for name in vectors.refused_collections {
        let error = #expect(throws: ChainError.self, "\(name)") { try CollectionName(name) }
        #expect(error?.name == "collection-name")
    }
    let name = try CollectionName(vectors.collections[0].name)
    try runRecords(vectors, KeyRing(name: name, seed: seed))
    try runMembers(vectors, name, seed)
}

private func runRecords(_ vectors: Chain, _ keys: KeyRing) throws {
    for vector in vectors.records {
        let writer = try #require(DeviceID(bytes: bytes(vector.writer)))
        let stamp = Stamp(generation: vector.generation, time: vector.time, writer: writer)
        let plaintext = try bytes(vector.plaintext)
        let sealed = RecordSeal.seal(
            plaintext,
            stamp: stamp,
            place: keys.place,
            key: try #require(keys.key(of: vector.generation)),
            nonce: try bytes(vector.nonce)
        )
        #expect(hex(sealed) == vector.sealed, "\(vector.about)")
        let associated = RecordSeal.associatedData(stamp: stamp, parts: vector.names.count, place: keys.place)
        #expect(hex(associated) == vector.associated_data, "\(vector.about)")
        let names = ObjectName.names(of: sealed, time: vector.time, writer: writer, in: keys.place)
        #expect(names == vector.names, "\(vector.about)")

        var assembler = RecordAssembler(keys: keys)
        let records = assembler.add(vector.names.reversed().map { ObjectPage.Entry(name: $0, lastModified: 0) })
        let record = try #require(records.first?.record, "\(vector.about)")
        #expect(record.stamp == stamp)
        #expect(record.names == vector.names)
        let again = try RecordCodec.bytes(
            previous: record.previous,
            content: record.content,
            stamp: stamp,
            keys: keys
        )
        #expect(again == plaintext, "\(vector.about)")
    }
    try runLargest(vectors.largest_record, keys)
    runCompactions(vectors.compactions, keys)
    for listing in vectors.listings { #expect(keys.place.listing(from: listing.time) == listing.after) }
    for bad in vectors.refused_names {
        let error = #expect(throws: ObjectNameFault.self, "\(bad.about)") {
            try ObjectName(bad.name, in: keys.place)
        }
        #expect(error?.rawValue == bad.error, "\(bad.about)")
    }
    for bad in vectors.refused_records {
        var assembler = RecordAssembler(keys: keys)
        #expect(assembler.add(bad.names.map { ObjectPage.Entry(name: $0, lastModified: 0) }).isEmpty, "\(bad.about)")
        #expect(assembler.foreign.isEmpty, "\(bad.about)")
        #expect(assembler.remaining.map(\.reason.name) == [bad.error], "\(bad.about)")
    }
    for vector in vectors.false_parts {
        var assembler = RecordAssembler(keys: keys)
        let records = assembler.add(vector.names.map { ObjectPage.Entry(name: $0, lastModified: 0) })
        #expect(records.count == (vector.is_read ? 1 : 0), "\(vector.about)")
        #expect(records.allSatisfy { $0.record.names == vectors.records[4].names }, "\(vector.about)")
    }
}

/// A record of the most parts, whose values count their bytes.
private func runLargest(_ vector: Chain.Largest, _ keys: KeyRing) throws {
    func digest(_ bytes: [UInt8]) -> String { hex(SHA256.hash(data: bytes)) }
    let writer = try #require(DeviceID(bytes: bytes(vector.writer)))
    let stamp = Stamp(generation: vector.generation, time: vector.time, writer: writer)
    let values = vector.value_bytes.mapValues { count -> [UInt8]? in (0..<count).map { UInt8(truncatingIfNeeded: $0) } }
    let change = Change(object: vector.object, operation: .set(values), knownDeletion: nil)
    let plaintext = try RecordCodec.bytes(previous: 0, content: .changes([change]), stamp: stamp, keys: keys)
    #expect(plaintext.count == RecordLimits.plaintextBytes)
    #expect(digest(plaintext) == vector.plaintext_sha256)
    let key = try #require(keys.key(of: vector.generation))
    let nonce = try bytes(vector.nonce)
    let sealed = RecordSeal.seal(plaintext, stamp: stamp, place: keys.place, key: key, nonce: nonce)
    #expect(digest(sealed) == vector.sealed_sha256)
    let names = ObjectName.names(of: sealed, time: vector.time, writer: writer, in: keys.place)
    #expect(names.count == vector.parts && vector.parts == ObjectName.partLimit)
    #expect(names.first == vector.first_name && names.last == vector.last_name)
    #expect(digest(Array(names.joined(separator: "\n").utf8)) == vector.names_sha256)
    var assembler = RecordAssembler(keys: keys)
    let records = assembler.add(names.map { ObjectPage.Entry(name: $0, lastModified: 0) })
    #expect(records.map(\.record.content) == [.changes([change])])
}

private func runMembers(_ vectors: Chain, _ name: CollectionName, _ seed: SyncSeed) throws {
    let deviceSecret = try bytes(vectors.device.secret)
    let found = DeviceKeys(secret: secret(deviceSecret))
    let device = try #require(found)
    #expect(hex(device.signingKey) == vectors.device.signing_key)
    #expect(hex(device.boxKey) == vectors.device.box_key)

    let vector = vectors.certificate
    let certificate = try Certificate(bytes: bytes(vector.bytes), of: seed.userID)
    #expect(try Certificate(text: vector.text, of: seed.userID) == certificate)
    #expect(hex(certificate.device.bytes) == vector.device)
    #expect(certificate.notAfter == vector.not_after)
    #expect(certificate.signingKey == device.signingKey && certificate.boxKey == device.boxKey)
    #expect(certificate.rights.map { hex($0.collection.bytes) } == vector.rights.map(\.collection))
    #expect(certificate.rights.map(\.mayWrite) == vector.rights.map(\.may_write))
    try certificate.checkTime(vector.not_after)
    #expect(throws: ChainError.certificateEnded) { try certificate.checkTime(vector.not_after + 1) }
    let made = try Certificate(
        device: certificate.device,
        signingKey: device.signingKey,
        boxKey: device.boxKey,
        collections: [name: false],
        notAfter: vector.not_after,
        seed: seed
    )
    #expect(made == certificate)
    #expect(throws: Never.self) { try Certificate(bytes: bytes(vector.unknown_field), of: seed.userID) }
    for bad in vector.refused {
        let error = try #require(
            #expect(throws: ChainError.self, "\(bad.about)") {
                try Certificate(bytes: bytes(bad.bytes), of: seed.userID)
            }
        )
        #expect(error.name == bad.error, "\(bad.about)")
    }
    try runKeyChange(vectors.key_change, device, name, seed)
    try runEarlierKeys(vectors.earlier_keys, name, seed)
    try runRequest(vectors.request, name, seed)
    try runMissingKey(vectors, name)
    try runDistributions(vectors.distributions, name, seed)
    try runLeave(vectors.leave, device, name, seed)
    try runReservedObjects(vectors.reserved_objects)

    let membership = try Membership(secret(bytes(vectors.membership.bytes)))
    #expect(hex(array(membership.encoded())) == vectors.membership.bytes)
    #expect(KeyRing(name: name, membership: membership)?.current == vectors.membership.generations)
    for bad in vectors.membership.refused {
        let error = try #require(
            #expect(throws: ChainError.self, "\(bad.about)") { try Membership(secret(bytes(bad.bytes))) }
        )
        #expect(error.name == bad.error, "\(bad.about)")
    }
}

/// The record of generation 2, read by the device that has the first key alone, before and after the key change.
private func runMissingKey(_ vectors: Chain, _ name: CollectionName) throws {
    let member = try Membership(secret(bytes(vectors.request.before)))
    var assembler = RecordAssembler(keys: try #require(KeyRing(name: name, membership: member)))
    func read(_ record: Chain.SealedRecord) -> [Record] {
        assembler.add(record.names.map { ObjectPage.Entry(name: $0, lastModified: 0) }).map(\.record)
    }
    let (second, change) = (vectors.records[1], vectors.records[6])
    #expect(second.generation == 2 && read(second).isEmpty)
    #expect(assembler.remaining.map(\.reason.name) == ["key-missing"])
    #expect(read(change).map(\.names) == [change.names, second.names])
    #expect(assembler.remaining.isEmpty)
}

private func runKeyChange(
    _ vector: Chain.Change,
    _ keys: DeviceKeys,
    _ name: CollectionName,
    _ seed: SyncSeed
) throws {
    let ring = KeyRing(name: name, seed: seed)
    let device = try #require(DeviceID(bytes: bytes(vector.device)))
    let ephemeral = try bytes(vector.ephemeral)
    let made = try KeyChange(
        of: name,
        generation: vector.generation,
        devices: [device: keys.boxKey],
        seed: seed,
        entropy: ChainEntropy { _ in secret(ephemeral) }
    )
    #expect(hex(made.content) == vector.content)
    let stamp = try vector.stamp.stamp
    #expect(
        hex(seed.chainSignature(for: ChainLabel.signed(ChainLabel.keyChange, stamp, made.content))) == vector.signature
    )
    let read = try KeyChange(
        content: bytes(vector.content),
        signature: bytes(vector.signature),
        stamp: stamp,
        place: ring.place
    )
    #expect(read == made)
    #expect(hex(try #require(read.boxes[device])) == vector.box)
    guard let key = try keys.open(bytes(vector.box)) else {
        Issue.record("the box does not open")
        return
    }
    #expect(hex(array(key)) == vector.key)
    let removed = try KeyChange(
        content: bytes(vector.content_removed),
        signature: bytes(vector.signature_removed),
        stamp: stamp,
        place: ring.place
    )
    #expect(removed.removed.sorted().map { hex($0.bytes) } == vector.removed)
    /// The message as the plaintext of a record: its field 4.
    func content(_ message: [UInt8]) throws(RecordFault) -> RecordContent {
        try RecordCodec.content(of: [0x22] + lv(message), stamp: stamp, place: ring.place).content
    }
    #expect(throws: Never.self) { try content(bytes(vector.unknown_field)) }
    // A change with a box for a device that it calls removed is read, and the generation is open.
    if case .keyChange(let both) = try content(bytes(vector.box_of_removed)) {
        #expect(both.removed == [device] && Set(both.boxes.keys) == [device])
    } else {
        Issue.record("no key change")
    }
    for bad in vector.refused {
        let message = try bytes(bad.bytes)
        let error = #expect(throws: RecordFault.self, "\(bad.about)") { try content(message) }
        #expect(error?.rawValue == bad.error, "\(bad.about)")
    }
}

private func runEarlierKeys(_ vector: Chain.Earlier, _ name: CollectionName, _ seed: SyncSeed) throws {
    let place = KeyRing(name: name, seed: seed).place
    let stamp = try vector.stamp.stamp
    /// The message as the plaintext of a record: its field 5.
    func read(_ message: [UInt8]) throws(RecordFault) -> RecordContent {
        try RecordCodec.content(of: [0x2A] + lv(message), stamp: stamp, place: place).content
    }
    let (content, signature) = try (bytes(vector.content), bytes(vector.signature))
    let made = EarlierKeys(of: name, generation: vector.generation, earlier: Set(vector.earlier), seed: seed)
    let signed = ChainLabel.signed(ChainLabel.earlierKeys, stamp, content)
    #expect(hex(seed.chainSignature(for: signed)) == vector.signature)
    #expect(array(made.content) == content)
    #expect(try read([0x0A] + lv(content) + [0x12] + lv(signature)) == .earlierKeys(made))
    for generation in vector.earlier {
        let key = try #require(made.key(of: generation))
        #expect(key.isSame(as: CollectionKey(of: name, generation: generation, seed: seed)))
    }
    for bad in vector.refused {
        let message = try bytes(bad.bytes)
        let error = #expect(throws: RecordFault.self, "\(bad.about)") { try read(message) }
        #expect(error?.rawValue == bad.error, "\(bad.about)")
    }
}

private func runRequest(_ vector: Chain.WrittenRequest, _ name: CollectionName, _ seed: SyncSeed) throws {
    let before = try Membership(secret(bytes(vector.before)))
    let request = try #require(CollectionRequest(object: vector.object, bytes(vector.request), of: seed.userID))
    #expect(request.device == before.device && request.collection == name)
    #expect(request.mayWrite == vector.may_write && request.reason == vector.reason && request.time == vector.time)
    let made = CollectionRequest.bytes(
        name,
        mayWrite: vector.may_write,
        reason: vector.reason,
        time: vector.time,
        by: before
    )
    #expect(hex(made) == vector.request)
    #expect(try request.isDeclined(by: bytes(vector.decline)))
    #expect(hex(request.decline(seed)) == vector.decline)
    let grant = try #require(Grant(bytes(vector.grant), of: seed.userID))
    #expect(hex(grant.certificate.bytes) == vector.certificate)
    #expect(grant.certificate.serial == vector.serial && grant.certificate.serial > before.certificate.serial)
    let after = try grant.membership(after: before)
    #expect(hex(array(after.encoded())) == vector.membership)
    #expect(after.collection(name)?.mayWrite == true)
    let ephemeral = try bytes(vector.ephemeral)
    let generations = Dictionary(
        uniqueKeysWithValues: grant.certificate.rights.compactMap { right in
            after.collections.first { $0.id == right.collection }.map { ($0.name, Set([right.generation])) }
        }
    )
    let held = Membership.held(by: grant.certificate, [name: true], generations, seed)
    let again = try Grant.bytes(grant.certificate, held, seed: seed, entropy: ChainEntropy { _ in secret(ephemeral) })
    #expect(hex(again) == vector.grant)
    for bad in vector.refused_requests {
        #expect(try CollectionRequest(object: vector.object, bytes(bad.bytes), of: seed.userID) == nil, "\(bad.about)")
    }
    for bad in vector.refused_grants {
        #expect(try Grant(bytes(bad.bytes), of: seed.userID) == nil, "\(bad.about)")
    }
}

private func secret(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(copying: bytes.span.bytes)
}

private func array(_ secret: borrowing SecretBytes) -> [UInt8] {
    secret.withUnsafeBytes { Array($0) }
}
