import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `easysetup chain renew`: makes a chain with a new seed, and carries everything over.
struct ChainRenew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Makes a new chain with a new seed, with all data.",
        discussion: """
              easysetup chain renew

            It is the way to shut out a device that holds the seed. All other devices have to be paired anew. A sealed copy of \
            the old seed is kept for 30 days. It asks first, unless --yes is given. When it was stopped, doing it again goes on.
            """
    )

    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    @Flag(help: "Renew without asking.")
    var yes = false

    func run() async throws {
        try await common.run { output in
            if !yes { try output.needPerson() }
            let (opened, holder) = try await options.open(output)
            guard let seed = holder.seed else { throw ChainError.notHeld }
            if try await Renewal.isOver(opened, folder: options.store.folder.bytes, seed) {
                return tell(seed.userID, 0, [], nil, output)
            }
            let old = try await ChainSession.open(options, .writing, holder: .seed(seed), output)
            let others = try await old.chain.devices().filter { $0.id != old.device }
            if !yes { try await confirm(others, output) }
            output.onStop(.writing)
            let renewal = try await Renewal.begin(opened, folder: options.store.folder.bytes)
            let connection = try await ChainConnection.open(
                options.place,
                .seed(renewal.seed),
                renewal.files,
                output
            )
            output.onStop(.writing)
            let new = Chain(seed: renewal.seed, device: renewal.device.device, store: connection.store)
            let count = try await old.chain.renew(into: new) { progress in
                guard output.form == .people, progress.total > 1_000 else { return }
                output.prompt("\(progress.collection): \(progress.done) of \(progress.total) objects.\n")
            }
            let name = try options.deviceName.description
            try await new.join(name: name, platform: Platform.current.rawValue)
            let place = try options.place.place().key
            let report = try await renewal.finish(opened, as: name, at: place, old.files)
            report?.warn()
            output.onStop(nil)
            tell(renewal.seed.userID, count, others, report, output)
        }
    }

    private func confirm(_ others: [ChainDevice], _ output: Output) async throws(CommandError) {
        let list = others.map { "    \"\($0.shownName)\"" }.joined(separator: "\n")
        try await output.confirmDeletion(
            """
            This makes a new chain with a new seed, and carries all data over. What other devices write until they are paired \
            anew stays in the old chain.\(others.isEmpty ? "" : " They are:\n\(list)")
            """
        )
    }

    private func tell(
        _ userID: UserID,
        _ count: Int,
        _ others: [ChainDevice],
        _ report: CopyReport?,
        _ output: Output
    ) {
        let list = others.map { "    \"\($0.shownName)\"" }
        let pairing =
            others.isEmpty
            ? [] : ["These devices have to be paired anew, by easysetup seed remove and easysetup join on each:"] + list
        output.event(
            "renewed",
            [
                ("user_id", .string(userID.fingerprint)), ("objects", .integer(count)),
                ("devices", .list(others.map { .string($0.name) })),
            ] + (report?.fields ?? []),
            people: ([
                "This device is in a new chain, with the user id \(userID.fingerprint). \(count) objects were carried over."
            ] + pairing + (report.map { ["The old seed:"] + $0.lines } ?? [])).joined(separator: "\n")
        )
    }
}

/// A renewal that is under way: its new seed and device id, in a folder of their own until everything is carried over. So a
/// call that was stopped goes on with the same chain.
private struct Renewal {
    let seed: SyncSeed
    let device: ChainDeviceFile
    let files: PrivateFiles

    private static let folder = "renewal"

    /// Whether the new seed is in its place already, so that a call that was stopped had nothing left to do but to tidy up.
    static func isOver(_ store: FileSeedStore, folder: [UInt8], _ stored: SyncSeed) async throws -> Bool {
        guard let kept = try await store.below(Self.folder).load(), kept.isSame(as: stored) else { return false }
        try await tidy(PrivateFiles(path: folder + Array("/\(Self.folder)".utf8)))
        return true
    }

    /// Makes a new seed, or takes that of a call that was stopped.
    static func begin(_ store: FileSeedStore, folder: [UInt8]) async throws -> Renewal {
        let pending = store.below(Self.folder)
        let files = PrivateFiles(path: folder + Array("/\(Self.folder)".utf8))
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
        _ main: PrivateFiles
    ) async throws -> CopyReport? {
        // The device's id comes first: the old chain needs it no more.
        var kept = try await ChainDeviceFile.make(main, of: seed.userID, device: device.device)
        try await kept.joined(as: name, at: place, seen: time(nil) / 86_400)
        await KeptCredentials(main).remove()
        let code = RestoreCode.random()
        let sealing = try store.sealingCopies(under: code.passphrase())
        let saved = try await sealing.save(seed, replacing: true)
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
