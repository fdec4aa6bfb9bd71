/// Reads a seed that a person types on a terminal: line by line, and wrong words of a phrase one at a time.
///
/// The whole text stays in locked memory. No result repeats a part of it, except ``suggestions(forWord:)``, which are
/// only for the person at the terminal.
public struct SeedReader: ~Copyable {
    /// The result of reading the text so far.
    public enum Reading: Sendable {
        /// The text may be the beginning of a seed, with this number of words of a phrase. If no more follows,
        /// ``SeedReader/seed(createdAt:)`` throws what is missing.
        case incomplete(words: Int)
        /// A phrase of 24 words, of which these are not in the list. ``SeedReader/correct(word:to:)`` replaces them one
        /// at a time.
        case wrongWords([SeedError.UnknownWord])
        /// A complete seed; further text must fit it.
        case seed(SyncSeed)
        /// An error that more text can't correct.
        case failed(SeedError)
    }

    private let text = SecretBytes(zeros: SyncSeed.maximumWrittenBytes)
    private var count = 0
    private var isTooLong = false
    /// The phrase after corrections.
    private var corrected: PhraseDraft?

    /// Makes a reader without any text.
    public init() {}

    /// Whether nothing was added yet.
    public var isEmpty: Bool { count == 0 && !isTooLong }

    /// Adds a line, without its line end.
    ///
    /// A line after a correction undoes the corrections.
    public mutating func append(line: UserText) {
        line.withBytes { append(line: $0) }
    }

    /// Adds a line, without its line end; see ``append(line:)``.
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

    /// The seed in the whole text.
    /// - Parameter createdAt: the seed's creation time, in seconds since 1970 (UTC); written forms do not contain it, so usually 0.
    /// - Throws: ``SeedError`` for the text, without a part of it.
    public func seed(createdAt: UInt64 = 0) throws(SeedError) -> SyncSeed {
        try SyncSeed(bytes: seedText().seed(), createdAt: createdAt)
    }

    /// Replaces one of a phrase's 24 words.
    /// - Parameters:
    ///   - position: the word's position, from 1.
    ///   - text: the new word, in UTF-8; a number before it is ignored.
    /// - Throws: ``SeedError/phraseUnknownWords(_:)`` with this position if the word is not in the list; the word is replaced
    ///   all the same, so that suggestions are for the new one. ``SeedError/unreadable`` if the text is not one word,
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

    /// Up to three words of the list that are similar to the wrong word at a position, the closest first; never the
    /// typed word itself. They nearly reveal the typed word, so show them only to the person who typed it, and never
    /// log them.
    /// - Parameter position: the word's position, from 1 to 24.
    public func suggestions(forWord position: Int) -> [String] {
        guard 1...RecoveryPhrase.wordCount ~= position, let found = try? seedText(), found.draft != nil else {
            return []
        }
        let word = found.draft![position]
        return WordIndex.number(of: word) == nil ? WordIndex.nearest(to: word) : []
    }

    /// Applies the corrections to the words found. It is a function of its own, because Swift 6.3's optimizer crashes
    /// on it within ``seedText()``.
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
