/// Reads a seed that a person types on a terminal, line by line. The person can then correct wrong words of a phrase
/// one at a time.
///
/// The whole text stays in locked memory, and no result repeats a part of it. ``suggestions(forWord:)`` nearly reveals
/// a typed word, so only the person at the terminal may see its result.
public struct SeedReader: ~Copyable {
    /// The result of reading the text so far.
    @nonexhaustive public enum Reading: Sendable {
        /// The text may be the beginning of a seed, and has this number of words of a phrase. If no more text follows,
        /// ``SeedReader/seed(createdAt:)`` throws an error that says what is missing.
        case incomplete(words: Int)
        /// A phrase of 24 words, of which these are not in the word list. ``SeedReader/correct(word:to:)`` replaces
        /// them one at a time.
        case wrongWords([SeedError.UnknownWord])
        /// A complete seed. Further lines may repeat this seed, but another seed in them is an error.
        case seed(SyncSeed)
        /// An error that more text can't correct.
        case failed(SeedError)
    }

    private let text = SecretBytes(zeros: SyncSeed.maximumWrittenBytes)
    private var count = 0
    private var isTooLong = false
    /// The phrase with its corrections; nil if the person has corrected no word since the last line.
    private var corrected: PhraseDraft?

    /// Makes a reader without any text.
    public init() {}

    /// Whether the reader has no text yet.
    public var isEmpty: Bool { count == 0 && !isTooLong }

    /// Whether a seed link begins in the text, whole or not. Such a text is a secret.
    package var hasLink: Bool {
        !SeedLinkFinder(text.bytes.asBytes.extracting(0..<count)).places.isEmpty
    }

    /// Adds a line of the typed text, without its line end.
    ///
    /// The new line undoes all corrections of words that ``correct(word:to:)`` has made.
    public mutating func append(line: UserText) {
        line.withBytes { append(line: $0) }
    }

    /// Adds a line of the typed text, in UTF-8 and without its line end; see ``append(line:)``.
    public mutating func append(line: RawSpan) {
        corrected = nil
        guard !isTooLong, line.byteCount < text.count - count else {
            isTooLong = true
            return
        }
        let start = count
        unsafe text.withUnsafeMutableBytes { out in
            unsafe line.withUnsafeBytes { line in
                unsafe UnsafeMutableRawBufferPointer(rebasing: out[start...]).copyMemory(from: line)
            }
            unsafe out[start + line.byteCount] = UInt8(ascii: "\n")
        }
        count += line.byteCount + 1
    }

    /// The result of reading the text so far.
    public var reading: Reading {
        do throws(SeedError) {
            let found = try seedText()
            if found.isBeginning { return .incomplete(words: found.wordCount) }
            return .seed(try SyncSeed(bytes: found.seed()))
        } catch {
            if case .phraseUnknownWords(let words) = error.kind { return .wrongWords(words) }
            return .failed(error)
        }
    }

    /// The seed in the whole text.
    /// - Parameter createdAt: the seed's creation time, in seconds since 1970 (UTC); written forms do not contain it,
    ///   so usually 0.
    /// - Throws: ``SeedError``, which names the fault but contains no part of the text, because the text is secret.
    public func seed(createdAt: UInt64 = 0) throws(SeedError) -> SyncSeed {
        try SyncSeed(bytes: seedText().seed(), createdAt: createdAt)
    }

    /// Replaces one of a phrase's 24 words.
    /// - Parameters:
    ///   - position: the word's position, from 1.
    ///   - text: the new word, in UTF-8; a number before it is ignored.
    /// - Throws: ``SeedError/Code/phraseUnknownWords`` with this position if the new word is not in the word list. The
    ///   new word replaces the old one all the same, so that ``suggestions(forWord:)`` suits the new one.
    ///   ``SeedError/Code/unreadable`` if `text` is not one word, or if the reader has no phrase of 24 words.
    public mutating func correct(word position: Int, to text: UserText) throws(SeedError) {
        var found = try seedText()
        guard 1...RecoveryPhrase.wordCount ~= position, var draft = found.draft.take() else { throw .unreadable }
        guard let word = text.withText({ WrittenWord(alone: $0) }) else { throw .unreadable }
        draft[position] = word
        corrected = consume draft
        guard WordIndex.number(of: word) != nil else {
            throw .phraseUnknownWords([.init(position: position, script: word.script)])
        }
    }

    /// Up to three words of BIP-39's list that are similar to the wrong word at a position, the most similar first;
    /// never the typed word itself. These words nearly reveal the typed word, so show them only to the person who typed
    /// it, and never log them.
    /// - Parameter position: the word's position, from 1 to 24.
    public func suggestions(forWord position: Int) -> [String] {
        guard 1...RecoveryPhrase.wordCount ~= position, let found = try? seedText(), found.draft != nil else {
            return []
        }
        let word = found.draft![position]
        return WordIndex.number(of: word) == nil ? WordIndex.nearest(to: word) : []
    }

    /// Puts the person's corrected words in the place of the words that were found in the text. The code is a function
    /// of its own, because Swift 6.3's optimizer crashes if the code is inside ``seedText()``.
    @inline(never)
    private func correct(_ found: inout SeedText) {
        switch corrected {
        case .some(let draft): found.draft = draft.clone()
        case .none: break
        }
    }

    private func seedText() throws(SeedError) -> SeedText {
        if isTooLong { throw .tooLong }
        var found = try SeedText(text.bytes.asBytes.extracting(0..<count))
        correct(&found)
        return found
    }
}
