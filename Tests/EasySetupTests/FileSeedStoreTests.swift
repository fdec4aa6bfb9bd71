import EasySetup
import EasySetupSeed
import Foundation
import Testing

@Suite("Seed store in a folder") struct FileSeedStoreTests {
    let scratch = Scratch()
    var store: FileSeedStore { FileSeedStore(folder: scratch.store) }

    @Test("nothing is stored before anything is saved, and looking makes no folder") func empty() async throws {
        let loaded = try await store.load()
        #expect(loaded == nil)
        #expect(!FileManager.default.fileExists(atPath: scratch.store))
    }

    @Test("what is saved is loaded, also by another program") func roundTrip() async throws {
        let seed = SyncSeed.random(createdAt: 5)
        #expect(try await store.save(seed, replacing: false) == .stored)
        let loaded = try #require(try await FileSeedStore(folder: scratch.store + "/").load())
        #expect(loaded.isSame(as: seed))
        #expect(loaded.createdAt == 5)
    }

    @Test("only the owner can enter the folder and read its files, whatever the process's mask") func modes()
        async throws
    {
        try await store.save(.random(), replacing: false)
        try await store.save(.random(), replacing: true)
        #expect(try scratch.mode("") == 0o700)
        #expect(try scratch.names().count == 3)
        for name in try scratch.names() { #expect(try scratch.mode(name) == 0o600, "\(name)") }
    }

    @Test("the same seed again is fine and changes nothing") func idempotent() async throws {
        let seed = SyncSeed.random(createdAt: 5)
        try await store.save(seed, replacing: false)
        let before = try scratch.contents()
        let again = try SyncSeed(bytes: seed.withBytes { SecretBytes(copying: $0) }, createdAt: 9)
        #expect(try await store.save(again, replacing: false) == .alreadyStored)
        #expect(try await store.save(again, replacing: true) == .alreadyStored)
        #expect(try scratch.contents() == before)
    }

    @Test("another seed is refused, and both chains are named") func clash() async throws {
        let (old, new) = (SyncSeed.random(), SyncSeed.random())
        try await store.save(old, replacing: false)
        let error = await #expect(throws: StoreError.self) { try await store.save(new, replacing: false) }
        #expect(error == .otherSeedStored(stored: old.userID, new: new.userID))
        let said = try #require(error).description
        #expect(said.contains(old.userID.fingerprint) && said.contains(new.userID.fingerprint))
        let loaded = try #require(try await store.load())
        #expect(loaded.isSame(as: old))
    }

    @Test("replacing keeps a copy of the old seed") func replace() async throws {
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

    @Test("what can't be read is an error, is kept aside on an explicit yes, and never lost") func damaged()
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

    @Test("a file that is far too large is no seed and is left alone") func large() async throws {
        try await store.save(.random(), replacing: false)
        try scratch.put(Data(count: 5000), "seed")
        await #expect(throws: StoreError.seed(.fileForeign)) { try await store.save(.random(), replacing: true) }
        #expect(try scratch.data("seed").count == 5000)
    }
}

extension FileSeedStoreTests {
    @Test("a passphrase seals what is saved, and opens it") func sealed() async throws {
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

    @Test("a plain seed is sealed when it is saved again with a passphrase") func sealLater() async throws {
        let seed = SyncSeed.random()
        try await store.save(seed, replacing: false)
        let sealed = FileSeedStore(folder: scratch.store, passphrase: try passphrase("one"))
        #expect(try await sealed.save(seed, replacing: false) == .alreadyStored)
        await #expect(throws: StoreError.seed(.passphraseNeeded)) { _ = try await store.load() }
        let bytes = seed.withBytes { span in Data((0..<32).map { span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) })
        }
        for (name, data) in try scratch.contents() { #expect(data.range(of: bytes) == nil, "\(name)") }
    }

    @Test("the copy of a plain seed that is replaced under a passphrase is sealed under it, and opens")
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
        "copies of seeds that were replaced before are sealed when the store is, whatever is saved then",
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

    @Test("a damaged plain copy can't be sealed, and is told") func damagedCopy() async throws {
        try await store.save(.random(), replacing: false)
        let file = try scratch.data("seed")
        try scratch.put(file.dropLast() + [file.last! ^ 1], "seed.unread-1.old")
        let sealed = FileSeedStore(folder: scratch.store, passphrase: try passphrase("one"))
        let stored = try #require(try await sealed.load())
        #expect(try await sealed.save(stored, replacing: false) == .alreadyStored)
        #expect(try await sealed.plainCopies() == [scratch.store + "/seed.unread-1.old"])
    }

    private func passphrase(_ text: String) throws -> Passphrase {
        var bytes = Array(text.utf8)
        return try Passphrase(SecretBytes(wiping: &bytes))
    }
}

extension FileSeedStoreTests {
    @Test("a check finds what a save would, and leaves everything as it was") func check() async throws {
        try await store.check()
        #expect(!FileManager.default.fileExists(atPath: scratch.store))
        let deeper = FileSeedStore(folder: scratch.store + "/deeper/store")
        await #expect(throws: StoreError.missing) { try await deeper.check() }
        await #expect(throws: StoreError.forbidden) { try await FileSeedStore(folder: "/proc/store").check() }
        try await store.save(.random(), replacing: false)
        let before = try scratch.contents()
        try await store.check()
        #expect(try scratch.contents() == before)
        try scratch.setMode(0o750, "")
        await #expect(throws: StoreError.openToOthers) { try await store.check() }
        try scratch.setMode(0o700, "")
        let held = open(scratch.store + "/lock", O_RDWR)
        defer { close(held) }
        #expect(flock(held, LOCK_EX) == 0)
        let check = Task { [store] in try await store.check() }
        check.cancel()
        await #expect(throws: StoreError.busy) { try await check.value }
    }

    @Test("a path that is no UTF-8 is a path like any other") func oddPath() async throws {
        let store = FileSeedStore(path: Array(scratch.store.utf8) + [0xFF, 0x2F])
        try await store.save(.repeating(1), replacing: false)
        #expect(try await store.load()?.isSame(as: .repeating(1)) == true)
    }

    @Test("a folder or file that others can reach is refused", arguments: ["", "seed", "lock"], [0o750, 0o606, 0o720])
    func openToOthers(name: String, mode: Int) async throws {
        try await store.save(.random(), replacing: false)
        try scratch.setMode(mode, name)
        await #expect(throws: StoreError.openToOthers) { try await store.save(.random(), replacing: true) }
        if name != "lock" { await #expect(throws: StoreError.openToOthers) { _ = try await store.load() } }
    }

    @Test("links are not followed", arguments: ["", "seed", "lock"]) func links(name: String) async throws {
        try await store.save(.random(), replacing: false)
        let here = scratch.store + (name.isEmpty ? "" : "/" + name)
        try FileManager.default.moveItem(atPath: here, toPath: scratch.elsewhere)
        try FileManager.default.createSymbolicLink(atPath: here, withDestinationPath: scratch.elsewhere)
        await #expect(throws: StoreError.unfit) { try await store.save(.random(), replacing: true) }
        if name != "lock" { await #expect(throws: StoreError.unfit) { _ = try await store.load() } }
        if name == "" {
            let slashed = FileSeedStore(folder: scratch.store + "//")
            await #expect(throws: StoreError.unfit) { _ = try await slashed.load() }
        }
    }

    @Test("a link where the draft goes is replaced, and its target is not written to") func draftLink() async throws {
        try await store.save(.random(), replacing: false)
        try scratch.put(Data("mine".utf8), "../elsewhere")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.store + "/seed.new",
            withDestinationPath: scratch.elsewhere
        )
        try await store.save(.random(), replacing: true)
        #expect(try scratch.data("../elsewhere") == Data("mine".utf8))
    }

    @Test("a folder, a pipe or a file where the other should be is refused") func kinds() async throws {
        try scratch.makeStore()
        #expect(mkfifo(scratch.store + "/seed", 0o600) == 0)
        await #expect(throws: StoreError.unfit) { _ = try await store.load() }
        try FileManager.default.removeItem(atPath: scratch.store)
        try scratch.put(Data(), "../store")
        await #expect(throws: StoreError.unfit) { _ = try await store.load() }
        await #expect(throws: StoreError.unfit) { try await store.save(.random(), replacing: true) }
    }

    @Test("a missing folder above is said") func missing() async throws {
        let store = FileSeedStore(folder: scratch.store + "/deeper/store")
        await #expect(throws: StoreError.missing) { try await store.save(.random(), replacing: false) }
        #expect(try await store.load() == nil)
    }

    @Test("what belongs to another user is refused", .enabled(if: geteuid() == 0, "only root can give files away"))
    func owner() async throws {
        try await store.save(.random(), replacing: false)
        #expect(chown(scratch.store + "/seed", 12345, 12345) == 0)
        await #expect(throws: StoreError.notOurs) { _ = try await store.load() }
        #expect(chown(scratch.store, 12345, 12345) == 0)
        await #expect(throws: StoreError.notOurs) { try await store.save(.random(), replacing: true) }
    }
}

extension FileSeedStoreTests {
    @Test(
        "after a crash at any step of the first save there is no seed or the new one",
        arguments: PrivateFolder.Step.allCases
    )
    func crashInFirstSave(step: PrivateFolder.Step) async throws {
        let folder = scratch.store
        await #expect(processExitsWith: .exitCode(9)) {
            [folder = folder as String, step = step as PrivateFolder.Step] in
            try await FileSeedStore(folder: folder, crashingAt: step, time: 1).save(.repeating(2), replacing: false)
        }
        let isNew = step == .renamed || step == .committed
        let loaded = try await store.load()
        #expect((loaded != nil) == isNew)
        if let loaded { #expect(loaded.isSame(as: .repeating(2))) }
        try await store.save(.repeating(2), replacing: false)
        #expect(try scratch.names() == ["lock", "seed"])
    }

    // Step 1 is the lock. Steps 2 to 6 write the copy of the old seed, and steps 7 to 11 put the new seed in its place.
    @Test("after a crash at any step of a replacement the store holds the old seed or the new one", arguments: 1...11)
    func crashInReplacement(number: Int) async throws {
        try await store.save(.repeating(1), replacing: false)
        let folder = scratch.store
        let steps: [PrivateFolder.Step] = [.created, .filled, .synced, .renamed, .committed]
        let step = number == 1 ? .locked : steps[(number - 2) % 5]
        let time = number <= 6 ? 1 : 2
        await #expect(processExitsWith: .exitCode(9)) {
            [folder = folder as String, step = step as PrivateFolder.Step, time = time as Int] in
            try await FileSeedStore(folder: folder, crashingAt: step, time: time).save(.repeating(2), replacing: true)
        }
        let isNew = number >= 10
        let loaded = try #require(try await store.load())
        #expect(loaded.isSame(as: .repeating(isNew ? 2 : 1)))
        let copy = "seed.\(SyncSeed.repeating(1).userID.fingerprint.prefix(16)).old"
        let saved = try await store.save(.repeating(2), replacing: true)
        #expect(saved == (isNew ? .alreadyStored : .replaced(copy: scratch.store + "/" + copy)))
        #expect(try scratch.names() == ["lock", "seed", copy])
    }

    @Test("of programs that save at once one wins, and the others are told") func concurrent() async throws {
        let results = await withTaskGroup(of: Result<SaveOutcome, StoreError>.self) { group in
            for number in 1...8 {
                group.addTask { [folder = scratch.store] in
                    let store = FileSeedStore(folder: folder)
                    while true {
                        do throws(StoreError) {
                            return .success(try await store.save(.repeating(UInt8(number)), replacing: false))
                        } catch .busy {
                            // On a slow machine the other writers may take longer than the lock's longest wait.
                        } catch {
                            return .failure(error)
                        }
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.filter { $0 == .success(.stored) }.count == 1)
        let winner = try #require(try await store.load())
        for case .failure(let error) in results {
            guard case .otherSeedStored(let stored, _) = error.kind else {
                Issue.record("\(error)")
                continue
            }
            #expect(stored == winner.userID)
        }
        #expect(try scratch.names() == ["lock", "seed"])
    }

    @Test("a wait for the lock that is cancelled ends as busy") func busy() async throws {
        try await store.save(.repeating(1), replacing: false)
        let held = open(scratch.store + "/lock", O_RDWR)
        defer { close(held) }
        #expect(flock(held, LOCK_EX) == 0)
        let save = Task { [store] in try await store.save(.repeating(2), replacing: true) }
        save.cancel()
        await #expect(throws: StoreError.busy) { try await save.value }
        let loaded = try #require(try await store.load())
        #expect(loaded.isSame(as: .repeating(1)))
    }
}

@Suite("Seed store in memory") struct MemorySeedStoreTests {
    @Test("it keeps the same rules") func rules() async throws {
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
    fileprivate static func repeating(_ byte: UInt8) -> SyncSeed {
        var bytes = [UInt8](repeating: byte, count: 32)
        return try! SyncSeed(bytes: SecretBytes(wiping: &bytes))
    }
}

extension FileSeedStore {
    /// A store that ends the process, as a crash would, when it reaches `step` for the `time`-th time.
    fileprivate convenience init(folder: String, crashingAt step: PrivateFolder.Step, time: Int) {
        let counter = StepCounter()
        self.init(folder: folder, passphrase: nil, cost: .interactive) { reached in
            if reached == step, counter.next() == time { _exit(9) }
        }
    }
}

private final class StepCounter: @unchecked Sendable {
    // A plain variable is safe, because one task carries out the steps, one after the other.
    private var count = 0

    func next() -> Int {
        count += 1
        return count
    }
}

/// A folder for one test, which contains the folder of a store. `deinit` removes it.
final class Scratch: Sendable {
    private let root = FileManager.default.temporaryDirectory.appending(path: "easysetup-\(UUID().uuidString)").path

    var store: String { root + "/store" }
    var elsewhere: String { root + "/elsewhere" }

    init() {
        try! FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: root)
    }

    func makeStore() throws {
        try FileManager.default.createDirectory(
            atPath: store,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
    }

    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: store).sorted()
    }

    func contents() throws -> [String: Data] {
        try Dictionary(uniqueKeysWithValues: names().map { try ($0, data($0)) })
    }

    func data(_ name: String) throws -> Data {
        try Data(contentsOf: URL(filePath: store + "/" + name))
    }

    func put(_ data: Data, _ name: String) throws {
        let path = URL(filePath: store + "/" + name).standardizedFileURL.path
        try? FileManager.default.removeItem(atPath: path)
        #expect(FileManager.default.createFile(atPath: path, contents: data, attributes: [.posixPermissions: 0o600]))
    }

    func mode(_ name: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: store + "/" + name)[.posixPermissions] as? Int)
    }

    func setMode(_ mode: Int, _ name: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: store + "/" + name)
    }
}
