import ArgumentParser
import EasySetup
import EasySetupSeed
import Logging

/// The seed store's location and passphrase, for the commands that open one.
struct StoreOptions: SharedOptions {
    @OptionGroup var place: StoreFolder
    @OptionGroup var passphrase: PassphraseOptions

    /// The folder that `--store` names, or else the default folder.
    var folder: PathArgument {
        get throws(PairingUsage) { try place.folder }
    }

    /// Opens the store. If its seed is sealed and the options name no passphrase file, asks for the passphrase on the
    /// terminal.
    /// - Parameter output: the output that shows the question.
    func open(_ output: Output) async throws -> FileSeedStore {
        try await passphrase.open(folder, output)
    }

    /// Checks whether a seed can be stored, before a person is asked for one.
    func check() async throws {
        try await FileSeedStore(path: folder.bytes).check()
    }
}

/// The seed store's location.
struct StoreFolder: SharedOptions {
    @Option(
        help: ArgumentHelp(
            "The folder that holds the seed.",
            discussion: "Default: easysetup in $XDG_DATA_HOME, else ~/.local/share/easysetup.",
            valueName: "dir"
        )
    )
    var store: PathArgument?

    /// The folder that `--store` names, or else the default folder.
    /// - Throws: ``PairingUsage/storeMissing`` if there is neither.
    var folder: PathArgument {
        get throws(PairingUsage) {
            if let store { return store }
            guard let folder = Variables.store else { throw .storeMissing }
            Variables.makeFolders(of: folder.bytes)
            return folder
        }
    }
}

/// The options about the passphrase of a sealed (encrypted) store.
struct PassphraseOptions: SharedOptions {
    @Option(
        help: ArgumentHelp(
            "A file whose first line is the passphrase that seals the seed.",
            discussion: "Without it, the passphrase of a sealed seed is asked for on the terminal.",
            valueName: "file"
        )
    )
    var passphraseFile: PathArgument?

    func open(_ folder: PathArgument, _ output: Output) async throws -> FileSeedStore {
        // A store that can't be read has its error below.
        await FileSeedStore(path: folder.bytes).forgetOldCopies()
        if let passphraseFile {
            let line = try Input.readLine(path: passphraseFile, limit: Passphrase.maximumBytes)
            let store = FileSeedStore(path: folder.bytes, passphrase: try Passphrase(line))
            // A person who gives a passphrase expects the stored seed to be sealed, so a seed that is stored in plain
            // form causes a warning.
            if try await store.kind() == .plain {
                Logger(label: "easysetup.store").warning(
                    "the stored seed is plain although a passphrase is given; import it again with the passphrase to seal it"
                )
            } else if try await !store.plainCopies().isEmpty {
                Logger(label: "easysetup.store").warning(
                    "copies of replaced seeds are plain although a passphrase is given; import the seed again with the passphrase to seal them"
                )
            }
            return store
        }
        let plain = FileSeedStore(path: folder.bytes)
        do throws(StoreError) {
            _ = try await plain.access()
            return plain
        } catch .seed(.passphraseNeeded) where Input.isTerminal {
            return FileSeedStore(path: folder.bytes, passphrase: try Self.ask("Passphrase: "))
        } catch {
            // This error is dropped, because the command either meets it again and reports it, or replaces the seed
            // that can't be read.
            return plain
        }
    }

    /// Asks a person for a passphrase.
    static func ask(_ question: String) throws -> Passphrase {
        try Passphrase(askText(question))
    }

    /// Asks a person for a line that is not shown.
    static func askText(_ question: String) throws -> UserText {
        var terminal = try HiddenTerminal()
        terminal.ask(question)
        defer { terminal.say("\n") }
        guard let line = try terminal.readLine(limit: Passphrase.maximumBytes) else { throw CommandError.stopped }
        return line
    }
}

/// The option to seal a new seed, for the commands that store one.
struct SealOptions: SharedOptions {
    @Flag(inversion: .prefixedNo, help: "Ask for a passphrase on the terminal and seal the seed under it.")
    var seal: Bool?

    /// If `--seal` is given without a passphrase file, asks for a new passphrase, and returns a store that seals the
    /// seeds it saves. Otherwise opens the store as ``StoreOptions/open(_:)`` does.
    func apply(to options: StoreOptions, _ output: Output) async throws -> FileSeedStore {
        guard needsPassphrase(options) else { return try await options.open(output) }
        return try newStore(options)
    }

    /// The store of a command that stores a seed only after a pairing, or after another question: as ``apply(to:_:)``,
    /// for a store that the command has opened already and found empty.
    func apply(toEmpty opened: FileSeedStore, of options: StoreOptions) throws -> FileSeedStore {
        needsPassphrase(options) ? try newStore(options) : opened
    }

    private func needsPassphrase(_ options: StoreOptions) -> Bool {
        seal == true && options.passphrase.passphraseFile == nil
    }

    /// Asks twice for a new passphrase.
    private func newStore(_ options: StoreOptions) throws -> FileSeedStore {
        guard Input.isTerminal else { throw CommandError.nobodyToAsk(.passphrase) }
        let first = try PassphraseOptions.ask("New passphrase: ")
        let second = try PassphraseOptions.ask("Once more: ")
        guard first.isSame(as: second) else { throw CommandError.passphrasesDiffer }
        return FileSeedStore(path: try options.folder.bytes, passphrase: first)
    }
}
