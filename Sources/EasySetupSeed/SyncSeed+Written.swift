/// The forms a seed is written in (`Protocol/seed.md`, "Written forms").
extension SyncSeed {
    /// The longest text that is looked at: all that a program shows of a seed, with a coloured QR code, takes some 6,000
    /// bytes.
    public static let maximumWrittenBytes = 16_384

    /// The recovery phrase: 24 words in lower case with one space between them.
    public var recoveryPhrase: SecretText {
        withBytes { RecoveryPhrase.text(of: $0) }
    }

    /// The seed link, for a QR code. It *is* the secret: say so before it is shown.
    public var link: SecretText {
        withBytes { SeedLink.text(of: $0) }
    }

    /// The seed as 64 digits of lower-case hex.
    public var hex: SecretText {
        withBytes { Encoding.hex($0) }
    }

    /// The seed as 44 characters of standard base64.
    public var base64: SecretText {
        withBytes { Encoding.base64($0) }
    }

    /// Reads a seed in any written form: phrase, seed link, hex or base64, however it is laid out.
    /// - Parameters:
    ///   - text: what was typed, pasted or read from a file, in UTF-8.
    ///   - createdAt: when the seed was made, in seconds since 1970 (UTC); no written form says it, so mostly 0.
    /// - Throws: what is wrong with the text, without repeating any of it.
    public static func read(written text: RawSpan, createdAt: UInt64 = 0) throws(SeedError) -> SyncSeed {
        guard text.byteCount <= maximumWrittenBytes else { throw .tooLong }
        return try SyncSeed(bytes: SeedText(text.asBytes).seed(), createdAt: createdAt)
    }

    /// Reads a seed in any written form from a person's text; see ``read(written:createdAt:)``.
    public static func read(
        written text: UserText,
        createdAt: UInt64 = 0
    ) throws(SeedError) -> SyncSeed {
        try text.withBytes { (bytes) throws(SeedError) in try read(written: bytes, createdAt: createdAt) }
    }
}
