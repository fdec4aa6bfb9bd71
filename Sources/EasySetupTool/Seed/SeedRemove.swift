import ArgumentParser
import EasySetup
import EasySetupSeed

/// `easysetup seed remove`: removes the stored seed, and keeps a sealed copy for some time.
struct SeedRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Removes the stored seed, and keeps a sealed copy for 30 days.",
        discussion: """
            It asks for the fingerprint, so that no seed is removed by a slip. The copy is sealed under the store's \
            passphrase, or where the seed was stored without one, under a restore code that is shown once. \
            easysetup seed restore brings the copy back.
            """
    )

    @OptionGroup var store: StoreOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var nothing: NoArguments

    @Option(
        help: ArgumentHelp(
            "The fingerprint of the seed to remove, or its first digits (at least 4); asked for without it.",
            valueName: "digits"
        )
    )
    var fingerprint: String?

    @Flag(help: "Keep no copy, and remove earlier copies of this seed, too.")
    var noCopy = false

    func run() async throws {
        try await common.run { output in
            let opened = try await store.open(output)
            guard let seed = try await opened.load() else { throw CommandError.noSeedStored }
            try await confirm(seed.userID, output)
            let code = RestoreCode.random()
            let copy = try await opened.sealingCopies(under: code.passphrase())
                .remove(seed.userID, keepsCopy: !noCopy)
            let report = copy.map { CopyReport(copy: $0, code: opened.hasPassphrase ? nil : code.revealed()) }
            output.event(
                "removed",
                [("user_id", .string(seed.userID.fingerprint))] + (report?.fields ?? []),
                people: (["This device no longer holds the seed of chain \(seed.userID.fingerprint)."]
                    + (report?.lines ?? ["No copy is kept."])).joined(separator: "\n")
            )
        }
    }

    /// Asks for the fingerprint, unless it was given.
    private func confirm(_ userID: UserID, _ output: Output) async throws(CommandError) {
        if let fingerprint {
            guard Fingerprint(fingerprint)?.fits(userID.fingerprint) == true else { throw .fingerprintDiffers }
            return
        }
        guard Input.isTerminal else { throw .nobodyToAsk(.fingerprint) }
        var notes: [String] = []
        for _ in 0..<YesOrNo.tries {
            let shown = notes
            // An earlier hidden question may have left typing hidden.
            TerminalMode.restore()
            let reading = await Keyboard.shared.line { _ in
                for note in shown { output.prompt(note + "\n") }
                output.prompt(
                    """
                    This removes the seed from this device. The fingerprint of its chain is:
                    \(userID.fingerprint)
                    To remove it, type the first eight digits of the fingerprint, or no: \u{20}
                    """
                )
            }
            guard case .line(let line) = reading else {
                if case .end = reading { _ = Verdict.isStopped() }
                throw .notConfirmed
            }
            if YesOrNo(line) == .no { throw .notConfirmed }
            guard line.byteCount <= 256, let typed = Fingerprint(line.revealed()) else {
                notes = ["Type digits of the fingerprint (0 to 9 and a to f), at least \(Fingerprint.least)."]
                continue
            }
            if typed.fits(userID.fingerprint) { return }
            notes = ["That is another fingerprint."]
        }
        throw .fingerprintDiffers
    }
}

/// The first digits of a fingerprint, as a person types them: capital letters and spaces do not matter.
struct Fingerprint {
    /// The fewest digits that name a seed.
    static let least = 4

    private let digits: String

    init?(_ text: String) {
        digits = YesOrNo.plain(text).filter { !$0.isWhitespace }
        guard digits.count >= Self.least, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
    }

    /// Whether a fingerprint, or the name of a copy, begins with these digits, or these begin with all of the name.
    func fits(_ fingerprint: String) -> Bool {
        fingerprint.hasPrefix(digits)
    }

    /// Whether the name of a copy, which has only the first digits of its fingerprint, is meant.
    func fits(copy name: String) -> Bool {
        name.hasPrefix(digits) || digits.hasPrefix(name)
    }
}
