import ArgumentParser
import EasySetup
import EasySetupSeed

/// `easysetup seed restore`: stores the seed of a copy again.
struct SeedRestore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Brings back the copy of a removed or replaced seed.",
        discussion: """
            The copy opens by the passphrase that the seed was sealed under, or by the restore code that was shown when the \
            seed was removed; it is asked for, or read from --passphrase-file. The seed is sealed again as it was. Another \
            seed that is stored stays: remove it first.
            """
    )

    @OptionGroup var store: StoreFolder
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var nothing: NoArguments

    @Option(
        help: ArgumentHelp(
            "Which copy, where there are several: the first digits of its user id, or its name, as easysetup seed copies shows it.",
            valueName: "digits"
        )
    )
    var userId: String?

    func run() async throws {
        try await common.run { output in
            let plain = FileSeedStore(path: try store.folder.bytes)
            await plain.forgetOldCopies()
            let copy = try choose(await plain.copies())
            guard let seed = try await open(copy, in: plain) else { throw CommandError.noCopy }
            SeedReport(seed: seed, isRevealed: false)
                .write(output, event: "restored", heading: "The seed is stored again, and its copy is gone.")
        }
    }

    private func choose(_ copies: [FileSeedStore.SeedCopy]) throws(CommandError) -> FileSeedStore.SeedCopy {
        let fitting = copies.filter { copy in
            guard let userId else { return true }
            return copy.name == userId || FirstDigits(userId)?.fit(copy: copy.name) == true
        }
        guard let first = fitting.first else { throw .noCopy }
        guard fitting.count == 1 else { throw .severalCopies }
        return first
    }

    /// Opens a copy, and stores its seed.
    private func open(_ copy: FileSeedStore.SeedCopy, in plain: FileSeedStore) async throws -> SyncSeed? {
        if copy.kind == .plain { return try await plain.restore(copy, passphrase: nil) }
        let text = try secret()
        let code = RestoreCode(typed: text)
        do throws(StoreError) {
            // A copy that a restore code opens was stored without a passphrase, and is so again.
            if let key = try? code?.passphrase() { return try await plain.restore(copy, passphrase: key) }
        } catch .seed(.wrongPassphrase) {
            // A passphrase may have the form of a restore code.
        }
        let key = try Passphrase(text)
        let sealed = FileSeedStore(path: try store.folder.bytes, passphrase: key)
        do throws(StoreError) { return try await sealed.restore(copy, passphrase: key) } catch .seed(.wrongPassphrase) {
            throw code != nil ? CommandError.wrongRestoreCode : CommandError.copyNotOpened
        }
    }

    /// The passphrase or restore code, from the file or from a person.
    private func secret() throws -> UserText {
        if let file = passphrase.passphraseFile {
            return try Input.readLine(path: file, limit: Passphrase.maximumBytes)
        }
        guard Input.isTerminal else { throw CommandError.nobodyToAsk(.passphrase) }
        return try PassphraseOptions.askText("Passphrase or restore code (it is not shown): ")
    }
}
