import ArgumentParser

/// `easysetup chain`: what paired devices keep together.
struct ChainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain",
        abstract: "Keep small records in step on paired devices.",
        usage: "",
        discussion: """
              easysetup chain put notes/1 < note.txt   on one device
              easysetup chain get notes/1              on another
            Where the store is: easysetup config service, or bucket. More: docs/chain.md.
            """,
        subcommands: [
            ChainPut.self, ChainGet.self, ChainList.self, ChainWatch.self, ChainDelete.self, ChainDevices.self,
            ChainRequests.self, ChainRemove.self, ChainLeave.self, ChainRenew.self, ChainCompact.self,
            ChainDeleteCollection.self, ChainDeleteAccount.self, ChainStatus.self, ImportVersion0.self,
        ]
    )
}
