import ArgumentParser

/// `easysetup seed`: creates, shows, imports and checks a seed without a relay.
struct SeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed",
        abstract: "Make, show, import, replace or remove the seed.",
        subcommands: [
            SeedNew.self, SeedShow.self, SeedImport.self, SeedReplace.self, SeedRemove.self, SeedCopies.self,
            SeedRestore.self, SeedInspect.self,
        ]
    )
}
