/// The written forms of a seed in one text. A text such as the output of `seed show --reveal` has a phrase and a link,
/// which must belong to the same seed (`Protocol/seed.md`, "Written forms").
struct SeedText: ~Copyable {
    private let links: SeedLinkFinder
    /// The phrase's words, if the text has 24 that may be a phrase.
    var draft: PhraseDraft?
    /// A seed in hex or base64.
    private let script: SecretBytes?
    /// The error for a text without any form of a seed.
    private let nothing: SeedError

    /// - Throws: ``SeedError/severalSeeds``, or the error for the text's encoding.
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
            // A zero-width space that is not inside words may separate them.
            let other = PhraseFinder(text, skipping: links.places, separatesAtZeroWidth: true)
            draft = try other.phrase()
            if other.knownCount > finder.knownCount { nothing = other.error }
        }
        self.script = draft == nil && links.places.isEmpty ? ScriptForms.seed(in: text) : nil
        self.links = links
        self.draft = draft
        self.nothing = nothing
    }

    /// Whether the text may be incomplete: it has too few words, or a link that is cut off.
    var isBeginning: Bool {
        if script != nil || draft != nil { return false }
        if !links.places.isEmpty { return links.isCut }
        return switch nothing {
        case .phraseWordCount(let count), .phraseNotEnglish(let count): count < RecoveryPhrase.wordCount
        default: true
        }
    }

    /// The number of words of a phrase in the text.
    var wordCount: Int {
        if draft != nil { return RecoveryPhrase.wordCount }
        return switch nothing {
        case .phraseWordCount(let count), .phraseNotEnglish(let count): count
        default: 0
        }
    }

    /// The seed's 32 bytes.
    /// - Throws: the phrase's error, or else the link's; ``SeedError/severalSeeds`` where they belong to different seeds.
    func seed() throws(SeedError) -> SecretBytes {
        // A pattern replaces `draft!`, which crashes Swift 6.3's optimizer for noncopyable values.
        switch draft {
        case .some(let draft):
            let seed = try draft.seed()
            try check(seed)
            return seed
        case .none: return try seedWithoutPhrase()
        }
    }

    /// Compares the phrase's seed with that of the links.
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
