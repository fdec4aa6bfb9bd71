import ArgumentParser
import EasySetup
import EasySetupSeed

/// `easysetup seed show`: shows the user ID of the stored seed, and with `--reveal` the seed itself.
struct SeedShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows the stored seed's user id, and with --reveal the secret itself."
    )

    @OptionGroup var store: StoreOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var nothing: NoArguments

    @Flag(help: "Show the recovery phrase, the seed link and its QR code: they ARE the secret.")
    var reveal = false

    func run() async throws {
        try await common.run { output in
            guard let seed = try await store.open(output).load() else { throw CommandError.noSeedStored }
            if reveal { try await confirmReveal(output) }
            SeedReport(seed: seed, isRevealed: reveal).write(output, event: "seed", heading: nil)
        }
    }
}
