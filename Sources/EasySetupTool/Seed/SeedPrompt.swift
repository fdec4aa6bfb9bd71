import EasySetupSeed

/// Asks a person at a terminal for a seed in any written form, and then for the right words in place of wrong ones.
struct SeedPrompt: ~Copyable {
    private var terminal: HiddenTerminal
    /// The parser of all input so far, because a phrase may come in several lines.
    private var reader = SeedReader()
    /// The number of words of the phrase so far.
    private var words = 0
    /// The number of words that were typed so far, those that are not in the list among them; nil if not all of the text
    /// was typed as words, a line at a time.
    private var typedWords: Int? = 0
    /// The reason why the last input is no seed.
    private var failure: SeedError?

    private static let question = "Type or paste the seed (it is not shown), then Enter; an empty line ends it.\n"

    init(_ terminal: consuming HiddenTerminal) {
        self.terminal = terminal
    }

    /// Asks until there is a seed, or until an empty line ends the questions.
    /// - Throws: the error of the last input, or ``CommandError``.
    mutating func ask() throws -> SyncSeed {
        terminal.ask(Self.question)
        while true {
            guard let lines = try terminal.readLines(limit: SyncSeed.maximumWrittenBytes, wordsBefore: words),
                !lines.isBlank
            else {
                if reader.isEmpty { throw failure ?? CommandError.stopped }
                return try reader.seed()
            }
            if lines.isSame(as: "?") || reader.isEmpty && lines.isSame(as: "help") {
                explain()
                continue
            }
            typedWords = lines.typedWords.flatMap { count in typedWords.map { $0 + count } }
            reader.append(line: lines)
            if let seed = try seed() { return seed }
        }
    }

    /// Asks for corrections of wrong words, and returns the seed; nil if the person has to type more text.
    private mutating func seed() throws -> SyncSeed? {
        while true {
            switch reader.reading {
            case .seed(let seed): return seed
            case .incomplete(let words):
                // The reader counts what it knows for a phrase. A person counts each word that was typed.
                let words = typedWords.map { min($0, 23) } ?? words
                self.words = words
                terminal.ask(
                    words > 0 ? "\(words) of 24 words.\n" : "That is no whole seed yet. Type or paste the rest of it.\n"
                )
                return nil
            case .wrongWords(let words): try replaceWord(words[0])
            case .failed(.phraseChecksum): try replaceAnyWord()
            case .failed(let error):
                failure = error
                reader = SeedReader()
                (words, typedWords) = (0, 0)
                terminal.ask(
                    "\(error.description) \(error.commandAdvice)\nType or paste it again; an empty line gives up.\n"
                )
                return nil
            }
        }
    }

    /// Asks for the right word in place of a word of the recovery phrase that is not in the word list for such phrases.
    private mutating func replaceWord(_ word: SeedError.UnknownWord) throws {
        let error = SeedError.phraseUnknownWords([word])
        // Suggestions are shown only on the screen of the person who typed the word.
        let near = reader.suggestions(forWord: word.position)
        // They stay on the screen only where no line can be rewritten.
        let hint = near.isEmpty || terminal.showsWords ? "" : " Is it \(near.joined(separator: " or "))?"
        // A question that names one word is answered by Enter and by yes.
        let ends =
            near.count == 1
            ? "Enter alone takes the word that is named, Control-C gives up" : "an empty line gives up"
        terminal.ask("\(error.description)\(hint) Type word \(word.position) alone; \(ends):\(answerPlace)")
        let only = near.count == 1 ? UserText(copying: near[0]) : nil
        try correct(word.position, with: line(orThrow: error, word: word.position, near: near, meant: only))
    }

    /// Asks for the position of the wrong word, and for the right word.
    private mutating func replaceAnyWord() throws {
        let error = SeedError.phraseChecksum
        terminal.say("\(error.description) \(error.commandAdvice)\n")
        while true {
            terminal.ask("Type the number of the wrong word; an empty line gives up: ")
            let line = try line(orThrow: error)
            if line.isSame(as: "?") {
                explain()
            } else if let position = line.number, 1...24 ~= position {
                terminal.ask("Word \(position):" + answerPlace)
                return try correct(position, with: self.line(orThrow: error, word: position))
            }
        }
    }

    /// Replaces a word. If there are still errors, the next question asks about them.
    private mutating func correct(_ position: Int, with line: UserText) throws {
        if line.isSame(as: "?") { return explain() }
        do throws(SeedError) {
            try reader.correct(word: position, to: line)
        } catch  where error.code == .phraseUnknownWords {
            // The new word is not in the word list either. No message is needed, because the next question asks for the
            // word again, with similar words of the list.
        } catch {
            terminal.say("That is not one word. ")
        }
    }

    /// The text between a question for a word and its answer. The line about the word needs a line of its own.
    private var answerPlace: String { terminal.showsWords ? "\n" : " " }

    /// Reads a line that is not empty. Throws `error` if the line is empty, or if there is no more input.
    /// - Parameters:
    ///   - position: the position of the word that is asked for; nil if something else is.
    ///   - near: the words that may be meant.
    ///   - meant: the answer that an empty line or yes stands for; nil if none does.
    private mutating func line(
        orThrow error: SeedError,
        word position: Int? = nil,
        near: [String] = [],
        meant: UserText? = nil
    ) throws -> UserText {
        let line = try terminal.readLine(limit: 256, word: position, near: near)
        if position == nil || !terminal.showsWords { terminal.say("\n") }
        guard let line else { throw error }
        if let meant, line.isBlank || line.isSame(as: "yes") || line.isSame(as: "y") { return meant }
        guard !line.isBlank else { throw error }
        return line
    }

    private mutating func explain() {
        terminal.say(
            """
            A seed is written as 24 words, as a link that begins with easysetup-seed:, as 64 hex digits, or as 44 characters of \
            base64. Paste it, or type it: words may come in several lines, with or without numbers, and the first four letters of \
            each are enough. Nothing that you type is shown here. A word that is wrong is asked for alone. Control-C stops.
            (Where help is the first word of a phrase, type it together with the second.)

            """
        )
    }
}

extension UserText {
    private func contains(where fits: (UInt8) -> Bool) -> Bool {
        withBytes { $0.withUnsafeBytes { $0.contains(where: fits) } }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte <= UInt8(ascii: " ") }

    /// The number of words in the text if it is one typed line of words; otherwise nil.
    fileprivate var typedWords: Int? {
        withText { text in
            guard !(0..<text.count).dropLast().contains(where: { text[$0] == UInt8(ascii: "\n") }) else { return nil }
            let phrase = TypedPhrase(text)
            return phrase.isOther ? nil : phrase.leftWords + (phrase.letterCount > 0 ? 1 : 0)
        }
    }

    fileprivate var isBlank: Bool { !contains { !Self.isSpace($0) } }

    /// The text as a number of one or two digits, apart from white space and full stops; nil if it is none.
    fileprivate var number: Int? {
        withBytes { span in
            span.withUnsafeBytes { bytes in
                let digits = bytes.filter { !Self.isSpace($0) && $0 != UInt8(ascii: ".") }
                guard 1...2 ~= digits.count, digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
                    return nil
                }
                return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
            }
        }
    }

    /// Whether the text equals another one that has no white space. White space in this text does not count.
    fileprivate func isSame(as text: StaticString) -> Bool {
        withBytes { span in
            span.withUnsafeBytes { bytes in
                let trimmed = bytes.filter { !Self.isSpace($0) }
                return text.withUTF8Buffer { $0.elementsEqual(trimmed) }
            }
        }
    }
}
