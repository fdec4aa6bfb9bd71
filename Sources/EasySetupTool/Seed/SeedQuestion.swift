import EasySetupChain
import EasySetupSeed

extension Output {
    /// Asks a question of a command that has no ``Stage``, and waits for a line. Control-C and Control-D end the program,
    /// which then says that it was stopped.
    /// - Parameters:
    ///   - text: the question. A space at its end stands before the answer.
    ///   - notes: sentences about the last answer.
    func askLine(_ text: String, notes: [String] = []) async -> Keyboard.Reading {
        // An earlier hidden question may have left typing hidden.
        TerminalMode.restore()
        Signals.onStop { [self] in
            // The cursor is behind the question.
            prompt("\n")
            failed(CommandError.stopped)
            TerminalMode.finish()
            Self.end(ExitCodes.code(for: CommandError.stopped.name))
        }
        defer { Signals.onStop(nil) }
        let reading = await Keyboard.shared.line { _ in
            for note in notes { prompt(note + "\n") }
            prompt(text)
        }
        if case .end = reading { _ = Verdict.isStopped() }
        return reading
    }

    /// Asks for a yes before a stored seed makes way for another one.
    /// - Parameters:
    ///   - stored: the stored seed's user ID; nil if its file can't be read.
    ///   - new: the user ID of the seed that takes its place.
    /// - Throws: ``CommandError/notConfirmed`` unless the answer is yes, and ``CommandError/nobodyToAsk(_:)`` where nobody
    ///   can answer.
    func confirmReplacement(of stored: ChainAccess?, by new: UserID) async throws(CommandError) {
        guard Input.isTerminal else { throw .nobodyToAsk(.replacement) }
        let old = stored.map { stored in
            switch stored {
            case .seed: "Another seed is stored on this device. Its user id is:\n\(stored.userID.fingerprint)"
            case .membership:
                """
                A membership of another chain is stored on this device, of which no copy will be kept. Its user id is:
                \(stored.userID.fingerprint)
                """
            }
        }
        let question = """
            \(old ?? "A seed that can't be read is stored on this device.")
            The user id of the seed that you have given is:
            \(new.fingerprint)
            Type yes to put it in place of the stored one, or no: \u{20}
            """
        let verdict = await Verdict.ask(help: Help.replace) { notes, _ in await askLine(question, notes: notes) }
        guard verdict == .yes else { throw .notConfirmed }
    }

    /// Asks for a yes before a secret is shown. Without a terminal, `--reveal` counts as the yes.
    /// - Parameter files: the files to which the secret is to be written, if it is not to be shown.
    func confirmReveal(files: [PathArgument] = []) async throws(CommandError) {
        guard Input.isTerminal else { return }
        let names = files.map(\.defaultValueDescription).joined(separator: " and ")
        let question =
            !files.isEmpty
            ? "Write its QR code to \(names)?"
            : isTerminal ? "Show it on this screen?" : "Write it where the output goes?"
        let open = files.isEmpty && OutputFile.isOpenToOthers ? OutputFile.warning + "\n" : ""
        let verdict = await Verdict.ask(help: Help.reveal) { notes, _ in
            await askLine(
                """
                What comes next IS the secret: whoever sees or photographs it has all that these devices share, for good.
                \(open)\(question) Type yes, or no: \u{20}
                """,
                notes: notes
            )
        }
        guard verdict == .yes else { throw .notConfirmed }
    }
}
