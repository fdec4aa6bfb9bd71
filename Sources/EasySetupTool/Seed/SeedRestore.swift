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
            "Which copy, where there are several: its name or first digits, as easysetup seed copies shows it.",
            valueName: "digits"
        )
    )
    var fingerprint: String?

    func run() async throws {
        try await common.run { output in
            let plain = FileSeedStore(path: try store.folder.bytes)
            await plain.forgetOldCopies()
            let copy = try choose(await plain.copies())
            let (key, isCode) = copy.kind == .plain ? (nil, true) : try passphrase(output)
            // What a restore code opens was stored without a passphrase, and is so again.
            let store = isCode ? plain : FileSeedStore(path: try store.folder.bytes, passphrase: key)
            guard let seed = try await store.restore(copy, passphrase: key) else { throw CommandError.noCopy }
            SeedReport(seed: seed, isRevealed: false)
                .write(output, event: "restored", heading: "The seed is stored again, and its copy is gone.")
        }
    }

    private func choose(_ copies: [FileSeedStore.SeedCopy]) throws(CommandError) -> FileSeedStore.SeedCopy {
        let fitting = copies.filter { copy in
            guard let fingerprint else { return true }
            return copy.name == fingerprint || Fingerprint(fingerprint)?.fits(copy: copy.name) == true
        }
        guard let first = fitting.first else { throw .noCopy }
        guard fitting.count == 1 else { throw .severalCopies }
        return first
    }

    private func passphrase(_ output: Output) throws -> (Passphrase?, isCode: Bool) {
        let text: UserText
        if let file = passphrase.passphraseFile {
            text = try Input.readLine(path: file, limit: Passphrase.maximumBytes)
        } else {
            guard Input.isTerminal else { throw CommandError.nobodyToAsk(.passphrase) }
            text = try PassphraseOptions.askText("Passphrase or restore code (it is not shown): ")
        }
        switch RestoreCode(typed: text) {
        case .some(let code): return (try code.passphrase(), true)
        case .none: return (try Passphrase(text), false)
        }
    }
}
