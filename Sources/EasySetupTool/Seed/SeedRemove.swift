import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupSeed

/// `easysetup seed remove`: removes the stored seed, and keeps a sealed copy for some time.
struct SeedRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Removes the stored seed, and keeps a sealed copy for 30 days.",
        discussion: """
            It asks for the first digits of its user id, so that no seed is removed by a slip. The copy is sealed under the store's \
            passphrase, or where the seed was stored without one, under a restore code that is shown once. \
            easysetup seed restore brings the copy back.
            """
    )

    @OptionGroup var store: StoreOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var nothing: NoArguments

    @Option(
        help: ArgumentHelp(
            "The user id of the seed to remove, or its first digits (at least 4); asked for without it.",
            valueName: "digits"
        )
    )
    var userId: String?

    @Flag(help: "Keep no copy, and remove earlier copies of this seed, too.")
    var noCopy = false

    func run() async throws {
        try await common.run { output in
            let opened = try await store.open(output)
            guard let access = try await opened.access() else { throw CommandError.noSeedStored }
            let userID = access.userID
            let isMembership = access.scope != .everything
            try await confirm(userID, isMembership ? "membership" : "seed", output)
            let code = RestoreCode.random()
            let copy = try await opened.sealingCopies(under: code.passphrase())
                .remove(userID, keepsCopy: !noCopy)
            let report = copy.map { CopyReport(copy: $0, code: opened.hasPassphrase ? nil : code.revealed()) }
            report?.warn()
            output.event(
                "removed",
                [("user_id", .string(userID.fingerprint))] + (report?.fields ?? []),
                people: ([
                    "This device no longer holds the \(isMembership ? "membership" : "seed") with the user id \(userID.fingerprint)."
                ]
                    + (report?.lines ?? ["No copy is kept."])).joined(separator: "\n")
            )
        }
    }

    /// Asks for the first digits of the user ID, unless they were given.
    private func confirm(_ stored: UserID, _ thing: String, _ output: Output) async throws(CommandError) {
        if let userId {
            guard FirstDigits(userId)?.fit(stored.fingerprint) == true else { throw .fingerprintDiffers }
            return
        }
        guard Input.isTerminal else { throw .nobodyToAsk(.userID) }
        var notes: [String] = []
        for _ in 0..<YesOrNo.tries {
            let reading = await output.askLine(
                """
                This removes the \(thing) from this device\(noCopy || thing != "seed" ? ", and keeps no copy" : ""). Its user id is:
                \(stored.fingerprint)
                To remove it, type at least the first \(FirstDigits.least) digits of the user id, or no: \u{20}
                """,
                notes: notes
            )
            guard case .line(let line) = reading else { throw .notConfirmed }
            if YesOrNo(line) == .no { throw .notConfirmed }
            guard line.byteCount <= 256, let typed = FirstDigits(line.revealed()) else {
                notes = ["Type the first digits of the user id (0 to 9 and a to f), at least \(FirstDigits.least)."]
                continue
            }
            if typed.fit(stored.fingerprint) { return }
            notes = ["The user id begins with other digits."]
        }
        throw .fingerprintDiffers
    }
}

/// The first digits of a user ID, as a person types them: capital letters and spaces do not matter.
struct FirstDigits {
    /// The fewest digits that name a seed.
    static let least = 4

    private let digits: String

    init?(_ text: String) {
        digits = YesOrNo.plain(text).filter { !$0.isWhitespace }
        guard digits.count >= Self.least, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
    }

    /// Whether a user ID begins with these digits.
    func fit(_ userID: String) -> Bool {
        userID.hasPrefix(digits)
    }

    /// Whether the name of a copy, which has only the first digits of the user ID, is meant.
    func fit(copy name: String) -> Bool {
        name.hasPrefix(digits) || digits.hasPrefix(name)
    }
}
