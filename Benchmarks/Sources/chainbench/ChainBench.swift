import ArgumentParser

/// One device of a chain, in a process of its own: so the memory and the CPU time that the system counts are its own. Run by
/// `scripts/bench-chain`. Each command prints one line of JSON.
@main
struct ChainBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chainbench",
        abstract: "Be one device of a chain at a real store, and count what it takes.",
        subcommands: [
            FillCommand.self, NewcomerCommand.self, TurnsCommand.self, CompactCommand.self, SessionsCommand.self,
        ]
    )
}
