/// The 24 words of a phrase as written, some of which may be wrong, in locked memory.
struct PhraseDraft: ~Copyable {
    private var words = TokenList(capacity: RecoveryPhrase.wordCount)

    init() {
        for _ in 0..<RecoveryPhrase.wordCount { words.append(PhraseToken(WrittenWord(), breaks: [])) }
    }

    /// The word at a position, counted from 1.
    subscript(position: Int) -> WrittenWord {
        get { words[position - 1].word }
        set { words[position - 1] = PhraseToken(newValue, breaks: []) }
    }

    /// The words that are not in the list, in their order.
    var unknownWords: [SeedError.UnknownWord] {
        (1...RecoveryPhrase.wordCount).compactMap { position in
            let word = self[position]
            guard WordIndex.number(of: word) == nil else { return nil }
            return .init(position: position, script: word.script)
        }
    }

    /// Whether most words are in another language, rather than English with some look-alike letters.
    private var isForeign: Bool {
        let unknown = (1...RecoveryPhrase.wordCount).map { self[$0] }.filter { WordIndex.number(of: $0) == nil }
        return unknown.count > RecoveryPhrase.wordCount / 2 && !unknown.contains(where: \.isMixed)
    }

    /// Decodes the words into 32 bytes.
    /// - Throws: ``SeedError/phraseNotEnglish(count:)``, then ``SeedError/phraseUnknownWords(_:)``, then
    ///   ``SeedError/phraseChecksum``.
    func seed() throws(SeedError) -> SecretBytes {
        if isForeign { throw .phraseNotEnglish(count: RecoveryPhrase.wordCount) }
        let unknown = unknownWords
        guard unknown.isEmpty else { throw .phraseUnknownWords(unknown) }
        // Every word has a number, as was checked above.
        return try RecoveryPhrase.seed { WordIndex.number(of: self[$0]) ?? 0 }
    }
}

extension PhraseDraft {
    /// A second draft with the same words.
    func clone() -> PhraseDraft {
        var other = PhraseDraft()
        for position in 1...RecoveryPhrase.wordCount { other[position] = self[position] }
        return other
    }
}

extension WrittenWord {
    /// Reads a text of one word; nil if it has none or several. Numbers are not counted.
    init?(alone text: Span<UInt8>) {
        guard text.count <= SyncSeed.maximumWrittenBytes, case .utf8 = TextEncoding(of: text) else { return nil }
        var words: [WrittenWord] = []
        var tokenizer = Tokenizer(text)
        tokenizer.run { token in
            if !token.isNumber, words.count < 2 { words.append(token.word) }
        }
        guard words.count == 1 else { return nil }
        self = words[0]
    }
}
