import ArgumentParser

/// `easysetup chain`: what paired devices keep together.
struct ChainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain",
        abstract: "Read what paired devices keep together.",
        subcommands: [ImportVersion0.self]
    )
}
