import EasySetup
import EasySetupSeed
import Foundation
import Testing

@Suite("The seed store in a folder") struct FileSeedStoreTests {
    let scratch = Scratch()
    var store: FileSeedStore { FileSeedStore(folder: scratch.store) }

    @Test("Nothing is stored before anything is saved, and a look makes no folder") func empty() async throws {
        let loaded = try await store.load()
        #expect(loaded == nil)
        #expect(!FileManager.default.fileExists(atPath: scratch.store))
    }

    @Test("A saved seed is loaded, also by another program") func roundTrip() async throws {
        let seed = SyncSeed.random(createdAt: 5)
        #expect(try await store.save(seed, replacing: false) == .stored)
        let loaded = try #require(try await FileSeedStore(folder: scratch.store + "/").load())
        #expect(loaded.isSame(as: seed))
        #expect(loaded.createdAt == 5)
    }

    @Test("Only the owner can enter the folder and read its files, whatever the process's mask") func modes()
        async throws
    {
        try await store.save(.random(), replacing: false)
        try await store.save(.random(), replacing: true)
        #expect(try scratch.mode("") == 0o700)
        #expect(try scratch.names().count == 3)
        for name in try scratch.names() { #expect(try scratch.mode(name) == 0o600, "\(name)") }
    }

    @Test("The same seed again is no error and changes nothing") func idempotent() async throws {
        let seed = SyncSeed.random(createdAt: 5)
        try await store.save(seed, replacing: false)
        let before = try scratch.contents()
        let again = try SyncSeed(bytes: seed.withBytes { SecretBytes(copying: $0) }, createdAt: 9)
        #expect(try await store.save(again, replacing: false) == .alreadyStored)
        #expect(try await store.save(again, replacing: true) == .alreadyStored)
        #expect(try scratch.contents() == before)
    }

    @Test("Another seed is refused, and both chains are named") func clash() async throws {
        let (old, new) = (SyncSeed.random(), SyncSeed.random())
        try await store.save(old, replacing: false)
        let error = await #expect(throws: StoreError.self) { try await store.save(new, replacing: false) }
        #expect(error == .otherSeedStored(stored: old.userID, new: new.userID))
        let said = try #require(error).description
        #expect(said.contains(old.userID.fingerprint) && said.contains(new.userID.fingerprint))
        let loaded = try #require(try await store.load())
        #expect(loaded.isSame(as: old))
    }

    @Test("Replacing keeps a copy of the old seed") func replace() async throws {
        let (old, new) = (SyncSeed.random(), SyncSeed.random())
        try await store.save(old, replacing: false)
        let oldFile = try scratch.data("seed")
        let copy = "seed.\(old.userID.fingerprint.prefix(16)).old"
        #expect(try await store.save(new, replacing: true) == .replaced(copy: scratch.store + "/" + copy))
        let loaded = try #require(try await store.load())
        #expect(loaded.isSame(as: new))
        #expect(try scratch.data("seed.\(old.userID.fingerprint.prefix(16)).old") == oldFile)
        // The store gets the first seed again. Now it has a copy of each of the two seeds.
        try await store.save(old, replacing: true)
        #expect(try scratch.data("seed.\(new.userID.fingerprint.prefix(16)).old") != oldFile)
    }

    @Test("An unreadable seed is an error, is kept as a copy after an explicit yes, and is never lost") func damaged()
        async throws
    {
        try await store.save(.random(), replacing: false)
        for number in 1...2 {
            let damaged = try scratch.data("seed").dropLast()
            try scratch.put(damaged, "seed")
            await #expect(throws: StoreError.seed(.fileDamaged)) { _ = try await store.load() }
            await #expect(throws: StoreError.seed(.fileDamaged)) { try await store.save(.random(), replacing: false) }
            let copy = scratch.store + "/seed.unread-\(number).old"
            #expect(try await store.save(.random(), replacing: true) == .replaced(copy: copy))
            #expect(try scratch.data("seed.unread-\(number).old") == damaged)
        }
    }

    @Test("A file that is far too large is no seed and is left alone") func large() async throws {
        try await store.save(.random(), replacing: false)
        try scratch.put(Data(count: 1_100_000), "seed")
        await #expect(throws: StoreError.seed(.fileForeign)) { try await store.save(.random(), replacing: true) }
        #expect(try scratch.data("seed").count == 1_100_000)
    }
}

extension FileSeedStoreTests {
    @Test("A passphrase seals a saved seed, and opens it") func sealed() async throws {
        let seed = SyncSeed.random()
        let passphrase = try passphrase("one")
        let sealed = FileSeedStore(folder: scratch.store, passphrase: passphrase)
        try await sealed.save(seed, replacing: false)
        let loaded = try #require(try await sealed.load())
        #expect(loaded.isSame(as: seed))
        await #expect(throws: StoreError.seed(.passphraseNeeded)) { _ = try await store.load() }
        await #expect(throws: StoreError.seed(.passphraseNeeded)) { try await store.save(seed, replacing: false) }
        let other = FileSeedStore(folder: scratch.store, passphrase: try self.passphrase("two"))
        await #expect(throws: StoreError.seed(.wrongPassphrase)) { _ = try await other.load() }
        #expect(try await sealed.save(seed, replacing: false) == .alreadyStored)
    }

    @Test("A plain seed is sealed when it is saved again with a passphrase") func sealLater() async throws {
        let seed = SyncSeed.random()
        try await store.save(seed, replacing: false)
        let sealed = FileSeedStore(folder: scratch.store, passphrase: try passphrase("one"))
        #expect(try await sealed.save(seed, replacing: false) == .alreadyStored)
        await #expect(throws: StoreError.seed(.passphraseNeeded)) { _ = try await store.load() }
        let bytes = seed.withBytes { span in Data((0..<32).map { span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) })
        }
        for (name, data) in try scratch.contents() { #expect(data.range(of: bytes) == nil, "\(name)") }
    }

    @Test("The copy of a plain seed that is replaced under a passphrase is sealed under it, and opens")
    func sealedCopy()
        async throws
    {
        let old = SyncSeed.random(createdAt: 7)
        try await store.save(old, replacing: false)
        let passphrase = try passphrase("one")
        let sealed = FileSeedStore(folder: scratch.store, passphrase: passphrase)
        guard case .replaced(let copy?) = try await sealed.save(.random(), replacing: true) else {
            Issue.record("not replaced")
            return
        }
        let file = try scratch.data(String(copy.dropFirst(scratch.store.count + 1)))
        var bytes = Array(file)
        let secret = SecretBytes(wiping: &bytes)
        #expect(try SeedFile.kind(of: secret) == .sealed)
        let read = try SeedFile.read(secret, passphrase: passphrase)
        #expect(read.isSame(as: old) && read.createdAt == 7)
        #expect(try await sealed.kind() == .sealed)
        // The replaced file is encrypted already, so its copy has the same bytes.
        let before = try scratch.data("seed")
        guard case .replaced(let second?) = try await sealed.save(old, replacing: true) else {
            Issue.record("not replaced")
            return
        }
        #expect(try scratch.data(String(second.dropFirst(scratch.store.count + 1))) == before)
    }

    @Test(
        "Plain copies of earlier seeds are sealed when the store is, whatever is saved then",
        arguments: 0...2
    )
    func copiesSealedLater(way: Int) async throws {
        let seeds = (0..<3).map { SyncSeed.random(createdAt: UInt64($0)) }
        for seed in seeds { try await store.save(seed, replacing: true) }
        let copies = try scratch.names().filter { $0.hasSuffix(".old") }
        #expect(copies.count == 2)
        // `seed.new` is a draft, as a crash leaves it. `seed.mine.old` does not belong to the store.
        try scratch.put(scratch.data("seed"), "seed.new")
        try scratch.put(Data("not a seed".utf8), "seed.mine.old")
        let passphrase = try passphrase("one")
        let sealed = FileSeedStore(folder: scratch.store, passphrase: passphrase)
        #expect(try await sealed.plainCopies().map { String($0.dropFirst(scratch.store.count + 1)) } == copies)
        #expect(try await store.plainCopies().isEmpty, "a plain store has plain copies")
        switch way {
        case 0: try await sealed.save(seeds[2], replacing: false)
        case 1: try await sealed.save(.random(), replacing: true)
        default:
            try FileManager.default.removeItem(atPath: scratch.store + "/seed")
            try await sealed.save(.random(), replacing: false)
        }
        #expect(try await sealed.plainCopies().isEmpty)
        for (name, seed) in zip(copies.sorted(), seeds[..<2].sorted { $0.userID.fingerprint < $1.userID.fingerprint }) {
            var bytes = Array(try scratch.data(name))
            let secret = SecretBytes(wiping: &bytes)
            #expect(try SeedFile.kind(of: secret) == .sealed)
            let read = try SeedFile.read(secret, passphrase: passphrase)
            #expect(read.isSame(as: seed) && read.createdAt == seed.createdAt)
            #expect(try scratch.mode(name) == 0o600)
        }
        #expect(try scratch.data("seed.mine.old") == Data("not a seed".utf8))
        #expect(try !scratch.names().contains("seed.new"))
        // An older program encrypted the seed, but not the copies. Saving the same seed again encrypts the copies.
        let plain = SyncSeed.random()
        let other = Scratch()
        try await FileSeedStore(folder: other.store).save(plain, replacing: false)
        try scratch.put(other.data("seed"), "seed.0123456789abcdef.old")
        let stored = try #require(try await sealed.load())
        #expect(try await sealed.save(stored, replacing: false) == .alreadyStored)
        #expect(try await sealed.plainCopies().isEmpty)
    }

    @Test("A damaged plain copy can't be sealed, and the store reports it") func damagedCopy() async throws {
        try await store.save(.random(), replacing: false)
        let file = try scratch.data("seed")
        try scratch.put(file.dropLast() + [file.last! ^ 1], "seed.unread-1.old")
        let sealed = FileSeedStore(folder: scratch.store, passphrase: try passphrase("one"))
        let stored = try #require(try await sealed.load())
        #expect(try await sealed.save(stored, replacing: false) == .alreadyStored)
        #expect(try await sealed.plainCopies() == [scratch.store + "/seed.unread-1.old"])
    }

    func passphrase(_ text: String) throws -> Passphrase {
        var bytes = Array(text.utf8)
        return try Passphrase(SecretBytes(wiping: &bytes))
    }
}

@Suite("The seed store in memory") struct MemorySeedStoreTests {
    @Test("The store in memory keeps the same rules") func rules() async throws {
        let store = MemorySeedStore()
        #expect(try await store.save(.repeating(1), replacing: false) == .stored)
        #expect(try await store.save(.repeating(1), replacing: false) == .alreadyStored)
        await #expect(throws: StoreError.self) { try await store.save(.repeating(2), replacing: false) }
        #expect(try await store.save(.repeating(2), replacing: true) == .replaced(copy: nil))
        #expect(await store.replaced.count == 1)
        #expect(await store.load()?.isSame(as: .repeating(2)) == true)
    }
}

extension SyncSeed {
    static func repeating(_ byte: UInt8) -> SyncSeed {
        var bytes = [UInt8](repeating: byte, count: 32)
        return try! SyncSeed(bytes: SecretBytes(wiping: &bytes))
    }
}
