import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupSeed

/// `easysetup seed inspect`: shows the user ID of a written seed without storing it.
struct SeedInspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Tells what a seed read from standard input stands for, and stores nothing.",
        discussion: "With --store and nothing on standard input, it tells of the stored seed."
    )

    @Option(help: ArgumentHelp("The folder of a stored seed, for when nothing comes in.", valueName: "dir"))
    var store: PathArgument?

    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var screen: ScreenOptions
    @OptionGroup var nothing: NoArguments

    @Flag(help: "Tell the recovery phrase and the seed link too: they ARE the secret.")
    var reveal = false

    func run() async throws {
        try await common.run { output in
            if !reveal, let store, Input.isTerminal,
                let membership = try await passphrase.open(store, output).loadMembership()
            {
                return MembershipReport(membership: membership).write(output)
            }
            let seed = try await seed(output)
            if reveal { try await output.confirmReveal() }
            SeedReport(seed: seed, isRevealed: reveal).write(output, event: "seed", heading: nil)
        }
    }

    private func seed(_ output: Output) async throws -> SyncSeed {
        guard let store else { return try WrittenSeed.read(isPlain: screen.isPlain) }
        if !Input.isTerminal, let seed = try WrittenSeed.readIfAny() { return seed }
        return try await passphrase.open(store, output).seed()
    }
}
