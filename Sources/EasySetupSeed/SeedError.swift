/// An error of a seed or of one of its written forms (`Protocol/seed.md`, "Errors").
public enum SeedError: ExplainedError, Equatable {
    /// The input is shorter or longer than 32 bytes, the length of a seed.
    case wrongLength
    /// The input is longer than ``SyncSeed/maximumWrittenBytes``.
    case tooLong
    /// The text is UTF-16, but EasySetup reads only UTF-8.
    case textUTF16
    /// The text is not UTF-8.
    case textNotUTF8
    /// The text is in no known written form.
    case unreadable
    /// The text has several seeds, or a phrase and a link of different seeds.
    case severalSeeds
    /// The phrase has `count` words instead of 24.
    case phraseWordCount(count: Int)
    /// Words of the phrase are not in the list. The array contains these words, at least one, in their order.
    case phraseUnknownWords([UnknownWord])
    /// Most of the `count` words are not in the English list: the phrase is in another language, or the text is no
    /// phrase.
    case phraseNotEnglish(count: Int)
    /// All words are in the list, but the checksum does not match.
    case phraseChecksum
    /// The seed link has a version that this program does not know.
    case linkVersion
    /// A symbol of the seed link is wrong, missing or additional.
    case linkDamaged
    /// The file does not begin with the bytes `easyseed`, as seed files do.
    case fileForeign
    /// The seed file has a version that this program does not know.
    case fileVersion
    /// The seed file is damaged: its length, its checksum or another value is not one that a program writes.
    case fileDamaged
    /// The sealed seed file asks for more passes or memory than ``SealingCost`` allows.
    case fileTooCostly
    /// The seed file is sealed, and no passphrase was given.
    case passphraseNeeded
    /// The seed file is intact, but the passphrase does not open it.
    case wrongPassphrase
    /// The passphrase is shorter than 1 or longer than 1,024 bytes.
    case passphraseUnfit
    /// The system did not give the memory that Argon2id needs to compute a key from the passphrase.
    case memoryShort
    /// The info of a derived key does not begin with `easysetup/` or ends there, or the key's length is not 1 to 16,320
    /// bytes.
    case derivedKeyRefused

    /// A word of a phrase that is not in the list.
    public struct UnknownWord: Equatable, Sendable {
        /// The word's position in the phrase, from 1.
        public let position: Int
        /// The script of the word's first character outside ASCII, because it may look like a letter from `a` to `z`.
        /// Nil if the word has no such character.
        public let script: Script?

        /// Makes an unknown word at a position, which is counted from 1.
        public init(position: Int, script: Script? = nil) {
            self.position = position
            self.script = script
        }
    }
}

extension SeedError {
    /// The error's name in `Protocol/seed.md`.
    public var name: String {
        switch self {
        case .wrongLength: "seed-wrong-length"
        case .tooLong: "seed-too-long"
        case .textUTF16: "text-utf-16"
        case .textNotUTF8: "text-not-utf-8"
        case .unreadable: "seed-unreadable"
        case .severalSeeds: "several-seeds"
        case .phraseWordCount: "phrase-word-count"
        case .phraseUnknownWords: "phrase-unknown-word"
        case .phraseNotEnglish: "phrase-not-english"
        case .phraseChecksum: "phrase-checksum"
        case .linkVersion: "seed-link-version"
        case .linkDamaged: "seed-link-damaged"
        case .fileForeign: "seed-file-foreign"
        case .fileVersion: "seed-file-version"
        case .fileDamaged: "seed-file-damaged"
        case .fileTooCostly: "seed-file-too-costly"
        case .passphraseNeeded: "passphrase-needed"
        case .wrongPassphrase: "wrong-passphrase"
        case .passphraseUnfit: "passphrase-unfit"
        case .memoryShort: "memory-short"
        case .derivedKeyRefused: "derived-key-refused"
        }
    }

    /// A sentence that says what happened. It is safe for a log because it names a wrong word only by its position.
    public var description: String {
        switch self {
        case .wrongLength: "A seed has 32 bytes, and this one has not."
        case .tooLong: "What was given is too long to be a seed."
        case .textUTF16: "The text is in UTF-16."
        case .textNotUTF8: "The text is not in UTF-8."
        case .severalSeeds: "What was given holds more than one seed."
        case .unreadable: "What was given is no recovery phrase, seed link, hex or base64 of a seed."
        case .phraseWordCount(let count): "A recovery phrase has 24 words, and this one has \(count)."
        case .phraseUnknownWords(let words): UnknownWord.description(of: words)
        case .phraseNotEnglish(let count): "Most of the \(count) words are not in the English word list."
        case .phraseChecksum: "Every word is in the list, but together they are no recovery phrase."
        case .linkVersion: "The seed link is of a version that this program does not know."
        case .linkDamaged: "The seed link is damaged."
        case .fileForeign: "The file is no seed file."
        case .fileVersion: "The seed file is of a version that this program does not know."
        case .fileDamaged: "The seed file is damaged."
        case .fileTooCostly: "The seed file asks for more memory or work than any seed file should."
        case .passphraseNeeded: "The seed file is sealed under a passphrase."
        case .wrongPassphrase: "The passphrase does not open the seed file."
        case .passphraseUnfit: "The passphrase is empty or longer than 1,024 bytes."
        case .memoryShort: "There was not enough memory to work with the passphrase."
        case .derivedKeyRefused: "No such key can be derived from a seed."
        }
    }

    /// A sentence that says what to do next. It is safe for a log because it holds no part of the input and no similar
    /// word.
    public var advice: String {
        switch self {
        case .wrongLength: "Copy the seed again, whole."
        case .tooLong: "Give the seed alone, without anything around it."
        case .unreadable:
            "Give 24 words, a link that begins with easysetup-seed:, 64 hex digits, or 44 characters of base64."
        case .textUTF16, .textNotUTF8: "Save the text as UTF-8, or copy and paste it."
        case .severalSeeds: "Give one of them, alone."
        case .phraseWordCount(let count) where [12, 15, 18, 21].contains(count):
            "Phrases of \(count) words belong to other programs; look whether some of the 24 are missing."
        case .phraseWordCount: "Look for words that are missing, doubled or run together."
        case .phraseUnknownWords(let words): UnknownWord.advice(on: words)
        case .phraseNotEnglish: "Give a phrase of 24 English words; those of other languages are not read."
        case .phraseChecksum:
            "Compare each word and the order with what is written down: one is another word of the list, or two are swapped."
        case .linkVersion, .fileVersion: "Use a newer version of this program."
        case .linkDamaged: "Copy the link again, whole, or scan its QR code again."
        case .fileForeign: "Check which file was meant."
        case .fileDamaged: "Restore the file from a copy, or import the recovery phrase."
        case .fileTooCostly: "Do not trust this file; import the recovery phrase instead."
        case .passphraseNeeded: "Give the passphrase."
        case .wrongPassphrase: "Try the passphrase again; without it, import the recovery phrase."
        case .passphraseUnfit: "Choose a passphrase of 1 to 1,024 bytes."
        case .memoryShort: "Close other programs and try again."
        case .derivedKeyRefused: "Ask for 1 to 16,320 bytes, with an info that begins with easysetup/ and goes on."
        }
    }

    /// Whether the same call may succeed later without any change.
    public var retryHelps: Bool {
        self == .memoryShort
    }
}

extension SeedError.UnknownWord {
    fileprivate static func description(of words: [Self]) -> String {
        let scripts: [Script?] = [nil] + Script.allCases
        return scripts.compactMap { script in
            let positions = words.filter { $0.script == script }.map { String($0.position) }
            guard !positions.isEmpty else { return nil }
            let isOne = positions.count == 1
            let subject = isOne ? "Word \(positions[0])" : "Words \(positions.joined(separator: ", "))"
            guard let script else { return "\(subject) \(isOne ? "is" : "are") not in the word list." }
            return "\(subject) \(isOne ? "has" : "have") \(script.aCharacter) in \(isOne ? "it" : "them")."
        }
        .joined(separator: " ")
    }

    fileprivate static func advice(on words: [Self]) -> String {
        let compare = "Compare each of them with what is written down, letter by letter."
        guard words.contains(where: { $0.script != nil }) else { return compare }
        return compare + " Type the plain letters a to z: letters of other scripts can look the same."
    }
}
