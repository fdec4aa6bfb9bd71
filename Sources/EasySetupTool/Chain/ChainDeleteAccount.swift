import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupS3
import EasySetupSeed

/// `easysetup chain delete-account`: deletes all that the chain has in the store, and its account at the service.
struct ChainDeleteAccount: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete-account",
        abstract: "Deletes all of the chain in the store, for good.",
        discussion: """
              easysetup chain delete-account

            All collections of all devices are deleted, and the account at the service, which takes this chain never again. \
            The seed stays on the devices. It asks for the first digits of the user id. Doing it again does no harm.
            """
    )

    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    @Option(
        help: ArgumentHelp(
            "The user id of the chain, or its first digits (at least 4); asked for without it.",
            valueName: "digits"
        )
    )
    var userId: String?

    func run() async throws {
        try await common.run { output in
            if userId == nil { try output.needPerson(.userID) }
            let holder = try await options.seedHolder(output)
            try check(holder.userID)
            let files = PrivateFiles(path: try options.store.folder.bytes)
            var count = 0
            do {
                let session = try await ChainSession.open(options, .leaving, holder: holder, output)
                // Names that another call has deleted may be deleted again.
                await session.chain.allowEmptyStore()
                if userId == nil {
                    let collections = try await session.collections().map(\.name)
                    let devices = try await session.chain.devices().map { "\"\($0.shownName)\"" }
                    output.onStop(nil)
                    try await confirm(holder.userID, collections, devices, output)
                    output.onStop(.writing)
                }
                count = try await session.chain.deleteEverything(progress: output.progress)
                if let service = session.connection.service {
                    try await service.deleteAccount()
                    // Another device may have written meanwhile. From now on none gets new credentials, and those of this
                    // device count still.
                    count += (try? await session.chain.deleteEverything()) ?? 0
                }
            } catch let error as ChainError where error.code == .accountDeleted {
                // An earlier call, or another device, has done it.
            }
            try await ChainDeviceFile.remove(files)
            await KeptCredentials(files).remove()
            await KeptMemory.remove(files)
            output.onStop(nil)
            output.event(
                "account-deleted",
                [("user_id", .string(holder.userID.fingerprint)), ("names", .integer(count))],
                people: """
                    All of the chain is deleted: \(count.counted("name")) from the store\(options.place.isService ? ", and its account at the service" : ""). \
                    This device still holds the seed.
                    """
            )
        }
    }

    /// Compares the digits that were given with the call, before anything is asked of the store.
    private func check(_ stored: UserID) throws(ChainUsage) {
        guard let userId else { return }
        guard let digits = FirstDigits(userId), digits.fit(stored.fingerprint) else { throw .otherUserID }
    }

    /// Names what is deleted, and asks for the digits.
    private func confirm(
        _ stored: UserID,
        _ collections: [String],
        _ devices: [String],
        _ output: Output
    ) async throws {
        let list = { (items: [String]) in items.isEmpty ? "none" : items.joined(separator: ", ") }
        var notes: [String] = []
        for _ in 0..<YesOrNo.tries {
            let reading = await output.askLine(
                """
                This deletes everything that all devices of the chain have in the store, for good.
                Collections: \(list(collections))
                Devices: \(list(devices))
                User id: \(stored.fingerprint)
                To delete it, type at least the first \(FirstDigits.least) digits of the user id, or no: \u{20}
                """,
                notes: notes
            )
            guard case .line(let line) = reading else { throw CommandError.notConfirmed }
            if YesOrNo(line) == .no { throw CommandError.notConfirmed }
            if line.byteCount <= 256, let typed = FirstDigits(line.revealed()), typed.fit(stored.fingerprint) { return }
            notes = ["The user id begins with other digits."]
        }
        throw ChainUsage.otherUserID
    }
}
