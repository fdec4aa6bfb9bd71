/// The 24 words of a phrase as a person wrote them, in locked memory. Some of them may be wrong.
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

    /// The words of the phrase that are not in the word list, in their order.
    var unknownWords: [SeedError.UnknownWord] {
        (1...RecoveryPhrase.wordCount).compactMap { position in
            let word = self[position]
            guard WordIndex.number(of: word) == nil else { return nil }
            return .init(position: position, script: word.script)
        }
    }

    /// Whether the phrase seems to be in another language: more than half of its words are not in the word list, and
    /// none of these mixes English letters with those of another script, as words with look-alike letters do.
    private var isForeign: Bool {
        let unknown = (1...RecoveryPhrase.wordCount).map { self[$0] }.filter { WordIndex.number(of: $0) == nil }
        return unknown.count > RecoveryPhrase.wordCount / 2 && !unknown.contains(where: \.isMixed)
    }

    /// Decodes the words into 32 bytes.
    /// - Throws: the first of these that applies: ``SeedError/Code/phraseNotEnglish``,
    ///   ``SeedError/Code/phraseUnknownWords``, ``SeedError/Code/phraseChecksum``.
    func seed() throws(SeedError) -> SecretBytes {
        if isForeign { throw .phraseNotEnglish(count: RecoveryPhrase.wordCount) }
        let unknown = unknownWords
        guard unknown.isEmpty else { throw .phraseUnknownWords(unknown) }
        // The default 0 is never used, because the guard above has found every word in the list.
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
    /// Reads a text of one word; nil if the text has no word or several. Numbers in the text are ignored.
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
