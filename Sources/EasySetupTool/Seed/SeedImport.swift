import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupSeed

/// `easysetup seed import`: reads a seed in any written form from standard input, and stores it.
struct SeedImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Stores a seed read from standard input (phrase, seed link, hex or base64) or a picture."
    )

    @OptionGroup var store: StoreOptions
    @OptionGroup var seal: SealOptions
    @OptionGroup var picture: PictureOption
    @OptionGroup var common: CommonOptions
    @OptionGroup var screen: ScreenOptions
    @OptionGroup var nothing: NoArguments

    @Flag(help: "Replace another seed that is stored; a copy of it is kept in the store's folder.")
    var replace = false

    func run() async throws {
        try await common.run { output in
            try await Self.keep(
                { try picture.seed() ?? WrittenSeed.read(isPlain: screen.isPlain) },
                in: store,
                seal,
                replacing: replace ? .always : .never,
                output
            )
        }
    }

    /// Whether another seed that is stored makes way.
    enum Replacing {
        case never, ifConfirmed, always
    }

    /// Reads a seed and stores it.
    /// - Parameters:
    ///   - read: reads the seed, after the store was checked.
    ///   - replacing: whether another seed that is stored is replaced. A person who has not said so beforehand is asked.
    static func keep(
        _ read: () async throws -> SyncSeed,
        in options: StoreOptions,
        _ seal: SealOptions,
        replacing: Replacing,
        _ output: Output
    ) async throws {
        // The store is checked before a person types 24 words, so that they are not typed in vain.
        try await options.check()
        let seed = try await read()
        guard !seed.isGuessable else { throw CommandError.seedGuessable }
        let opened = try await seal.apply(to: options, output)
        let stored = try? await opened.access()
        if case .seed(let stored) = stored, seed.isPublicID(of: stored) { throw CommandError.publicIDGiven }
        if case .ifConfirmed = replacing, try await opened.isOther(seed, stored) {
            try await output.confirmReplacement(of: stored, by: seed.userID)
        }
        let code = RestoreCode.random()
        let store = try opened.sealingCopies(under: code.passphrase())
        let saved = try await store.save(seed, replacing: replacing != .never)
        var more: [(String, JSONValue)] = [("result", .string(saved.name))]
        var heading = saved.heading
        if case .replaced(let path?) = saved, let copy = try await store.copies().first(where: { $0.path == path }) {
            // A file that could not be read is kept as it was, without the code.
            let isCoded = !opened.hasPassphrase && copy.isRead
            let report = CopyReport(copy: copy, code: isCoded ? code.revealed() : nil)
            report.warn()
            more += report.fields
            heading = ([heading] + report.lines + [""]).joined(separator: "\n")
        }
        let plain = try await store.plainCopies()
        if !plain.isEmpty {
            more.append(("plain_copies", .list(plain.map(JSONValue.string))))
            heading += "\nThese copies of replaced seeds are damaged, and not sealed:\n" + plain.joined(separator: "\n")
        }
        SeedReport(seed: seed, isRevealed: false).write(output, event: "imported", heading: heading, more: more)
    }
}

extension FileSeedStore {
    /// Whether the store holds something of another chain, or something that can't be read.
    /// - Parameter stored: what is stored; nil if there is nothing, or if it can't be read.
    fileprivate func isOther(_ seed: SyncSeed, _ stored: ChainAccess?) async throws -> Bool {
        switch stored {
        case .seed(let stored): return !stored.isSame(as: seed)
        case .membership(let stored): return stored.userID != seed.userID
        case nil: break
        }
        do throws(StoreError) { return try await access() != nil } catch { return true }
    }
}

extension SyncSeed {
    /// Whether all bytes are equal: 32 zero bytes, for example, as a program writes them that has filled in nothing. No
    /// random seed is ever one of these 256, which everybody can try.
    ///
    /// The library takes such seeds: test vectors and tests have them. The commands that store what a person gives them
    /// refuse them.
    fileprivate var isGuessable: Bool {
        withBytes { $0.withUnsafeBytes { bytes in bytes.allSatisfy { $0 == bytes[0] } } }
    }

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
        case .exchanged: "exchanged"
        case .replaced: "replaced"
        }
    }

    fileprivate var heading: String {
        switch self {
        case .stored: "The seed is stored."
        case .alreadyStored: "This seed was stored already."
        case .exchanged: "The seed is stored in place of the membership of its chain that this device had."
        case .replaced: "The seed is stored in place of the old one."
        }
    }
}
