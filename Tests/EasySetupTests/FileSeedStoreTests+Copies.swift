import EasySetup
import EasySetupSeed
import Foundation
import Testing

/// The copies of replaced and removed seeds, from the copy to its end.
extension FileSeedStoreTests {
    private static let day: TimeInterval = 86_400

    private func age(_ copy: FileSeedStore.SeedCopy, days: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -days * Self.day)],
            ofItemAtPath: copy.path
        )
    }

    private func bytes(_ copy: FileSeedStore.SeedCopy) throws -> SecretBytes {
        var bytes = Array(try Data(contentsOf: URL(filePath: copy.path)))
        return SecretBytes(wiping: &bytes)
    }

    @Test("A removed seed is gone, and its copy is sealed and can be restored") func remove() async throws {
        let seed = SyncSeed.random(createdAt: 7)
        try await store.save(seed, replacing: false)
        let code = try passphrase("a restore code")
        let copy = try #require(try await store.sealingCopies(under: code).remove(seed.userID))
        #expect(try await store.load() == nil)
        #expect(copy.kind == .sealed)
        #expect(copy.name == String(seed.userID.fingerprint.prefix(16)))
        #expect(try await store.copies() == [copy])
        #expect(try scratch.mode("seed.\(copy.name).old") == 0o600)
        let days = Double(copy.keptUntil) - Date().timeIntervalSince1970
        #expect(abs(days - 30 * Self.day) < Self.day)
        await #expect(throws: StoreError.seed(.passphraseNeeded)) { try await store.restore(copy, passphrase: nil) }
        await #expect(throws: StoreError.seed(.wrongPassphrase)) {
            try await store.restore(copy, passphrase: passphrase("another"))
        }
        let restored = try #require(try await store.restore(copy, passphrase: code))
        #expect(restored.isSame(as: seed) && restored.createdAt == 7)
        #expect(try await store.kind() == .plain)
        #expect(try scratch.names() == ["lock", "seed"])
        #expect(try await store.restore(copy, passphrase: code) == nil, "a copy that is gone was restored")
    }

    @Test("A seed that is sealed stays so, as a copy and when it is restored") func removeSealed() async throws {
        let seed = SyncSeed.random()
        let passphrase = try passphrase("one")
        let sealed = FileSeedStore(folder: scratch.store, passphrase: passphrase)
        try await sealed.save(seed, replacing: false)
        let file = try scratch.data("seed")
        let copy = try #require(
            try await sealed.sealingCopies(under: self.passphrase("unused")).remove(seed.userID)
        )
        #expect(try Data(contentsOf: URL(filePath: copy.path)) == file)
        #expect(try await sealed.restore(copy, passphrase: passphrase) != nil)
        #expect(try await sealed.kind() == .sealed)
    }

    @Test("A store without a passphrase keeps its copies as it keeps the seed: plain, its owner's alone, and dated")
    func plainCopy() async throws {
        let (old, new) = (SyncSeed.random(), SyncSeed.random())
        try await store.save(old, replacing: false)
        try await store.save(new, replacing: true)
        #expect(try await store.remove(new.userID) != nil)
        let copies = try await store.copies()
        #expect(copies.count == 2)
        for copy in copies {
            #expect(copy.kind == .plain)
            #expect(try scratch.mode("seed.\(copy.name).old") == 0o600)
            let days = Double(copy.keptUntil) - Date().timeIntervalSince1970
            #expect(abs(days - Double(FileSeedStore.copyDays) * Self.day) < Self.day)
        }
    }

    @Test("A store that keeps no copies leaves nothing of a seed that it replaced or removed") func noCopies()
        async throws
    {
        let (old, new) = (SyncSeed.random(), SyncSeed.random())
        try await store.save(old, replacing: false)
        try await store.save(new, replacing: true)
        try await store.save(old, replacing: true)
        let bare = store.keepingNoCopies()
        guard case .replaced(copy: nil) = try await bare.save(new, replacing: true) else {
            Issue.record("a copy was kept")
            return
        }
        // An earlier copy of the same seed goes with the seed.
        #expect(try await bare.remove(new.userID) == nil)
        #expect(try await bare.copies().map(\.name) == [String(old.userID.fingerprint.prefix(16))])
        // So does a file that can't be read, although nobody knows what it was.
        try await store.save(new, replacing: false)
        try scratch.put(Data("garbage".utf8), "seed")
        guard case .replaced(copy: nil) = try await bare.save(old, replacing: true) else {
            Issue.record("a copy was kept")
            return
        }
        #expect(try await bare.copies().count == 1)
    }

    @Test("Without a copy nothing of the seed stays, earlier copies included") func removeWithoutCopy() async throws {
        let seed = SyncSeed.random()
        try await store.save(seed, replacing: false)
        try await store.save(.random(), replacing: true)
        try await store.save(seed, replacing: true)
        #expect(try await store.remove(seed.userID, keepsCopy: false) == nil)
        #expect(try await !store.copies().contains { $0.name == String(seed.userID.fingerprint.prefix(16)) })
        #expect(try await store.load() == nil)
    }

    @Test("Only the seed that was meant is removed, and a copy does not replace another seed") func others()
        async throws
    {
        let (old, new) = (SyncSeed.random(), SyncSeed.random())
        try await store.save(old, replacing: false)
        let clash = StoreError.otherSeedStored(stored: old.userID, new: new.userID)
        await #expect(throws: clash) { try await store.remove(new.userID) }
        let copy = try #require(try await store.remove(old.userID))
        #expect(try await store.remove(old.userID) == nil)
        try await store.save(new, replacing: false)
        let other = StoreError.otherSeedStored(stored: new.userID, new: old.userID)
        await #expect(throws: other) { try await store.restore(copy, passphrase: nil) }
        #expect(try await store.copies() == [copy], "a refused restore lost the copy")
    }

    @Test("A copy lives for thirty days, and files that only look similar live on", arguments: 0...2)
    func expiry(way: Int) async throws {
        let seeds = (0..<3).map { _ in SyncSeed.random() }
        for seed in seeds { try await store.save(seed, replacing: true) }
        let copies = try await store.copies()
        #expect(copies.count == 2)
        try age(copies[0], days: 29.9)
        try age(copies[1], days: 30.1)
        let foreign = ["seed.mine.old", "seed.0123.old", "seed.unread-x.old", "other.0123456789abcdef.old"]
        for name in foreign {
            try scratch.put(Data("not ours".utf8), name)
            try FileManager.default.setAttributes(
                [.modificationDate: Date.distantPast],
                ofItemAtPath: scratch.store + "/" + name
            )
        }
        switch way {
        case 0: #expect(try await store.removeExpiredCopies() == 1)
        case 1: try await store.save(seeds[2], replacing: false)
        default: _ = try await store.remove(seeds[2].userID, keepsCopy: false)
        }
        #expect(try await store.copies().map(\.name) == [copies[0].name])
        for name in foreign { #expect(try scratch.names().contains(name), "\(name)") }
        #expect(try await store.removeExpiredCopies() == 0)
    }

    @Test("Sealing a plain copy later does not make it younger") func ageOfSealed() async throws {
        try await store.save(.random(), replacing: false)
        try await store.save(.random(), replacing: true)
        let copy = try #require(try await store.copies().first)
        try age(copy, days: 20)
        let old = try #require(try await store.copies().first)
        let sealed = FileSeedStore(folder: scratch.store, passphrase: try passphrase("one"))
        try await sealed.save(.random(), replacing: true)
        let now = try #require(try await sealed.copies().first { $0.name == copy.name })
        #expect(now.kind == .sealed && now.keptUntil == old.keptUntil)
        let content = try bytes(now)
        #expect(try SeedFile.kind(of: content) == .sealed)
    }
}
