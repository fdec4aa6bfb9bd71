import EasySetupSeed

/// The line that a person sees while typing a recovery phrase: the number of the word, a dot for each of its letters, and
/// whether it is in the list of words. No letter that was typed is ever on the screen; the words that are similar to a
/// wrong one are, until the next key.
struct PhraseField: Equatable, Sendable {
    /// The number of words that earlier lines have.
    private let wordsBefore: Int
    /// Whether one word is asked for, by its number.
    private let isAlone: Bool
    /// The words that may be meant by the wrong word in place of which one is asked for.
    private var near: [String] = []
    private let phrase: TypedPhrase

    private static let wordCount = 24

    /// - Parameters:
    ///   - text: the text since the last line end that the program has read.
    ///   - wordsBefore: the number of words that earlier lines have.
    init(_ text: Span<UInt8>, wordsBefore: Int) {
        (self.wordsBefore, isAlone) = (wordsBefore, false)
        phrase = TypedPhrase(text)
    }

    /// - Parameters:
    ///   - text: the text of one word.
    ///   - position: the position of the word in the phrase.
    ///   - near: the words that may be meant by the wrong word at this position.
    init(_ text: Span<UInt8>, word position: Int, near: [String]) {
        (wordsBefore, isAlone, self.near) = (position - 1, true, near)
        phrase = TypedPhrase(text)
    }

    /// The line, in the longest form that fits into a number of columns.
    func line(width: Int) -> String {
        if phrase.isOther {
            return Columns.fitting(["No words: a link, hex or base64. Enter ends it.", "No words."], width: width)
        }
        let position = wordsBefore + phrase.leftWords + 1
        if position > Self.wordCount, phrase.letterCount == 0 {
            let end = ["All 24 words. Enter ends it.", "24 words. Enter."]
            return Columns.fitting(wrong(end) + end, width: width)
        }
        let dots = String(repeating: "•", count: phrase.letterCount)
        let places = [
            "Word \(position) of \(Self.wordCount): \(dots)", "Word \(position): \(dots)", "\(position): \(dots)",
        ]
        let notes: [String]
        switch phrase.fit {
        case _ where position > Self.wordCount: notes = [" a phrase has 24 words; Backspace", " too many"]
        case .open where phrase.letterCount == 0 && !near.isEmpty:
            notes =
                near.count == 1
                ? ["is it \(near[0])? Enter takes it", "is it \(near[0])?", "\(near[0])?"]
                : ["is it \(near.joined(separator: " or "))?", "is it \(near[0])?", "\(near[0])?"]
        case .open: notes = [""]
        case .complete:
            let key = isAlone || position == Self.wordCount ? "Enter" : "space"
            notes = [" complete; \(key) goes on", " complete", " ok"]
        case .none: notes = [" no word begins so; Backspace", " no such word", " wrong"]
        }
        let forms = places.flatMap { place in notes.map { place + $0 } }
        return Columns.fitting(
            wrong(forms) + (phrase.wrongWords.last == phrase.leftWords ? wrong(places) : forms),
            width: width
        )
    }

    /// The forms of a line, each behind a sentence about the word before if that is not in the list; empty if it is.
    private func wrong(_ forms: [String]) -> [String] {
        guard let last = phrase.wrongWords.last, last == phrase.leftWords else { return [] }
        let position = wordsBefore + last
        let near = phrase.suggestions.joined(separator: " or ")
        let hint = near.isEmpty ? "" : " Is it \(near)?"
        return [
            "Word \(position) is not in the word list.\(hint) Backspace goes back.",
            "Word \(position) is not in the word list.\(hint)",
            "Word \(position) is wrong.\(hint)",
            "Word \(position) is wrong.", "\(position) wrong.",
        ]
        .flatMap { sentence in forms.map { "\(sentence) \($0)" } }
    }
}
