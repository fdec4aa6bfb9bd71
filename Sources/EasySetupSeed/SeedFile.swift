/// A seed, or a membership, as the bytes of a file (`Protocol/seed.md`, "Seed file"). A sealed file is encrypted under a
/// passphrase. A plain file is not encrypted, so it belongs in a folder that only its owner can read.
///
/// All files end with a checksum over all bytes before it, so that a damaged file and a wrong passphrase are different
/// errors.
public enum SeedFile {
    /// The length of the longest seed file, in bytes. A file with more bytes is no seed file.
    public static let maximumBytes = Layout.sealedBytes

    /// The greatest number of bytes in the file of a membership.
    public static let maximumMembershipBytes = membershipByteLimit + Layout.sealedBytes

    /// The greatest number of bytes in a membership (`Protocol/chain.md`, "Memberships").
    private static let membershipByteLimit = 1_048_576

    /// The content of a file.
    public enum Content: Equatable, Sendable {
        /// A seed.
        case seed
        /// A membership: the file of a device that got some collections and not the seed.
        case membership
    }

    /// Whether a seed file is plain or sealed.
    @nonexhaustive public enum Kind: Equatable, Sendable {
        /// The file is not encrypted, so reading the seed takes no passphrase.
        case plain
        /// The file is encrypted, so reading the seed takes the passphrase.
        case sealed
    }

    /// Makes a plain seed file.
    public static func write(_ seed: SyncSeed) -> SecretBytes {
        var writer = SecretWriter(count: Layout.plainBytes)
        writer.append(Layout.magic)
        writer.append(Layout.version)
        writer.append(Layout.plainKind)
        writer.append(bigEndian: seed.createdAt)
        seed.withBytes { writer.append($0) }
        return checksummed(writer.finish())
    }

    /// Makes a plain file of a membership.
    /// - Parameter membership: the membership as bytes, 1 to 1,048,576 of them.
    public static func write(membership: borrowing SecretBytes) -> SecretBytes {
        precondition(1...membershipByteLimit ~= membership.count, "a membership has a limit of its own")
        var writer = SecretWriter(count: Layout.plaintextOffset + membership.count)
        writer.append(Layout.magic)
        writer.append(Layout.version)
        writer.append(Layout.plainMembershipKind)
        writer.append(membership.bytes)
        return checksummed(writer.finish())
    }

    /// Makes a seed file that is sealed under a passphrase.
    /// - Parameter cost: the work for each try of the passphrase, by the owner or by a thief.
    /// - Throws: ``SeedError/Code/memoryShort`` if the system does not give the memory that `cost` demands.
    public static func seal(
        _ seed: SyncSeed,
        under passphrase: Passphrase,
        cost: SealingCost = .interactive
    ) throws(SeedError) -> SecretBytes {
        try seal(
            seed,
            under: passphrase,
            cost: cost,
            salt: SecretBytes.random(count: Layout.saltBytes),
            nonce: SecretBytes.random(count: Layout.nonceBytes)
        )
    }

    /// Makes a sealed seed file with a given salt and nonce, so that tests know its bytes beforehand.
    package static func seal(
        _ seed: SyncSeed,
        under passphrase: Passphrase,
        cost: SealingCost,
        salt: borrowing SecretBytes,
        nonce: borrowing SecretBytes
    ) throws(SeedError) -> SecretBytes {
        var plaintext = SecretWriter(count: Layout.plaintextBytes)
        plaintext.append(bigEndian: seed.createdAt)
        seed.withBytes { plaintext.append($0) }
        let content = plaintext.finish()
        return try seal(content, Layout.sealedKind, under: passphrase, cost: cost, salt: salt, nonce: nonce)
    }

    /// Makes the file of a membership that is sealed under a passphrase.
    /// - Parameters:
    ///   - membership: the membership as bytes, 1 to 1,048,576 of them.
    ///   - cost: the work for each try of the passphrase, by the owner or by a thief.
    /// - Throws: ``SeedError/Code/memoryShort`` if the system does not give the memory that `cost` demands.
    public static func seal(
        membership: borrowing SecretBytes,
        under passphrase: Passphrase,
        cost: SealingCost = .interactive
    ) throws(SeedError) -> SecretBytes {
        precondition(1...membershipByteLimit ~= membership.count, "a membership has a limit of its own")
        return try seal(
            membership,
            Layout.sealedMembershipKind,
            under: passphrase,
            cost: cost,
            salt: SecretBytes.random(count: Layout.saltBytes),
            nonce: SecretBytes.random(count: Layout.nonceBytes)
        )
    }

    private static func seal(
        _ plaintext: borrowing SecretBytes,
        _ kind: UInt8,
        under passphrase: Passphrase,
        cost: SealingCost,
        salt: borrowing SecretBytes,
        nonce: borrowing SecretBytes
    ) throws(SeedError) -> SecretBytes {
        precondition(salt.count == Layout.saltBytes && nonce.count == Layout.nonceBytes)
        var header = SecretWriter(count: Layout.headerBytes)
        header.append(Layout.magic)
        header.append(Layout.version)
        header.append(kind)
        header.append(bigEndian: cost.passes)
        header.append(bigEndian: cost.kibibytes)
        header.append(salt.bytes)
        header.append(nonce.bytes)
        let associated = header.finish()
        let key = try SealingKey(passphrase, cost: cost, salt: salt.bytes)
        let box = key.seal(plaintext, nonce: nonce, associated: associated)
        var file = SecretWriter(count: associated.count + box.count)
        file.append(associated.bytes)
        file.append(box.bytes)
        return checksummed(file.finish())
    }

    /// Whether a file is a plain seed file, or may be a damaged plain one, in which a part of the seed may be left.
    package static func isPlain(_ file: borrowing SecretBytes) -> Bool {
        do throws(SeedError) {
            return try kind(of: file) == .plain
        } catch .fileDamaged {
            guard file.count > Layout.kindOffset else { return false }
            return [Layout.plainKind, Layout.plainMembershipKind].contains(file.bytes.asBytes[Layout.kindOffset])
        } catch {
            return false
        }
    }

    /// Checks the form and checksum of a file, and returns whether the file is plain or sealed (encrypted).
    /// - Throws: ``SeedError/Code/fileForeign``, ``SeedError/Code/fileVersion`` or ``SeedError/Code/fileDamaged``.
    public static func kind(of file: borrowing SecretBytes) throws(SeedError) -> Kind { try form(of: file).kind }

    /// Checks the form and checksum of a file, and returns what is in it. That needs no passphrase.
    /// - Throws: ``SeedError/Code/fileForeign``, ``SeedError/Code/fileVersion`` or ``SeedError/Code/fileDamaged``.
    public static func content(of file: borrowing SecretBytes) throws(SeedError) -> Content {
        try form(of: file).content
    }

    private static func form(of file: borrowing SecretBytes) throws(SeedError) -> (kind: Kind, content: Content) {
        let bytes = file.bytes.asBytes
        guard bytes.count >= Layout.magic.count, Layout.magic.indices.allSatisfy({ bytes[$0] == Layout.magic[$0] })
        else { throw .fileForeign }
        guard bytes.count > Layout.kindOffset else { throw .fileDamaged }
        guard bytes[Layout.versionOffset] == Layout.version else { throw .fileVersion }
        let form: (Kind, Content)
        switch (bytes[Layout.kindOffset], bytes.count) {
        case (Layout.plainKind, Layout.plainBytes): form = (.plain, .seed)
        case (Layout.sealedKind, Layout.sealedBytes): form = (.sealed, .seed)
        case (Layout.plainMembershipKind, Layout.plainMembershipBytes): form = (.plain, .membership)
        case (Layout.sealedMembershipKind, Layout.sealedMembershipBytes): form = (.sealed, .membership)
        default: throw .fileDamaged
        }
        let content = file.bytes.extracting(droppingLast: Layout.checksumBytes)
        let found = file.bytes.extracting(last: Layout.checksumBytes).asBytes
        let checksum = Digest.sha256([]) { $0(content) }
        guard checksum.indices.allSatisfy({ found[$0] == checksum[$0] }) else { throw .fileDamaged }
        return form
    }

    /// Reads the seed in a seed file.
    /// - Parameter passphrase: the passphrase of a sealed file; ignored for a plain one.
    /// - Throws: the errors of ``kind(of:)``, ``SeedError/Code/fileHasMembership``,
    ///   ``SeedError/Code/passphraseNeeded``, ``SeedError/Code/fileTooCostly``, ``SeedError/Code/memoryShort`` or
    ///   ``SeedError/Code/wrongPassphrase``.
    public static func read(
        _ file: borrowing SecretBytes,
        passphrase: Passphrase? = nil
    ) throws(SeedError) -> SyncSeed {
        guard try content(of: file) == .seed else { throw .fileHasMembership }
        let content = try plaintext(of: file, passphrase)
        return try seed(from: content.bytes)
    }

    /// Reads the bytes of the membership in a file.
    /// - Parameter passphrase: the passphrase of a sealed file; ignored for a plain one.
    /// - Throws: the errors of ``read(_:passphrase:)``; ``SeedError/Code/fileForeign`` if the file has a seed.
    public static func readMembership(
        _ file: borrowing SecretBytes,
        passphrase: Passphrase? = nil
    ) throws(SeedError) -> SecretBytes {
        guard try content(of: file) == .membership else { throw .fileForeign }
        return try plaintext(of: file, passphrase)
    }

    private static func plaintext(
        of file: borrowing SecretBytes,
        _ passphrase: Passphrase?
    ) throws(SeedError) -> SecretBytes {
        switch try kind(of: file) {
        case .plain:
            return SecretBytes(
                copying: file.bytes.extracting(Layout.plaintextOffset..<file.count - Layout.checksumBytes)
            )
        case .sealed:
            guard let passphrase else { throw .passphraseNeeded }
            return try open(file, passphrase)
        }
    }

    private static func open(_ file: borrowing SecretBytes, _ passphrase: Passphrase) throws(SeedError) -> SecretBytes {
        let bytes = file.bytes
        let cost = try SealingCost(
            passes: bytes.bigEndian32(at: Layout.passesOffset),
            kibibytes: bytes.bigEndian32(at: Layout.kibibytesOffset)
        )
        let salt = bytes.extracting(Layout.saltOffset..<Layout.nonceOffset)
        let key = try SealingKey(passphrase, cost: cost, salt: salt)
        let plaintext = key.open(
            SecretBytes(copying: bytes.extracting(Layout.headerBytes..<file.count - Layout.checksumBytes)),
            nonce: SecretBytes(copying: bytes.extracting(Layout.nonceOffset..<Layout.headerBytes)),
            associated: SecretBytes(copying: bytes.extracting(first: Layout.headerBytes))
        )
        guard let plaintext else { throw .wrongPassphrase }
        return plaintext
    }

    /// Reads a seed from a file's plaintext: 8 bytes of creation time, then the 32 bytes of the seed.
    private static func seed(from plaintext: RawSpan) throws(SeedError) -> SyncSeed {
        let high = UInt64(plaintext.bigEndian32(at: 0))
        let low = UInt64(plaintext.bigEndian32(at: 4))
        return try SyncSeed(
            bytes: SecretBytes(copying: plaintext.extracting(last: SyncSeed.byteCount)),
            createdAt: high << 32 | low
        )
    }

    private static func checksummed(_ content: consuming SecretBytes) -> SecretBytes {
        var file = SecretWriter(count: content.count + Layout.checksumBytes)
        file.append(content.bytes)
        file.append(Digest.sha256([]) { $0(content.bytes) })
        return file.finish()
    }

    /// The layout of seed files: fixed values, such as the first bytes of a file, and the offsets and lengths of a
    /// file's parts in bytes.
    private enum Layout {
        static let magic = Array("easyseed".utf8)
        static let version: UInt8 = 1
        static let plainKind: UInt8 = 0
        static let sealedKind: UInt8 = 1
        static let plainMembershipKind: UInt8 = 2
        static let sealedMembershipKind: UInt8 = 3

        static let versionOffset = 8
        static let kindOffset = 9
        static let plaintextOffset = 10
        static let passesOffset = 10
        static let kibibytesOffset = 14
        static let saltOffset = 18
        static let nonceOffset = saltOffset + saltBytes
        static let headerBytes = nonceOffset + nonceBytes

        static let saltBytes = 16
        static let nonceBytes = 24
        static let plaintextBytes = 8 + SyncSeed.byteCount
        static let checksumBytes = 32
        static let plainBytes = plaintextOffset + plaintextBytes + checksumBytes
        static let sealedBytes = headerBytes + plaintextBytes + SealingKey.tagBytes + checksumBytes
        static let plainMembershipBytes = membershipBytes(plaintextOffset + checksumBytes)
        static let sealedMembershipBytes = membershipBytes(headerBytes + SealingKey.tagBytes + checksumBytes)

        /// The lengths of a membership's file that has so many bytes beside the membership.
        private static func membershipBytes(_ others: Int) -> ClosedRange<Int> {
            others + 1...others + membershipByteLimit
        }
    }
}

extension SecretWriter {
    fileprivate mutating func append(bigEndian number: some FixedWidthInteger) {
        for shift in stride(from: number.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}

extension RawSpan {
    fileprivate func bigEndian32(at offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 << 8 | UInt32(self[byte: offset + $1]) }
    }
}
