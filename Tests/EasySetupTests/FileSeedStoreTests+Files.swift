import EasySetup
import EasySetupSeed
import Foundation
import Testing

/// Folders, files and links that a store refuses, and paths of every kind.
extension FileSeedStoreTests {
    @Test("A check finds what a save would find, and leaves everything as it was") func check() async throws {
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

    @Test("A path that is no UTF-8 is used like any other") func oddPath() async throws {
        let store = FileSeedStore(path: Array(scratch.store.utf8) + [0xFF, 0x2F])
        try await store.save(.repeating(1), replacing: false)
        #expect(try await store.load()?.isSame(as: .repeating(1)) == true)
    }

    @Test("A folder or file that others can reach is refused", arguments: ["", "seed", "lock"], [0o750, 0o606, 0o720])
    func openToOthers(name: String, mode: Int) async throws {
        try await store.save(.random(), replacing: false)
        try scratch.setMode(mode, name)
        await #expect(throws: StoreError.openToOthers) { try await store.save(.random(), replacing: true) }
        if name != "lock" { await #expect(throws: StoreError.openToOthers) { _ = try await store.load() } }
    }

    @Test("Links are not followed", arguments: ["", "seed", "lock"]) func links(name: String) async throws {
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

    @Test("A link in place of the draft is replaced, and its target is not written to") func draftLink() async throws {
        try await store.save(.random(), replacing: false)
        try scratch.put(Data("mine".utf8), "../elsewhere")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.store + "/seed.new",
            withDestinationPath: scratch.elsewhere
        )
        try await store.save(.random(), replacing: true)
        #expect(try scratch.data("../elsewhere") == Data("mine".utf8))
    }

    @Test("A folder, a pipe or a file in the wrong place is refused") func kinds() async throws {
        try scratch.makeStore()
        #expect(mkfifo(scratch.store + "/seed", 0o600) == 0)
        await #expect(throws: StoreError.unfit) { _ = try await store.load() }
        try FileManager.default.removeItem(atPath: scratch.store)
        try scratch.put(Data(), "../store")
        await #expect(throws: StoreError.unfit) { _ = try await store.load() }
        await #expect(throws: StoreError.unfit) { try await store.save(.random(), replacing: true) }
    }

    @Test("An error names a missing folder above") func missing() async throws {
        let store = FileSeedStore(folder: scratch.store + "/deeper/store")
        await #expect(throws: StoreError.missing) { try await store.save(.random(), replacing: false) }
        #expect(try await store.load() == nil)
    }

    @Test("Another user's files are refused", .enabled(if: geteuid() == 0, "only root can give files away"))
    func owner() async throws {
        try await store.save(.random(), replacing: false)
        #expect(chown(scratch.store + "/seed", 12345, 12345) == 0)
        await #expect(throws: StoreError.notOurs) { _ = try await store.load() }
        #expect(chown(scratch.store, 12345, 12345) == 0)
        await #expect(throws: StoreError.notOurs) { try await store.save(.random(), replacing: true) }
    }
}
