import ArgumentParser

/// `easysetup seed`: creates, shows, imports and checks a seed without a relay.
struct SeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed",
        abstract: "Make, show, import or inspect a sync seed.",
        subcommands: [SeedNew.self, SeedShow.self, SeedImport.self, SeedInspect.self]
    )
}
