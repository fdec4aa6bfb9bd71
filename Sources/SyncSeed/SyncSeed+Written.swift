/// The forms a seed is written in (`Protocol/seed.md`, "Written forms").
extension SyncSeed {
    /// The longest text that is looked at: a phrase with numbers and generous spacing takes a few hundred bytes.
    public static let maximumWrittenBytes = 4096

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

    /// Reads a seed in any written form: phrase, seed link, hex or base64. White space around it does not matter.
    /// - Parameters:
    ///   - text: what was typed, pasted or read from a file, in UTF-8.
    ///   - createdAt: when the seed was made, in seconds since 1970 (UTC); no written form says it, so mostly 0.
    /// - Throws: what is wrong with the text, without repeating any of it.
    public static func read(written text: RawSpan, createdAt: UInt64 = 0) throws(SeedError) -> SyncSeed {
        guard text.byteCount <= maximumWrittenBytes else { throw .tooLong }
        return try SyncSeed(bytes: bytes(written: text.asBytes.trimmed()), createdAt: createdAt)
    }

    /// Reads a seed in any written form; see ``read(written:createdAt:)``.
    public static func read(
        written text: borrowing SecretBytes,
        createdAt: UInt64 = 0
    ) throws(SeedError) -> SyncSeed {
        try read(written: text.bytes, createdAt: createdAt)
    }

    /// Each form is known by its looks: a link by its scheme, hex and base64 by their lengths, a phrase by having words.
    private static func bytes(written text: Span<UInt8>) throws(SeedError) -> SecretBytes {
        if SeedLink.isLink(text) { return try SeedLink.seed(from: text) }
        let isOneWord = !text.indices.contains { text.spaceLength(at: $0) > 0 }
        switch (isOneWord, text.count) {
        case (true, byteCount * 2):
            guard let bytes = Encoding.bytes(hex: text, count: byteCount) else { throw .unreadable }
            return bytes
        case (true, 43), (true, 44):
            guard let bytes = Encoding.bytes(base64: text, count: byteCount) else { throw .unreadable }
            return bytes
        case (true, _) where RecoveryPhrase.countWords(in: text) < RecoveryPhrase.fewestJoinedWords:
            throw .unreadable
        default:
            return try RecoveryPhrase.seed(from: text)
        }
    }
}

extension Span<UInt8> {
    /// Without the white space at both ends.
    @_lifetime(copy self)
    fileprivate func trimmed() -> Span<UInt8> {
        // White space is one to three bytes long, so both ends are found from the front.
        var start = 0
        while start < count, spaceLength(at: start) > 0 { start += spaceLength(at: start) }
        var end = start
        var place = start
        while place < count {
            let space = spaceLength(at: place)
            place += max(space, 1)
            if space == 0 { end = place }
        }
        return extracting(start..<end)
    }
}
