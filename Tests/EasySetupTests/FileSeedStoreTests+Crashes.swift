import EasySetup
import EasySetupSeed
import Foundation
import Testing

/// Crashes in the middle of a save, and programs that save at once.
extension FileSeedStoreTests {
    @Test(
        "After a crash at any step of the first save the store holds no seed or the new one",
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
    @Test("After a crash at any step of a replacement the store holds the old seed or the new one", arguments: 1...11)
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

    @Test("Of programs that save at once one succeeds, and the others get an error that says so") func concurrent()
        async throws
    {
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

    @Test("A cancelled wait for the lock ends as busy") func busy() async throws {
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
