import EasySetupSeed
import Foundation
import SwiftProtobuf
import Testing

@testable import EasySetupChain

@Suite("Members without the seed") struct MembershipTests {
    let fixture = Fixture()

    @Test("A certificate says what was signed, and devices and requests are always writable") func certificate() throws
    {
        let keys = deviceKeys(3)
        let made = try Certificate(
            device: DeviceID(value: 9),
            signingKey: keys.signingKey,
            boxKey: keys.boxKey,
            collections: [fixture.name: false],
            notAfter: 100,
            seed: fixture.seed
        )
        let read = try Certificate(text: made.text, of: fixture.seed.userID)
        #expect(read == made)
        #expect(read.right(in: fixture.place.collection)?.mayWrite == false)
        for name in [CollectionName.devices, .requests] {
            #expect(read.right(in: CollectionID(of: name, seed: fixture.seed))?.mayWrite == true)
        }
        #expect(read.right(in: CollectionID(of: .collections, seed: fixture.seed)) == nil)
        try read.checkTime(100)
        #expect(throws: ChainError.certificateEnded) { try read.checkTime(101) }
        let signature = keys.signature("a use", [1, 2])
        #expect(read.isValid(signature: signature, "a use", [1, 2]))
        #expect(!read.isValid(signature: signature, "another", [1, 2]))
        #expect(!read.isValid(signature: signature, "a us", [5] + [1, 2]))
        #expect(!read.isValid(signature: [], "a use", [1, 2]))
    }

    @Test("A certificate that is not signed for its use, changed, of another chain or against a rule is refused")
    func refused() throws {
        let member = try fixture.member(9)
        let good = try Easysetup_Chain_V1_Certificate(serializedBytes: member.certificate.bytes)
        let content = try Easysetup_Chain_V1_CertificateContent(serializedBytes: good.content)
        func error(_ bytes: [UInt8], of userID: UserID? = nil) -> ChainError? {
            #expect(throws: ChainError.self) { try Certificate(bytes: bytes, of: userID ?? fixture.seed.userID) }
        }
        #expect(error(member.certificate.bytes, of: SyncSeed.random().userID) == .certificateNotSigned)
        var other = good
        other.signature = .init(try fixture.seed.signature(for: Array(good.content)))
        #expect(error(try other.serializedBytes()) == .certificateNotSigned)
        other.signature = .init()
        #expect(error(try other.serializedBytes()) == .certificateNotSigned)
        #expect(error([0xFF]) == .certificateUnreadable)
        #expect(error([UInt8](repeating: 0, count: 4_097)) == .certificateUnreadable)
        for index in member.certificate.bytes.indices {
            var bytes = member.certificate.bytes
            bytes[index] ^= 4
            #expect(error(bytes) != nil, "byte \(index)")
        }
        let edits: [(inout Easysetup_Chain_V1_CertificateContent) -> Void] = [
            { $0.device.removeLast() }, { $0.signingKey.removeLast() }, { $0.boxKey.append(0) }, { $0.rights = [] },
            { $0.rights.append($0.rights[0]) }, { $0.rights[0].collection.removeLast() },
            { $0.rights = Array(repeating: $0.rights[0], count: 129) },
        ]
        for (index, edit) in edits.enumerated() {
            var changed = content
            edit(&changed)
            let bytes = Certificate.signed(try changed.serializedBytes(), seed: fixture.seed)
            #expect(error(bytes) == .certificateUnreadable, "edit \(index)")
        }
        var elsewhere = content
        elsewhere.userID = .init(SyncSeed.random().userID.bytes)
        #expect(error(Certificate.signed(try elsewhere.serializedBytes(), seed: fixture.seed)) == .certificateNotSigned)
    }

    @Test("A certificate has at most 126 collections of apps") func many() throws {
        let keys = DeviceKeys.random()
        func make(_ count: Int) throws -> Certificate {
            try Certificate(
                device: DeviceID(value: 1),
                signingKey: keys.signingKey,
                boxKey: keys.boxKey,
                collections: Dictionary(
                    uniqueKeysWithValues: (0..<count).map { (try! CollectionName("c\($0)"), true) }
                ),
                seed: fixture.seed
            )
        }
        #expect(try make(126).bytes.count <= Certificate.byteLimit)
        #expect(throws: ChainError.tooManyCollections) { try make(127) }
    }

    @Test("A membership is read as it was written, and its keys are those that the seed gives") func membership() throws
    {
        let generations: Set<UInt32> = [1, 70_000, .max]
        let made = try fixture.member(9, mayWrite: false, generations: [fixture.name: generations])
        let read = try Membership(made.encoded())
        #expect(read.certificate == made.certificate)
        #expect(read.rights == [fixture.name: false])
        #expect(read.deviceKeys.signingKey == made.deviceKeys.signingKey)
        let collection = try #require(read.collection(fixture.name))
        #expect(Set(collection.keys.keys) == generations)
        for (generation, key) in collection.keys {
            #expect(key.isSame(as: CollectionKey(of: fixture.name, generation: generation, seed: fixture.seed)))
        }
        #expect(KeyRing(name: fixture.name, membership: read)?.current == .max)
        let many = try fixture.member(9, generations: [fixture.name: Set(1...70)])
        #expect(many.collection(fixture.name).map { Set($0.keys.keys) } == Set(7...70))
        #expect(KeyRing(name: .requests, membership: read)?.current == 1)
        #expect(KeyRing(name: .collections, membership: read) == nil)
    }

    @Test("A membership that contradicts its certificate is refused") func contradictions() throws {
        let encoded = try array(fixture.member(9).encoded())
        let good = try Easysetup_Chain_V1_Membership(serializedBytes: encoded)
        let edits: [(inout Easysetup_Chain_V1_Membership) -> Void] = [
            { $0.deviceSecret.removeLast() },
            { $0.deviceSecret[0] ^= 1 },
            { $0.clearCertificate() },
            { $0.certificate.signature[0] ^= 1 },
            { $0.collections.removeLast() },
            { $0.collections.append($0.collections[0]) },
            { $0.collections[0].collection[0] ^= 1 },
            { $0.collections[0].name = "A" },
            { $0.collections[0].name = $0.collections[1].name },
            { $0.collections[0].keys = [] },
            { $0.collections[0].keys.append($0.collections[0].keys[0]) },
            { $0.collections[0].keys[0].generation = 0 },
            { $0.collections[0].keys[0].key.removeLast() },
        ]
        for (index, edit) in edits.enumerated() {
            var changed = good
            edit(&changed)
            let bytes: [UInt8] = try changed.serializedBytes()
            #expect(throws: ChainError.self, "edit \(index)") { try Membership(secret(bytes)) }
        }
        for count in 0..<encoded.count {
            #expect(throws: ChainError.self) { try Membership(secret(Array(encoded.prefix(count)))) }
        }
    }

    @Test("Neither printing nor mirrors show a key of a member") func printing() throws {
        let member = try fixture.member(9)
        var text = "\(member) \(member.deviceKeys) \(fixture.ring.currentKey)"
        dump((member, member.deviceKeys, fixture.ring.currentKey), to: &text)
        #expect(!text.contains("secret"))
        #expect(Mirror(reflecting: member).children.isEmpty)
        #expect(Mirror(reflecting: member.deviceKeys).children.isEmpty)
        #expect(Mirror(reflecting: fixture.ring.currentKey).children.isEmpty)
    }

    @Test("A key change is opened by the devices that stay, and only the seed can make one") func keyChange() throws {
        let (stays, goes) = (try fixture.member(9), try fixture.member(10))
        let change = try KeyChange(
            of: fixture.name,
            generation: 2,
            // The removal may have been read after the devices were.
            devices: [stays.device: stays.deviceKeys.boxKey, goes.device: goes.deviceKeys.boxKey],
            removed: [goes.device, DeviceID(value: 3)],
            seed: fixture.seed,
            entropy: fixture.entropy
        )
        #expect(change.removed == [goes.device, DeviceID(value: 3)])
        #expect(Set(change.boxes.keys) == [stays.device])
        let stamp = Stamp(generation: 1, time: 1_000, writer: fixture.writer)
        func signature(_ content: [UInt8]) -> [UInt8] {
            fixture.seed.chainSignature(for: ChainLabel.signed(ChainLabel.keyChange, stamp, content))
        }
        let read = try KeyChange(
            content: change.content,
            signature: signature(change.content),
            stamp: stamp,
            place: fixture.place
        )
        #expect(read == change)
        var ring = try #require(KeyRing(name: fixture.name, membership: stays))
        let learned = [ring.learn(change), ring.learn(change)]
        #expect(learned == [true, false])
        #expect(ring.currentKey.isSame(as: CollectionKey(of: fixture.name, generation: 2, seed: fixture.seed)))
        #expect(opened(try #require(change.boxes[stays.device]), goes.deviceKeys) == nil)
        var other = try #require(KeyRing(name: fixture.name, membership: goes))
        let isLearned = other.learn(change)
        #expect(!isLearned)

        func error(_ content: [UInt8], _ signature: [UInt8], _ place: RecordPlace? = nil) -> RecordFault? {
            #expect(throws: RecordFault.self) {
                try KeyChange(content: content, signature: signature, stamp: stamp, place: place ?? fixture.place)
            }
        }
        let elsewhere = RecordPlace(
            userID: fixture.seed.userID,
            collection: CollectionID(of: .devices, seed: fixture.seed)
        )
        #expect(error(change.content, signature(change.content), elsewhere) == .malformed)
        let unbound = fixture.seed.chainSignature(for: ChainLabel.signed(ChainLabel.keyChange, change.content))
        #expect(error(change.content, unbound) == .malformed)
        #expect(error(change.content, try fixture.seed.signature(for: change.content)) == .malformed)
        #expect(error(change.content, stays.deviceKeys.signature(ChainLabel.keyChange, change.content)) == .malformed)
        #expect(error(change.content + [0], signature(change.content)) == .malformed)
        let message = try Easysetup_Chain_V1_KeyChangeContent(serializedBytes: change.content)
        let edits: [(inout Easysetup_Chain_V1_KeyChangeContent) -> Void] = [
            { $0.generation = 1 }, { $0.boxes.append($0.boxes[0]) }, { $0.boxes[0].device.removeLast() },
            { $0.boxes[0].box.removeLast() }, { $0.collection.removeLast() },
            { $0.removed.append($0.removed[0]) }, { $0.removed[0].removeLast() },
        ]
        for (index, edit) in edits.enumerated() {
            var changed = message
            edit(&changed)
            let bytes: [UInt8] = try changed.serializedBytes()
            #expect(error(bytes, signature(bytes)) == .malformed, "edit \(index)")
        }
    }

    @Test("Earlier keys are those that the seed gives, and are taken from a record of their generation alone")
    func earlierKeys() throws {
        let earlier = EarlierKeys(of: fixture.name, generation: 90, earlier: [1, 5, 70], seed: fixture.seed)
        let stamp = Stamp(generation: 90, time: 1_000, writer: fixture.writer)
        func bytes(_ content: RecordContent) throws -> [UInt8] {
            try RecordCodec.bytes(previous: 3, content: content, stamp: stamp, keys: fixture.ring)
        }
        let plaintext = try bytes(.earlierKeys(earlier))
        let read = try RecordCodec.content(of: plaintext, stamp: stamp, place: fixture.place)
        #expect(read.content == .earlierKeys(earlier))
        #expect(try bytes(read.content) == plaintext)
        guard case .earlierKeys(let found) = read.content else { return }
        #expect(found.generations == [1, 5, 70])
        #expect(found.key(of: 2) == nil)
        for generation in found.generations {
            let key = try #require(found.key(of: generation))
            #expect(key.isSame(as: CollectionKey(of: fixture.name, generation: generation, seed: fixture.seed)))
        }
        var ring = try #require(
            KeyRing(name: fixture.name, membership: fixture.member(9, generations: [fixture.name: [90]]))
        )
        #expect(ring.key(of: 5) == nil)
        let learned = [ring.learn(found), ring.learn(found)]
        #expect(learned == [true, false])
        #expect(ring.current == 90)
        #expect(ring.generations == [1, 5, 70, 90])
        var text = "\(found) \(read.content)"
        dump(found, to: &text)
        #expect(!text.contains("secret") && Mirror(reflecting: found).children.isEmpty)

        func error(_ plaintext: [UInt8], _ generation: UInt32 = 90, _ place: RecordPlace? = nil) -> RecordFault? {
            let stamp = Stamp(generation: generation, time: 1_000, writer: fixture.writer)
            return #expect(throws: RecordFault.self) {
                try RecordCodec.content(of: plaintext, stamp: stamp, place: place ?? fixture.place)
            }
        }
        let devices = CollectionID(of: .devices, seed: fixture.seed)
        #expect(error(plaintext, 91) == .malformed)
        #expect(error(plaintext, 90, RecordPlace(userID: fixture.seed.userID, collection: devices)) == .malformed)
        let message = try Easysetup_Chain_V1_EarlierKeysContent(serializedBytes: array(found.content))
        let keys = try fixture.member(9).deviceKeys
        func record(
            _ label: String = ChainLabel.earlierKeys,
            by device: Bool = false,
            _ edit: (inout Easysetup_Chain_V1_EarlierKeysContent) -> Void
        ) throws -> [UInt8] {
            var changed = message
            edit(&changed)
            let content: [UInt8] = try changed.serializedBytes()
            var record = Easysetup_Chain_V1_ChainRecord()
            record.earlierKeys.content = .init(content)
            let signed = ChainLabel.signed(label, stamp, content)
            record.earlierKeys.signature = .init(
                device ? keys.signature(label, content) : fixture.seed.chainSignature(for: signed)
            )
            return try record.serializedBytes()
        }
        #expect(throws: Never.self) {
            try RecordCodec.content(of: record { _ in }, stamp: stamp, place: fixture.place)
        }
        #expect(try error(record(ChainLabel.keyChange) { _ in }) == .malformed)
        #expect(try error(record(by: true) { _ in }) == .malformed)
        let edits: [(inout Easysetup_Chain_V1_EarlierKeysContent) -> Void] = [
            { $0.collection.removeLast() }, { $0.generation = 91 }, { $0.keys = [] }, { $0.keys.swapAt(0, 1) },
            { $0.keys.append($0.keys[2]) }, { $0.keys[0].generation = 0 }, { $0.keys[2].generation = 90 },
            { $0.keys[1].key.removeLast() },
        ]
        for (index, edit) in edits.enumerated() {
            #expect(try error(record(ChainLabel.earlierKeys, by: false, edit)) == .malformed, "edit \(index)")
        }
    }

    @Test("A box that was sealed to a device is one of libsodium's, and opens under no other key or when changed")
    func boxes() throws {
        let (one, two) = (DeviceKeys.random(), DeviceKeys.random())
        func seal(_ bytes: [UInt8], _ key: [UInt8]) -> [UInt8]? {
            SealedBox.seal(secret(bytes), to: key, ephemeral: .random(count: 32))
        }
        let box = try #require(seal([1, 2, 3], one.boxKey))
        #expect(box.count == 3 + SealedBox.overhead)
        #expect(opened(box, one) == [1, 2, 3])
        #expect(opened(box, two) == nil)
        for index in box.indices {
            var changed = box
            changed[index] ^= 1
            #expect(opened(changed, one) == nil, "byte \(index)")
        }
        #expect(opened([], one) == nil)
        #expect(seal([1], [UInt8](repeating: 0, count: 32)) == nil)
        #expect(seal([1], [1]) == nil)
    }
}
