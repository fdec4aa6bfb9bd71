import EasySetupSeed

/// Seeds with known results, and short functions that make and read secrets in tests.
enum Sample {
    static let phrase =
        "forum purpose proof spike erode illness position drift unfold plug lecture zone name apart aim venue decide "
        + "spider menu immune panel napkin game learn"
    static let hex = "5bb5ceb168e4c8e26a1a16ed34d9fc7fe92c1481579338da362cb8d9f925d7cb"

    static func seed(createdAt: UInt64 = 0) -> SyncSeed {
        // The digits are right, so this cannot fail.
        try! SyncSeed.read(written: typed(hex), createdAt: createdAt)
    }
}

func secret(_ text: String) -> SecretBytes {
    var bytes = Array(text.utf8)
    return SecretBytes(wiping: &bytes)
}

func secret(_ bytes: [UInt8]) -> SecretBytes {
    var bytes = bytes
    return SecretBytes(wiping: &bytes)
}

/// A text as a person types it.
func typed(_ text: String) -> UserText { UserText(copying: text) }

func typed(_ bytes: [UInt8]) -> UserText { UserText(secret(bytes)) }

/// A seed in any written form, from a string.
func read(_ text: String) throws(SeedError) -> SyncSeed {
    try SyncSeed.read(written: typed(text))
}

/// The bytes of a secret, for comparison.
func array(_ secret: borrowing SecretBytes) -> [UInt8] {
    secret.withBytes { span in (0..<span.byteCount).map { span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) } }
}
