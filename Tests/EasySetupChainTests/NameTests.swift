import EasySetupSeed
import SeededRandom
import Testing

@testable import EasySetupChain

@Suite("Names of a chain") struct NameTests {
    let fixture = Fixture()

    @Test("All bytes have one text in base64url, and no other text is read as them") func base64() {
        var random = SplitMix(state: 1)
        for count in 0..<50 {
            let bytes = random.bytes(count)
            let text = Base64URL.text(bytes)
            #expect(text.utf8.count == Base64URL.characterCount(count))
            #expect(Base64URL.bytes(text) == bytes)
            #expect(Base64URL.bytes(text, count: count) == bytes)
            #expect(Base64URL.bytes(text, count: count + 1) == nil)
        }
        #expect(Base64URL.text([0xFB, 0xFF]) == "-_8")
        for bad in ["-_9", "+/8", "-_8=", "-_8A=", " -_8", "-_8\n", "A", "-_8AB", "\u{2d}\u{5f}\u{ff18}"] {
            #expect(Base64URL.bytes(bad) == nil, "\(bad)")
        }
    }

    @Test("The name of an app's collection is 1 to 64 lower-case letters, digits, dots, hyphens and underscores")
    func collectionNames() throws {
        for good in ["a", "notes", "0", "a.b-c_d", String(repeating: "z", count: 64)] {
            #expect(try CollectionName(good).text == good)
            #expect(try !CollectionName(good).isReserved)
        }
        for bad in ["", "A", "a b", "a/b", "easysetup/devices", "ä", "a\0", String(repeating: "z", count: 65)] {
            let error = #expect(throws: ChainError.self, "\(bad)") { try CollectionName(bad) }
            #expect(error?.code == .collectionName)
        }
        #expect(CollectionName(any: "easysetup/devices") == .devices)
        #expect(CollectionName.devices.isReserved)
        #expect(CollectionName(any: "easysetup/other") == nil)
    }

    @Test("The id of a collection depends on the seed and the name, and does not contain the name") func ids() throws {
        let other = try SyncSeed(bytes: secret([UInt8](repeating: 8, count: 32)))
        let ids = try [
            CollectionID(of: fixture.name, seed: fixture.seed), CollectionID(of: fixture.name, seed: other),
            CollectionID(of: CollectionName("note"), seed: fixture.seed),
            CollectionID(of: .devices, seed: fixture.seed),
        ]
        #expect(Set(ids).count == 4)
        for id in ids {
            #expect(id.text.utf8.count == 16)
            #expect(CollectionID(text: id.text) == id)
        }
        #expect(CollectionID(text: "AAAA") == nil)
        #expect(CollectionID(bytes: [UInt8](repeating: 0, count: 13)) == nil)
    }

    @Test("A device id and a user id are read only from their own texts") func deviceIDs() {
        let id = DeviceID(value: 0x0102_0304_0506_0708)
        #expect(id.bytes == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(id.text == "AQIDBAUGBwg")
        #expect(DeviceID(text: id.text) == id)
        for bad in ["AQIDBAUGBwh", "AQIDBAUGBw", "AQIDBAUGBwgA", ""] { #expect(DeviceID(text: bad) == nil) }
        let userID = fixture.seed.userID
        #expect(userID.nameText.utf8.count == 43)
        #expect(UserID(nameText: userID.nameText) == userID)
        #expect(UserID(nameText: userID.base64) == nil)
    }

    @Test("The names of a record's parts are read as what they were made of") func roundTrip() throws {
        var random = SplitMix(state: 2)
        for count in [1, 44, 676, 677, 678, 1_338, 1_339, 42_320] {
            let sealed = random.bytes(count)
            let names = ObjectName.names(of: sealed, time: 42, writer: fixture.writer, in: fixture.place)
            let read = try names.map { try ObjectName($0, in: fixture.place) }
            #expect(read.map(\.part) == Array(0..<names.count))
            #expect(read.allSatisfy { $0.record.parts == names.count && $0.record.time == 42 })
            #expect(Set(read.map(\.record)).count == 1)
            #expect(Array(read.map(\.portion).joined()) == sealed)
            #expect(zip(read, read.dropFirst()).allSatisfy { $0.isFollowed(by: $1) })
            #expect(read.dropLast().allSatisfy { $0.bytes.count == 677 })
            #expect(read.count == 1 || read[read.count - 1].bytes.count >= 17)
            #expect(zip(read, names).allSatisfy { $0.text(in: fixture.place) == $1 })
            #expect(names.allSatisfy { $0.utf8.count <= 1_024 })
            #expect(names.allSatisfy { $0.split(separator: "/").allSatisfy { $0.utf8.count <= 250 } })
        }
    }

    @Test("One part carries 633 bytes of plaintext, a record 42,276, and its names are full then") func sizes() throws {
        #expect(RecordLimits.singlePartBytes == 633)
        #expect(RecordLimits.plaintextBytes == 42_276)
        let full = [UInt8](repeating: 0, count: 633 + RecordSeal.overhead)
        let one = ObjectName.names(of: full, time: 42, writer: fixture.writer, in: fixture.place)
        #expect(one.map { $0.utf8.count } == [1_024])
        #expect(ObjectName.names(of: full + [0], time: 42, writer: fixture.writer, in: fixture.place).count == 2)
    }

    @Test("The order of names is the order of times") func order() throws {
        let times: [UInt64] = [1, 9, 10, 99_999, 1_700_000_000_000, 9_999_999_999_999]
        let names = times.map {
            ObjectName.names(of: [1], time: $0, writer: fixture.writer, in: fixture.place)[0]
        }
        #expect(names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } == names)
    }

    @Test("The text to list from a time on is less than every name of that time, and greater than earlier ones")
    func listing() throws {
        let time: UInt64 = 1_700_000_000_000
        let after = try #require(fixture.place.listing(from: time))
        #expect(after.hasPrefix(fixture.place.prefix))
        for value in [0, UInt64.max, 0xFB00_0000_0000_0000] {
            func name(_ time: UInt64) -> String {
                ObjectName.names(of: [1], time: time, writer: DeviceID(value: value), in: fixture.place)[0]
            }
            #expect(after.utf8.lexicographicallyPrecedes(name(time).utf8))
            #expect(!after.utf8.lexicographicallyPrecedes(name(time - 2).utf8))
            // No store takes the text for a folder of one of these names.
            #expect(!name(time - 1).hasPrefix(after + "/"))
        }
        #expect(fixture.place.listing(from: 0) == nil)
        #expect(fixture.place.listing(from: RecordTime.greatest + 1) == nil)
    }

    @Test("A name with anything else than the one form is refused with its reason") func refused() throws {
        let good = try fixture.names(value: 1_000)
        let one = try fixture.names(value: 300)[0]
        let prefix = fixture.place.prefix.utf8.count
        func change(_ name: String, _ offset: Int, _ text: String) -> String {
            let bytes = Array(name.utf8)
            let changed = bytes[..<(prefix + offset)] + Array(text.utf8) + bytes[(prefix + offset + text.utf8.count)...]
            return String(decoding: changed, as: UTF8.self)
        }
        func insert(_ name: String, _ offset: Int, _ text: String) -> String {
            let bytes = Array(name.utf8)
            return String(decoding: bytes[..<(prefix + offset)], as: UTF8.self) + text
                + String(decoding: bytes[(prefix + offset)...], as: UTF8.self)
        }
        let other = RecordPlace(
            userID: fixture.seed.userID,
            collection: CollectionID(of: .devices, seed: fixture.seed)
        )
        let cases: [(String, ObjectNameFault)] = [
            ("", .foreign), ("2" + one.dropFirst(), .foreign), (other.prefix + one.dropFirst(prefix), .foreign),
            (String(one.prefix(prefix)), .layout), (String(one.prefix(prefix + 55)), .layout),
            (insert(one, 0, "0"), .layout), (change(one, 13, "_"), .layout), (change(one, 25, "-"), .layout),
            (change(one, 48, "-"), .layout), (change(one, 51, "/"), .layout), (change(one, 54, "-"), .layout),
            (change(one, 0, "a"), .time), (change(one, 0, "0000000000000"), .time), (change(one, 0, "+"), .time),
            (change(one, 24, "h"), .writer), (change(one, 14, "+"), .writer),
            (change(one, 47, "B"), .id), (change(one, 26, "."), .id),
            (change(one, 12, "1"), .id), (change(one, 14, "B"), .id), (change(one, 120, "-"), .id),
            (change(good[0], 52, "03"), .id),
            (change(one, 49, "01"), .part), (change(one, 52, "00"), .part), (change(one, 52, "65"), .part),
            (change(one, 49, "a0"), .part),
            (change(one, 52, "02"), .length), (change(one, 305, "A"), .length), (change(one, 76, "/"), .length),
            (one + "/", .length), (insert(one, 55, "/"), .length),
            (change(one, 76, "="), .character), (change(one, 76, "%"), .character),
            (String(good[0].dropLast()), .length), (good[0] + "A", .tooLong),
            (change(good[1], 52, "03"), .length),
            (good[1].prefix(prefix + 55) + String(repeating: "A", count: 22), .length),
        ]
        for (name, fault) in cases {
            let found = #expect(throws: ObjectNameFault.self, "\(name)") { try ObjectName(name, in: fixture.place) }
            #expect(found == fault, "\(name)")
        }
    }

    @Test("A digest is the first half of a SHA-256, and has the order of its bytes") func digests() {
        let digest = PartDigest(of: Array("abc".utf8))
        let bytes: [UInt8] = [
            0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF, 0xEA, 0x41, 0x41, 0x40, 0xDE, 0x5D, 0xAE, 0x22, 0x23,
        ]
        #expect(digest.bytes == bytes)
        #expect(PartDigest(bytes: bytes) == digest)
        #expect(PartDigest(bytes: bytes.dropLast()) == nil)
        let digests = (0..<100).map { PartDigest(of: [$0]) }
        #expect(
            digests.sorted().map(\.bytes) == digests.map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) }
        )
    }
}
