/// Reads a seed as a person gives it on a terminal: line by line, and one wrong word of a phrase at a time.
///
/// All of the text stays in locked memory. Nothing that comes out repeats any of it, but for ``suggestions(forWord:)``,
/// which are for the person at the terminal alone.
public struct SeedReader: ~Copyable {
    /// The result of reading the text so far.
    public enum Reading: Sendable {
        /// A beginning, with so many words of a phrase. More text may complete it; at its end, ``SeedReader/seed(createdAt:)``
        /// says what is missing.
        case incomplete(words: Int)
        /// A phrase of 24 words of which these are not in the list. ``SeedReader/correct(word:to:)`` takes them one at a time.
        case wrongWords([SeedError.UnknownWord])
        /// A seed; further text is checked against it.
        case seed(SyncSeed)
        /// An error that more text can't correct.
        case failed(SeedError)
    }

    private let text = SecretBytes(zeros: SyncSeed.maximumWrittenBytes)
    private var count = 0
    private var isTooLong = false
    /// The phrase as it was corrected.
    private var corrected: PhraseDraft?

    /// A reader that has read nothing.
    public init() {}

    /// Whether nothing was added yet.
    public var isEmpty: Bool { count == 0 && !isTooLong }

    /// Adds a line, without its end.
    ///
    /// Text that is added after a correction takes the corrections back.
    public mutating func append(line: UserText) {
        line.withBytes { append(line: $0) }
    }

    /// Adds a line, without its end; see ``append(line:)``.
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
            if case .phraseUnknownWords(let words) = error { return .wrongWords(words) }
            return .failed(error)
        }
    }

    /// The seed that the whole text is.
    /// - Parameter createdAt: when the seed was made, in seconds since 1970 (UTC); no written form says it, so mostly 0.
    /// - Throws: what is wrong with the text, without repeating any of it.
    public func seed(createdAt: UInt64 = 0) throws(SeedError) -> SyncSeed {
        try SyncSeed(bytes: seedText().seed(), createdAt: createdAt)
    }

    /// Puts another word in the place of one of a phrase's 24.
    /// - Parameters:
    ///   - position: which word, counted from 1.
    ///   - text: the word, in UTF-8; a number before it does not matter.
    /// - Throws: ``SeedError/phraseUnknownWords(_:)`` with this position alone if the list has no such word, which takes the
    ///   old one's place all the same, so that suggestions are for it; ``SeedError/unreadable`` if it is not one word,
    ///   or there is no phrase of 24 words to correct.
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

    /// Up to three words of the list that are close to the wrong word at a position, the closest first; never the word as it
    /// was written. They all but tell what was written: show them to the person who wrote it, and to no log or program.
    /// - Parameter position: which word of the 24, counted from 1.
    public func suggestions(forWord position: Int) -> [String] {
        guard 1...RecoveryPhrase.wordCount ~= position, let found = try? seedText(), found.draft != nil else {
            return []
        }
        let word = found.draft![position]
        return WordIndex.number(of: word) == nil ? WordIndex.nearest(to: word) : []
    }

    /// Puts the corrections into what was found. A part of its own, for the optimizer of Swift 6.3
    /// fails on it within ``seedText()``.
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
