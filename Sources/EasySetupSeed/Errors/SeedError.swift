/// An error of a seed or of one of its written forms (`Protocol/seed.md`, "Errors").
public struct SeedError: ExplainedError, Explained, Equatable {
    package let kind: Kind

    package init(_ kind: Kind) { self.kind = kind }

    /// The error's stable code.
    public var code: Code {
        switch kind {
        case .wrongLength: .wrongLength
        case .tooLong: .tooLong
        case .textUTF16: .textUTF16
        case .textNotUTF8: .textNotUTF8
        case .unreadable: .unreadable
        case .severalSeeds: .severalSeeds
        case .phraseWordCount: .phraseWordCount
        case .phraseUnknownWords: .phraseUnknownWords
        case .phraseNotEnglish: .phraseNotEnglish
        case .phraseChecksum: .phraseChecksum
        case .linkVersion: .linkVersion
        case .linkDamaged: .linkDamaged
        case .fileForeign: .fileForeign
        case .fileVersion: .fileVersion
        case .fileDamaged: .fileDamaged
        case .fileTooCostly: .fileTooCostly
        case .fileHasMembership: .fileHasMembership
        case .passphraseNeeded: .passphraseNeeded
        case .wrongPassphrase: .wrongPassphrase
        case .passphraseUnfit: .passphraseUnfit
        case .memoryShort: .memoryShort
        case .derivedKeyRefused: .derivedKeyRefused
        case .signatureRefused: .signatureRefused
        }
    }

    /// The error's name in `Protocol/seed.md`.
    public var name: String { code.rawValue }

    /// Whether the same call may succeed later without any change.
    public var retryHelps: Bool { kind == .memoryShort }

    /// The words of a phrase that are not in the word list, in their order; empty for other errors.
    public var unknownWords: [UnknownWord] {
        if case .phraseUnknownWords(let words) = kind { words } else { [] }
    }

    /// A word of a phrase that is not in the word list.
    public struct UnknownWord: Equatable, Sendable {
        /// The word's position in the phrase, from 1.
        public let position: Int
        /// The script of the word's first character outside ASCII, because such a character may look like a letter from
        /// `a` to `z`. Nil if the word has no such character.
        public let script: Script?

        /// Makes an unknown word at a position, which is counted from 1.
        public init(position: Int, script: Script? = nil) {
            self.position = position
            self.script = script
        }
    }

    /// The stable codes of the errors of a seed or of one of its written forms.
    public struct Code: StableCode {
        /// The name of the error code in `Protocol/seed.md`.
        public let rawValue: String

        /// Makes an error code from its name, such as `seed-too-long`.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The input is shorter or longer than 32 bytes, the length of a seed.
        public static let wrongLength = Self(rawValue: "seed-wrong-length")
        /// The input is longer than ``SyncSeed/maximumWrittenBytes``.
        public static let tooLong = Self(rawValue: "seed-too-long")
        /// The text is UTF-16, but EasySetup reads only UTF-8.
        public static let textUTF16 = Self(rawValue: "text-utf-16")
        /// The text is not UTF-8.
        public static let textNotUTF8 = Self(rawValue: "text-not-utf-8")
        /// The text is no seed in any written form: phrase, seed link, hex or base64.
        public static let unreadable = Self(rawValue: "seed-unreadable")
        /// The text has several seeds, or a phrase and a link of different seeds.
        public static let severalSeeds = Self(rawValue: "several-seeds")
        /// The phrase does not have 24 words.
        public static let phraseWordCount = Self(rawValue: "phrase-word-count")
        /// Some words of the phrase are not in the word list: ``SeedError/unknownWords`` has their positions.
        public static let phraseUnknownWords = Self(rawValue: "phrase-unknown-word")
        /// Most of the words are not in the English list: the phrase is in another language, or the text is no phrase.
        public static let phraseNotEnglish = Self(rawValue: "phrase-not-english")
        /// All words of the phrase are in the word list, but the phrase's checksum does not match.
        public static let phraseChecksum = Self(rawValue: "phrase-checksum")
        /// The seed link has a version that this program does not know.
        public static let linkVersion = Self(rawValue: "seed-link-version")
        /// A symbol of the seed link is wrong, missing or additional.
        public static let linkDamaged = Self(rawValue: "seed-link-damaged")
        /// The file does not begin with the bytes `easyseed`, as seed files do.
        public static let fileForeign = Self(rawValue: "seed-file-foreign")
        /// The seed file has a version that this program does not know.
        public static let fileVersion = Self(rawValue: "seed-file-version")
        /// The seed file is damaged: its length, its checksum or another value is not one that a program writes.
        public static let fileDamaged = Self(rawValue: "seed-file-damaged")
        /// The sealed seed file asks for more passes or memory than ``SealingCost`` allows.
        public static let fileTooCostly = Self(rawValue: "seed-file-too-costly")
        /// The file has a membership and no seed.
        public static let fileHasMembership = Self(rawValue: "seed-file-membership")
        /// The seed file is sealed, and no passphrase was given.
        public static let passphraseNeeded = Self(rawValue: "passphrase-needed")
        /// The seed file is intact, but the passphrase does not open it.
        public static let wrongPassphrase = Self(rawValue: "wrong-passphrase")
        /// The passphrase is shorter than 1 or longer than 1,024 bytes.
        public static let passphraseUnfit = Self(rawValue: "passphrase-unfit")
        /// The system did not give the memory that Argon2id needs to compute a key from the passphrase.
        public static let memoryShort = Self(rawValue: "memory-short")
        /// The info of a derived key does not begin with `easysetup/` or ends there, or the key's length is not 1 to
        /// 16,320 bytes.
        public static let derivedKeyRefused = Self(rawValue: "derived-key-refused")
        /// The message begins with one byte and then `easysetup/`, as what the seed's key signs for the chain does.
        public static let signatureRefused = Self(rawValue: "signature-refused")
    }

    /// The errors as the project itself handles them. An app sees ``code`` in place of this enum, because a new case
    /// would break the `switch` statements of apps.
    package enum Kind: Equatable, Sendable {
        case wrongLength, tooLong, textUTF16, textNotUTF8, unreadable, severalSeeds, phraseWordCount(
            count: Int,
            isAmongText: Bool
        )
        case phraseUnknownWords([UnknownWord]), phraseNotEnglish(count: Int), phraseChecksum, linkVersion
        case linkDamaged, fileForeign, fileVersion, fileDamaged, fileTooCostly, fileHasMembership
        case passphraseNeeded, wrongPassphrase
        case passphraseUnfit, memoryShort, derivedKeyRefused, signatureRefused
    }
}

// MARK: - Making errors

extension SeedError {
    package static var wrongLength: Self { Self(.wrongLength) }
    package static var tooLong: Self { Self(.tooLong) }
    package static var textUTF16: Self { Self(.textUTF16) }
    package static var textNotUTF8: Self { Self(.textNotUTF8) }
    package static var unreadable: Self { Self(.unreadable) }
    package static var severalSeeds: Self { Self(.severalSeeds) }
    /// - Parameter isAmongText: whether the text has other words around those that are counted.
    package static func phraseWordCount(count: Int, isAmongText: Bool = false) -> Self {
        Self(.phraseWordCount(count: count, isAmongText: isAmongText))
    }
    package static func phraseUnknownWords(_ value: [UnknownWord]) -> Self { Self(.phraseUnknownWords(value)) }
    package static func phraseNotEnglish(count: Int) -> Self { Self(.phraseNotEnglish(count: count)) }
    package static var phraseChecksum: Self { Self(.phraseChecksum) }
    package static var linkVersion: Self { Self(.linkVersion) }
    package static var linkDamaged: Self { Self(.linkDamaged) }
    package static var fileForeign: Self { Self(.fileForeign) }
    package static var fileVersion: Self { Self(.fileVersion) }
    /// The stored file is damaged. An app's own store throws it, too, where what it keeps can't be read.
    public static var fileDamaged: Self { Self(.fileDamaged) }
    package static var fileTooCostly: Self { Self(.fileTooCostly) }
    package static var fileHasMembership: Self { Self(.fileHasMembership) }
    package static var passphraseNeeded: Self { Self(.passphraseNeeded) }
    package static var wrongPassphrase: Self { Self(.wrongPassphrase) }
    package static var passphraseUnfit: Self { Self(.passphraseUnfit) }
    package static var memoryShort: Self { Self(.memoryShort) }
    package static var derivedKeyRefused: Self { Self(.derivedKeyRefused) }
    package static var signatureRefused: Self { Self(.signatureRefused) }
}
