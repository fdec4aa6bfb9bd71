import EasySetup
import EasySetupChain
import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A renewal that is under way: its new seed and device id, in a folder of their own until everything is carried over. So a
/// call that was stopped goes on with the same chain.
///
/// The new seed takes the place of the old one in one step, and the device's id follows it. A program that ends in between
/// leaves the id where every command looks for it (``ChainDeviceFile/find(_:of:)``).
struct Renewal {
    let seed: SyncSeed
    let device: ChainDeviceFile
    let files: PrivateFiles

    /// Whether the new seed is in its place already, so that a call that was stopped had nothing left to do but to tidy up.
    static func isOver(_ store: FileSeedStore, folder: [UInt8], _ stored: SyncSeed) async throws -> Bool {
        guard let kept = try await store.below(ChainDeviceFile.renewal).load(), kept.isSame(as: stored) else {
            return false
        }
        _ = try await ChainDeviceFile.find(folder, of: stored.userID)
        try await tidy(ChainDeviceFile.renewalFiles(folder))
        return true
    }

    /// Makes a new seed, or takes that of a call that was stopped.
    static func begin(_ store: FileSeedStore, folder: [UInt8]) async throws -> Renewal {
        let pending = store.below(ChainDeviceFile.renewal)
        let files = ChainDeviceFile.renewalFiles(folder)
        let seed = try await pending.load()
        let used: SyncSeed
        if let seed {
            used = seed
        } else {
            used = SyncSeed.random(createdAt: UInt64(max(time(nil), 0)))
            try await pending.save(used, replacing: false)
        }
        var device = try await ChainDeviceFile.read(files, of: used.userID)
        if device == nil { device = try await ChainDeviceFile.make(files, of: used.userID, device: nil) }
        guard let device else { throw CommandError.internal }
        return Renewal(seed: used, device: device, files: files)
    }

    /// Puts the new seed in the place of the old one, of which a copy is kept.
    func finish(
        _ store: FileSeedStore,
        as name: String,
        at place: String,
        folder: [UInt8]
    ) async throws -> CopyReport? {
        var kept = device
        try await kept.joined(as: name, at: place, seen: time(nil) / 86_400)
        // The old chain's credentials go first, so that nothing asks for the new one's names by them.
        await KeptCredentials(PrivateFiles(path: folder)).remove()
        await KeptMemory.remove(PrivateFiles(path: folder))
        let code = RestoreCode.random()
        let sealing = try store.sealingCopies(under: code.passphrase())
        let saved = try await sealing.save(seed, replacing: true)
        _ = try await ChainDeviceFile.find(folder, of: seed.userID)
        try await Self.tidy(files)
        guard case .replaced(let path?) = saved,
            let copy = try await sealing.copies().first(where: { $0.path == path })
        else { return nil }
        return CopyReport(copy: copy, code: store.hasPassphrase ? nil : code.revealed())
    }

    private static func tidy(_ files: PrivateFiles) async throws {
        try await ChainDeviceFile.remove(files)
        await KeptCredentials(files).remove()
        try await files.remove("seed")
    }
}
