import ArgumentParser
import EasySetup
import EasySetupSeed

/// `easysetup seed import`: reads a seed in any written form from standard input, and stores it.
struct SeedImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Stores a seed read from standard input: phrase, seed link, hex or base64."
    )

    @OptionGroup var store: StoreOptions
    @OptionGroup var seal: SealOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var screen: ScreenOptions
    @OptionGroup var nothing: NoArguments

    @Flag(help: "Replace another seed that is stored; a copy of it is kept in the store's folder.")
    var replace = false

    func run() async throws {
        try await common.run { output in
            // The store is checked before a person types 24 words, so that they are not typed in vain.
            try await store.check()
            let seed = try WrittenSeed.read(isPlain: screen.isPlain)
            let store = try await seal.apply(to: store, output)
            if let stored = try? await store.load(), seed.isPublicID(of: stored) { throw CommandError.publicIDGiven }
            let saved = try await store.save(seed, replacing: replace)
            var more: [(String, JSONValue)] = [("result", .string(saved.name))]
            if case .replaced(let copy?) = saved { more.append(("copy", .string(copy))) }
            var heading = saved.heading
            let plain = try await store.plainCopies()
            if !plain.isEmpty {
                more.append(("plain_copies", .list(plain.map(JSONValue.string))))
                heading +=
                    "\nThese copies of replaced seeds are damaged, and not sealed:\n" + plain.joined(separator: "\n")
            }
            SeedReport(seed: seed, isRevealed: false).write(output, event: "imported", heading: heading, more: more)
        }
    }
}

extension SyncSeed {
    /// Whether this seed's bytes are the user ID or the key fingerprint, both public, of another seed. Hex and base64
    /// have no checksum, so such a text reads as a seed.
    fileprivate func isPublicID(of other: SyncSeed) -> Bool {
        let digits = Array(other.secretboxKeyFingerprint.utf8)
        let fingerprint = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
        }
        return withBytes { bytes in
            bytes.withUnsafeBytes { $0.elementsEqual(other.userID.bytes) || $0.elementsEqual(fingerprint) }
        }
    }
}

extension SaveOutcome {
    /// The value of `result` in the JSON output.
    var name: String {
        switch self {
        case .stored: "stored"
        case .alreadyStored: "already-stored"
        case .replaced: "replaced"
        }
    }

    fileprivate var heading: String {
        switch self {
        case .stored: "The seed is stored."
        case .alreadyStored: "This seed was stored already."
        case .replaced(let copy):
            """
            The seed is stored in place of the old one, of which a copy is kept\(copy.map { ":\n\($0)" } ?? ".")
            The copy is as secret as the seed: whoever can read it has all that the old chain's devices share.
            """
        }
    }
}
