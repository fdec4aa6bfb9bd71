/// The written forms of a seed (`Protocol/seed.md`, "Written forms").
extension SyncSeed {
    /// The recovery phrase: 24 words in lower case with one space between them.
    public var recoveryPhrase: SecretText {
        withBytes { RecoveryPhrase.text(of: $0) }
    }

    /// The seed link, for a QR code. The link contains the secret, so warn the user before showing it.
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

    /// Reads a seed in any written form: phrase, seed link, hex or base64, in any layout.
    /// - Parameters:
    ///   - text: typed, pasted or read from a file, in UTF-8.
    ///   - createdAt: the seed's creation time, in seconds since 1970 (UTC); written forms do not contain it, so
    ///     usually 0.
    /// - Throws: ``SeedError``, which names the fault but contains no part of the text, because the text is secret.
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
