import ArgumentParser

/// `easysetup seed`: creates, shows, imports and checks a seed without a relay.
struct SeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed",
        abstract: "Make, show, import, replace or remove the seed.",
        discussion: """
            A seed is the secret that all your devices share: 32 random bytes. The devices with the same seed are a chain. \
            The user id, 64 digits made from the seed, is public and names the chain: compare it to see whether two devices \
            are in the same one.
            """,
        subcommands: [
            SeedNew.self, SeedShow.self, SeedImport.self, SeedReplace.self, SeedRemove.self, SeedCopies.self,
            SeedRestore.self, SeedInspect.self,
        ]
    )
}
