import EasySetupSeed
import Testing

@Suite("Sync seeds") struct SyncSeedTests {
    @Test("A seed is 32 bytes and nothing else", arguments: [0, 1, 31, 33, 64]) func length(count: Int) {
        #expect(throws: SeedError.wrongLength) { try SyncSeed(bytes: SecretBytes(zeros: count)) }
    }

    @Test("Two random seeds are two users") func random() {
        let (one, two) = (SyncSeed.random(), SyncSeed.random(createdAt: 7))
        #expect(!one.isSame(as: two))
        #expect(one.userID != two.userID)
        #expect((one.createdAt, two.createdAt) == (0, 7))
    }

    @Test("The same bytes are the same seed, whenever they were made") func same() {
        #expect(Sample.seed().isSame(as: Sample.seed(createdAt: 1)))
    }

    @Test("The seed derives the keys that deployed browsers derive") func figures() {
        let seed = Sample.seed()
        #expect(seed.userID.fingerprint == "f58ca446f0c33ee7e8e9874466da442b2e764afd77ad46034bdff9e01f9b87d4")
        #expect(seed.userID.base64 == "9YykRvDDPufo6YdEZtpEKy52Sv13rUYDS9/54B+bh9Q=")
        let isKey = seed.secretboxKey().isEqual(
            to: secret(bytes: "3f36b2accde947ab30e273f8ec0bd5a1547d31b7cf5637e1cb4885409b5da829")
        )
        #expect(isKey)
    }

    @Test("A signature holds for its message and its user only") func signature() throws {
        let seed = Sample.seed()
        let signature = try seed.signature(for: [1, 2, 3])
        #expect(seed.userID.isValid(signature: signature, for: [1, 2, 3]))
        #expect(!seed.userID.isValid(signature: signature, for: [1, 2, 4]))
        #expect(!seed.userID.isValid(signature: signature.dropLast(), for: [1, 2, 3]))
        #expect(!SyncSeed.random().userID.isValid(signature: signature, for: [1, 2, 3]))
        #expect(seed.userID.isValid(signature: try seed.signature(for: []), for: []))
    }

    @Test("What begins like a message of the chain is signed by the chain's call alone, whatever the first byte is")
    func refusedMessages() throws {
        let (seed, prefix) = (Sample.seed(), Array("easysetup/".utf8))
        for first in UInt8.min...UInt8.max {
            for message in [[first] + prefix, [first] + prefix + [1]] {
                #expect(throws: SeedError.signatureRefused) { try seed.signature(for: message) }
                #expect(seed.userID.isValid(signature: seed.chainSignature(for: message), for: message))
            }
        }
        for message in [prefix, [0] + prefix.dropLast(), [0, 0] + prefix, [0] + Array("Easysetup/".utf8)] {
            #expect(seed.userID.isValid(signature: try seed.signature(for: message), for: message))
        }
    }

    @Test("A user id is 32 bytes") func userID() {
        #expect(UserID(bytes: [UInt8](repeating: 1, count: 31)) == nil)
        #expect(UserID(bytes: [UInt8](repeating: 1, count: 33)) == nil)
        #expect(UserID(bytes: Sample.seed().userID.bytes) == Sample.seed().userID)
    }

    @Test("Derived keys differ by info and have the length asked for") func ownKeys() throws {
        let seed = Sample.seed()
        let one = try seed.derivedKey(info: "easysetup/one", count: 32)
        let two = try seed.derivedKey(info: "easysetup/two", count: 100)
        let isSame = one.isEqual(to: two.bytes.extracting(first: 32))
        #expect(!isSame)
        #expect((one.count, two.count) == (32, 100))
    }

    @Test(
        "A key that could be another's, or is no key, is refused",
        arguments: [
            ("", 32), ("\u{0}", 32), ("\u{1}", 32), ("easysetup", 32), ("easysetup/", 32), ("Easysetup/x", 32),
            ("easysetup/chain/", 32), ("easysetup/chain/key/1/notes", 32), ("easysetup/x", 0), ("easysetup/x", -1),
            ("easysetup/x", 16_321),
        ]
    ) func refusedKeys(info: String, count: Int) {
        #expect(throws: SeedError.derivedKeyRefused) {
            _ = try Sample.seed().derivedKey(info: info, count: count).count
        }
    }

    @Test("No print, mirror or dump of a seed or a passphrase shows a part of it") func reflection() throws {
        let seed = Sample.seed()
        let passphrase = try Passphrase(secret("open sesame"))
        var shown = "\(seed) \(passphrase) " + String(describing: seed) + String(reflecting: seed)
        print(seed, passphrase, to: &shown)
        debugPrint(seed, passphrase, to: &shown)
        dump(seed, to: &shown)
        dump(passphrase, to: &shown)
        dump([seed], to: &shown)
        for child in Mirror(reflecting: seed).children { shown += "\(child)" }
        #expect(Mirror(reflecting: seed).children.isEmpty)
        #expect(Mirror(reflecting: passphrase).children.isEmpty)
        for part in ["5bb5", "91, 181", "forum", "sesame", "0x"] { #expect(!shown.lowercased().contains(part)) }
    }
}

/// Locked bytes from hex.
private func secret(bytes hex: String) -> SecretBytes {
    let digits = Array(hex)
    return secret(stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16)! })
}
