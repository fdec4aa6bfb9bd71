import SyncSeed

/// Asks a person at a terminal for a seed in any written form, and for single words of a phrase again where these are wrong.
struct SeedPrompt: ~Copyable {
    private var terminal: HiddenTerminal
    private let output: Output
    /// What was typed so far: a phrase may come in several lines.
    private var text = SecretBytes(zeros: 0)
    /// Why what was typed last is no seed.
    private var failure: SeedError?

    private static let question = "Type or paste the seed (it is not shown), then press Enter; an empty line ends it.\n"

    init(_ terminal: consuming HiddenTerminal, _ output: Output) {
        self.terminal = terminal
        self.output = output
    }

    /// Asks until there is a seed, or until an empty line gives up.
    /// - Throws: what was wrong with what was typed last, or ``CommandError``.
    mutating func ask() throws -> SyncSeed {
        terminal.ask(Self.question)
        while true {
            guard let lines = try terminal.readLines(limit: SyncSeed.maximumWrittenBytes), !lines.isBlank else {
                if text.count > 0 || failure == nil { return try SyncSeed.read(written: text) }
                throw failure ?? .unreadable
            }
            if lines.isQuestion || text.count == 0 && lines.isSame(as: "help") {
                explain()
                continue
            }
            text = text.joined(with: lines)
            do throws(SeedError) {
                return try SyncSeed.read(written: text)
            } catch {
                if let seed = try goOn(after: error) { return seed }
            }
        }
    }

    /// What comes of a text that is no seed, or not yet.
    private mutating func goOn(after error: SeedError) throws -> SyncSeed? {
        switch error {
        case .phraseWordCount(let count) where count < 24:
            terminal.ask("\(count) of 24 words.\n")
            return nil
        case .unreadable where text.isOneWord:
            terminal.ask("1 of 24 words.\n")
            return nil
        case .phraseUnknownWords, .phraseChecksum:
            guard let correction = PhraseCorrection(text) else { break }
            return try correct(correction, error)
        default:
            break
        }
        failure = error
        text = SecretBytes(zeros: 0)
        terminal.ask("\(error.description) \(error.advice)\nType or paste it again; an empty line gives up.\n")
        return nil
    }

    /// Asks for one word after the other, until the phrase is right.
    /// - Returns: nil when the whole is to be typed again.
    private mutating func correct(_ correction: consuming PhraseCorrection, _ first: SeedError) throws -> SyncSeed? {
        var error = first
        while true {
            switch error {
            case .phraseUnknownWords(let words):
                try replaceWord(at: words[0].position, in: &correction, error)
            case .phraseChecksum:
                try replaceAnyWord(in: &correction)
            default:
                throw error
            }
            do throws(SeedError) { return try correction.seed() } catch let next { error = next }
        }
    }

    /// Asks for a word that the list has not, until it is one that it has.
    private mutating func replaceWord(at position: Int, in correction: inout PhraseCorrection, _ error: SeedError)
        throws
    {
        // Suggestions are for the person who typed the word, and stand on this screen alone.
        let near = correction.suggestions(at: position)
        let hint = near.isEmpty ? "" : " Is it \(near.joined(separator: " or "))?"
        while true {
            terminal.ask(
                "Word \(position) is not in the word list.\(hint) Type word \(position) alone; an empty line gives up: "
            )
            let line = try line(orThrow: error)
            if line.isQuestion {
                explain()
            } else if correction.replace(position, with: line) {
                return
            }
        }
    }

    /// Asks which word is another than was written down, and for that word.
    private mutating func replaceAnyWord(in correction: inout PhraseCorrection) throws {
        let error = SeedError.phraseChecksum
        output.prompt("\(error.description) \(error.advice)\n")
        while true {
            terminal.ask("Type the number of the wrong word; an empty line gives up: ")
            let line = try line(orThrow: error)
            if line.isQuestion {
                explain()
                continue
            }
            guard let position = line.number, 1...24 ~= position else { continue }
            while true {
                terminal.ask("Word \(position): ")
                let word = try self.line(orThrow: error)
                if correction.replace(position, with: word) { return }
                output.prompt("That is not in the word list. ")
            }
        }
    }

    /// A line that is not empty.
    private mutating func line(orThrow error: SeedError) throws -> SecretBytes {
        let line = try terminal.readLine(limit: 256)
        output.prompt("\n")
        guard let line, !line.isBlank else { throw error }
        return line
    }

    private func explain() {
        output.prompt(
            """
            A seed is written as 24 words, as a link that begins with easysetup-seed:, as 64 hex digits, or as 44 characters of
            base64. Paste it, or type it: words may come in several lines, with or without numbers, and the first four letters of
            each are enough. Nothing of it is shown here. A word that is wrong is asked for alone. Control-C stops.
            (Where help is the first word of a phrase, type it together with the second.)

            """
        )
    }
}

extension SecretBytes {
    fileprivate borrowing func contains(where fits: (UInt8) -> Bool) -> Bool {
        withUnsafeBytes { $0.contains(where: fits) }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte <= UInt8(ascii: " ") }

    fileprivate var isBlank: Bool { !contains { !Self.isSpace($0) } }

    fileprivate var isQuestion: Bool { isSame(as: "?") }

    /// Letters alone, as many as a word has: the beginning of a phrase.
    fileprivate var isOneWord: Bool {
        let letters = withUnsafeBytes { bytes in bytes.filter { !Self.isSpace($0) }.count }
        return 1...8 ~= letters
            && !contains { !Self.isSpace($0) && !(UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20) }
    }

    /// A number of one or two digits.
    fileprivate var number: Int? {
        withUnsafeBytes { bytes in
            let digits = bytes.filter { !Self.isSpace($0) && $0 != UInt8(ascii: ".") }
            guard 1...2 ~= digits.count, digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
                return nil
            }
            return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        }
    }

    /// Whether it is this text, but for white space around it.
    fileprivate borrowing func isSame(as text: StaticString) -> Bool {
        withUnsafeBytes { bytes in
            let trimmed = bytes.filter { !Self.isSpace($0) }
            return text.withUTF8Buffer { $0.elementsEqual(trimmed) }
        }
    }

    /// Both, with a line end between them.
    fileprivate borrowing func joined(with other: borrowing SecretBytes) -> SecretBytes {
        let whole = SecretBytes(zeros: count + 1 + other.count)
        let start = count + 1
        whole.withUnsafeMutableBytes { out in
            withUnsafeBytes { out.copyMemory(from: $0) }
            out[start - 1] = UInt8(ascii: "\n")
            other.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: out[start...]).copyMemory(from: $0) }
        }
        return whole
    }
}
