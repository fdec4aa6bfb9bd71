import EasySetupSeed

/// The output about a seed.
struct SeedReport {
    let seed: SyncSeed
    /// Whether the report also shows the seed itself: its recovery phrase, its link and the link's QR code.
    let isRevealed: Bool
    /// Whether the QR code is shown, although the rest of the secret is not.
    var hasCode = false

    /// Writes the event about the seed. `more` has the command's own fields, which follow the seed's.
    /// - Parameter heading: the first line for people.
    func write(_ output: Output, event: String, heading: String?, more: [(String, JSONValue)] = []) {
        let phrase = isRevealed ? seed.recoveryPhrase.revealed() : nil
        let link = isRevealed || hasCode ? seed.link.revealed() : nil
        var fields: [(String, JSONValue)] = [
            ("user_id", .string(seed.userID.fingerprint)),
            ("user_id_base64", .string(seed.userID.base64)),
            ("secretbox_key_fingerprint", .string(seed.secretboxKeyFingerprint)),
        ]
        if let phrase { fields.append(("recovery_phrase", .string(phrase))) }
        if let link { fields.append(("link", .string(link))) }
        output.event(event, fields + more, people: people(heading, phrase, link))
        if let link, let code = QRCode(link) { Self.say(code, output) }
    }

    private func people(_ heading: String?, _ phrase: String?, _ link: String?) -> String {
        var lines = heading.map { [$0] } ?? []
        lines += [
            "User id (fingerprint):      \(seed.userID.fingerprint)",
            "User id (base64):           \(seed.userID.base64)",
            "Secretbox key fingerprint:  \(seed.secretboxKeyFingerprint)",
        ]
        if let phrase, let link {
            lines += ["", "Recovery phrase:", numbered(phrase), "", "Seed link:", link]
        }
        return lines.joined(separator: "\n")
    }

    /// Writes the QR code in the form for this output. In a file it is dark on light. On a terminal that lacks colours
    /// or room, it is replaced by a sentence that says so.
    private static func say(_ code: QRCode, _ output: Output) {
        guard output.isTerminal else { return output.say("\n" + code.rendered(isColoured: false), isVerbatim: true) }
        let surface = Surface(isTerminal: true, variable: Variables.value)
        let width = code.width + 2 * QRCode.quietZone
        guard surface.hasColours else {
            return output.say("\nThis terminal shows no QR code: it has no colours, or its locale is not UTF-8.")
        }
        guard width <= WindowSize.current.width else {
            return output.say("\nFor a QR code, make the window \(width) columns wide.")
        }
        output.say("\n" + code.rendered(), isVerbatim: true)
    }

    /// The words in up to four numbered columns, as many as fit, to be written down.
    private func numbered(_ phrase: String) -> String {
        let words = phrase.split(separator: " ")
        let columns = min(4, max(1, (WindowSize.current.width - 1) / 14))
        let cells = words.indices.map { index in
            let cell = "\(index + 1 < 10 ? " " : "")\(index + 1). \(words[index])"
            return cell + String(repeating: " ", count: max(0, 14 - cell.count))
        }
        return stride(from: 0, to: cells.count, by: columns)
            .map { cells[$0..<min($0 + columns, cells.count)].joined() }
            .joined(separator: "\n")
    }
}

/// Asks for a yes before a secret is shown. Without a terminal, `--reveal` counts as the yes.
/// - Parameter files: the files to which the secret is to be written, if it is not to be shown.
func confirmReveal(_ output: Output, files: [PathArgument] = []) async throws(CommandError) {
    guard Input.isTerminal else { return }
    let names = files.map(\.defaultValueDescription).joined(separator: " and ")
    let question =
        !files.isEmpty
        ? "Write its QR code to \(names)?"
        : output.isTerminal ? "Show it on this screen?" : "Write it where the output goes?"
    let verdict = await Verdict.ask(help: Help.reveal) { notes, _ in
        // An earlier hidden question may have left typing hidden.
        TerminalMode.restore()
        return await Keyboard.shared.line { _ in
            for note in notes { output.prompt(note + "\n") }
            output.prompt(
                """
                What comes next IS the secret: whoever sees or photographs it has all that these devices share, for good.
                \(question) Type yes, or no: \u{20}
                """
            )
        }
    }
    guard verdict == .yes else { throw .notConfirmed }
}
