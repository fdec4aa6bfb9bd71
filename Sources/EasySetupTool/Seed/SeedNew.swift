import ArgumentParser
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

/// `easysetup seed new`: creates the seed of a new chain on its first device.
struct SeedNew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Makes a new seed, where none is stored."
    )

    @OptionGroup var store: StoreOptions
    @OptionGroup var seal: SealOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var nothing: NoArguments

    private static let heading = """
        A new seed is stored. It is the secret that your devices are to share. Its user id is public, and names the chain of \
        these devices.
        """

    func run() async throws {
        try await common.run { output in
            try await store.check()
            let store = try await seal.apply(to: store, output)
            switch try await store.access() {
            case .seed(let stored)?: throw CommandError.seedStored(stored.userID)
            case .membership(let stored)?: throw CommandError.membershipStored(stored.scope)
            case nil: break
            }
            let seed = SyncSeed.random(createdAt: UInt64(max(time(nil), 0)))
            try await store.save(seed, replacing: false)
            SeedReport(seed: seed, isRevealed: false).write(output, event: "created", heading: Self.heading)
        }
    }
}
