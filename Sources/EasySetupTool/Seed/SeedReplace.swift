import ArgumentParser
import EasySetup
import EasySetupSeed

/// `easysetup seed replace`: stores a seed in place of the one that is stored, of which a copy is kept.
struct SeedReplace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Stores a seed read from standard input or a picture in place of the stored one.",
        discussion:
            "It asks before another seed takes the place of the stored one. A sealed copy of the old seed is kept for 30 days; easysetup seed restore brings it back."
    )

    @OptionGroup var store: StoreOptions
    @OptionGroup var seal: SealOptions
    @OptionGroup var picture: PictureOption
    @OptionGroup var common: CommonOptions
    @OptionGroup var screen: ScreenOptions
    @OptionGroup var nothing: NoArguments

    @Flag(help: "Put the seed in place of another one without asking.")
    var yes = false

    func run() async throws {
        try await common.run { output in
            try await SeedImport.keep(
                { try picture.seed() ?? WrittenSeed.read(isPlain: screen.isPlain) },
                in: store,
                seal,
                replacing: yes ? .always : .ifConfirmed,
                output
            )
        }
    }
}
