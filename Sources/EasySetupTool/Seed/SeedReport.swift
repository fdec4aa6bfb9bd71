import EasySetupSeed

/// The output about a seed.
struct SeedReport {
    let seed: SyncSeed
    /// Whether the report also shows the seed itself: its recovery phrase, its link and the link's QR code. The phrase comes last.
    let isRevealed: Bool
    /// Whether the QR code is shown, although the rest of the secret is not.
    var hasCode = false
    /// The things that a person can do in place of enlarging a window that is too small for the QR code, after a comma.
    var instead = ""

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
        if phrase != nil || link != nil, !Input.isTerminal { OutputFile.warn() }
        output.event(event, fields + more, people: people(heading))
        if phrase != nil, let link { output.say("\nSeed link:\n\(link)") }
        // The words are last, because a window shows the end of what is written, and the QR code may fill it.
        let words = phrase.map { "\nRecovery phrase:\n\(numbered($0))" }
        if let link, let code = QRCode(link) { say(code, above: words, output) }
        if let words { output.say(words) }
    }

    private func people(_ heading: String?) -> String {
        let lines = [
            "User id:                    \(seed.userID.fingerprint)",
            "User id (base64):           \(seed.userID.base64)",
            "Secretbox key fingerprint:  \(seed.secretboxKeyFingerprint)",
        ]
        return ((heading.map { [$0] } ?? []) + lines).joined(separator: "\n")
    }

    /// Writes the QR code in the form for this output. In a file it is dark on light. On a terminal that lacks colours,
    /// or room for it and the text below it, a sentence says so instead.
    private func say(_ code: QRCode, above text: String?, _ output: Output) {
        guard output.isTerminal else { return output.say("\n" + code.rendered(isColoured: false), isVerbatim: true) }
        let surface = Surface(isTerminal: true, variable: Variables.value)
        guard surface.hasColours else {
            return output.say("\nThis terminal shows no QR code: it has no colours, or its locale is not UTF-8.")
        }
        let picture = code.rendered()
        // The shell's prompt takes a line below.
        let needed = WindowSize(
            width: code.width + 2 * QRCode.quietZone,
            height: Self.lines(picture) + Self.lines(text) + 1
        )
        let window = WindowSize.current
        guard window.holds(needed) else {
            return output.say(
                "\nFor its QR code, make the window \(needed.lack(in: window)) and run this again\(instead)."
            )
        }
        output.say("\n" + picture, isVerbatim: true)
    }

    private static func lines(_ text: String?) -> Int {
        text?.split(separator: "\n", omittingEmptySubsequences: false).count ?? 0
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
