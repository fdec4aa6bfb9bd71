/// The written forms of a seed in one text (`Protocol/seed.md`, "Written forms"). A text may have a phrase and a link,
/// as the output of `seed show --reveal` does. All forms in a text must be of the same seed.
struct SeedText: ~Copyable {
    private let links: SeedLinkFinder
    /// The 24 words of the phrase, some of which may be wrong; nil if the text has no phrase.
    var draft: PhraseDraft?
    /// The seed in hex or base64 that is the whole text, or its end behind the label `seed`. Nil if there is none, or
    /// if the text has a phrase or a seed link.
    private let script: SecretBytes?
    /// The error for a text without any form of a seed.
    private let nothing: SeedError

    /// - Throws: ``SeedError/Code/severalSeeds`` for several phrases, or the error for an encoding other than UTF-8.
    init(_ text: Span<UInt8>) throws(SeedError) {
        switch TextEncoding(of: text) {
        case .utf8: break
        case .utf16: throw .textUTF16
        case .other: throw .textNotUTF8
        }
        let links = SeedLinkFinder(text)
        let finder = PhraseFinder(text, skipping: links.places)
        var draft = try finder.phrase()
        var nothing = finder.error
        if draft == nil, finder.metZeroWidthSpace {
            // Zero-width spaces may separate the words, so the text is read again with them as separators.
            let other = PhraseFinder(text, skipping: links.places, separatesAtZeroWidth: true)
            draft = try other.phrase()
            if other.knownCount > finder.knownCount { nothing = other.error }
        }
        self.script = draft == nil && links.places.isEmpty ? ScriptForms.seed(in: text) : nil
        self.links = links
        self.draft = draft
        self.nothing = nothing
    }

    /// Whether more text may complete the seed: the text has too few words, or ends in the middle of a link.
    var isBeginning: Bool {
        if script != nil || draft != nil { return false }
        if !links.places.isEmpty { return links.isCut }
        return switch nothing.kind {
        case .phraseWordCount(let count, _), .phraseNotEnglish(let count): count < RecoveryPhrase.wordCount
        default: true
        }
    }

    /// The number of words of a phrase in the text; 0 if the text has none.
    var wordCount: Int {
        if draft != nil { return RecoveryPhrase.wordCount }
        return switch nothing.kind {
        case .phraseWordCount(let count, _), .phraseNotEnglish(let count): count
        default: 0
        }
    }

    /// The 32 bytes of the seed in the text.
    /// - Throws: the error of the text's recovery phrase, or else that of its seed links.
    ///   ``SeedError/Code/severalSeeds`` if phrase and links are of different seeds. Another ``SeedError`` if the text
    ///   has no seed in any form.
    func seed() throws(SeedError) -> SecretBytes {
        // The pattern replaces `draft!`, with which Swift 6.3's optimizer crashes for noncopyable values.
        switch draft {
        case .some(let draft):
            let seed = try draft.seed()
            try check(seed)
            return seed
        case .none: return try seedWithoutPhrase()
        }
    }

    /// Checks that the seed of the text's recovery phrase is also the seed of the text's seed links, if there are any.
    /// - Throws: the error of a link that can't be read, or ``SeedError/Code/severalSeeds`` if the seeds differ.
    private func check(_ seed: borrowing SecretBytes) throws(SeedError) {
        if let error = links.error { throw error }
        switch links.seed {
        case .some(let other): if !other.isEqual(to: seed) { throw .severalSeeds }
        case .none: break
        }
    }

    private func seedWithoutPhrase() throws(SeedError) -> SecretBytes {
        if let error = links.error { throw error }
        switch links.seed {
        case .some(let seed): return seed.clone()
        case .none: break
        }
        switch script {
        case .some(let seed): return seed.clone()
        case .none: throw nothing
        }
    }
}
