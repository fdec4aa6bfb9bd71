/// The written forms of a seed in one text: a text such as the output of `seed show --reveal` has a phrase and a link, which must
/// be of one seed (`Protocol/seed.md`, "Written forms").
struct SeedText: ~Copyable {
    private let links: SeedLinkFinder
    /// The phrase's words, if the text has 24 that are one.
    var draft: PhraseDraft?
    /// A seed in hex or base64.
    private let script: SecretBytes?
    /// The error for a text without any form of a seed.
    private let nothing: SeedError

    /// - Throws: ``SeedError/severalSeeds``, or what is wrong with the text's encoding.
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
            // Where it is not within words it may stand between them.
            let other = PhraseFinder(text, skipping: links.places, separatesAtZeroWidth: true)
            draft = try other.phrase()
            if other.knownCount > finder.knownCount { nothing = other.error }
        }
        self.script = draft == nil && links.places.isEmpty ? ScriptForms.seed(in: text) : nil
        self.links = links
        self.draft = draft
        self.nothing = nothing
    }

    /// Whether the text may be a beginning to which more comes: words that are too few, or a link that is cut off.
    var isBeginning: Bool {
        if script != nil || draft != nil { return false }
        if !links.places.isEmpty { return links.isCut }
        return switch nothing {
        case .phraseWordCount(let count), .phraseNotEnglish(let count): count < RecoveryPhrase.wordCount
        default: true
        }
    }

    /// How many words of a phrase there are.
    var wordCount: Int {
        if draft != nil { return RecoveryPhrase.wordCount }
        return switch nothing {
        case .phraseWordCount(let count), .phraseNotEnglish(let count): count
        default: 0
        }
    }

    /// The 32 bytes.
    /// - Throws: what is wrong with the phrase, then with the link; ``SeedError/severalSeeds`` where they are of two seeds.
    func seed() throws(SeedError) -> SecretBytes {
        // Patterns in place of `draft!`, which ends the optimizer of Swift 6.3 where what is unwrapped can't be copied.
        switch draft {
        case .some(let draft):
            let seed = try draft.seed()
            try check(seed)
            return seed
        case .none: return try seedWithoutPhrase()
        }
    }

    /// Compares the phrase's seed with the links'.
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
