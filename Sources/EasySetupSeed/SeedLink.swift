/// A seed as a link, mostly for a QR code (`Protocol/seed.md`, "Seed link"):
///
///     easysetup-seed:1/ and 64 symbols of Crockford base32: the seed, then 8 bytes of checksum
///
/// The link contains the secret, so a program must warn its user before it shows the link.
enum SeedLink {
    /// The prefix of seed links of every version.
    static let scheme = Array("easysetup-seed:".utf8)
    private static let version = Array("1/".utf8)
    private static let label = Array("easysetup seed link 1".utf8)
    private static let checksumBytes = 8
    static let symbolCount = (SyncSeed.byteCount + checksumBytes) / 5 * 8

    static func text(of seed: RawSpan) -> SecretText {
        var payload = SecretWriter(count: SyncSeed.byteCount + checksumBytes)
        payload.append(seed)
        payload.append(checksum(of: seed))
        let bytes = payload.finish()
        let text = SecretBytes(zeros: scheme.count + version.count + symbolCount)
        var place = 0
        unsafe text.withUnsafeMutableBytes { out in
            let append = { (byte: UInt8) in
                unsafe out[place] = byte
                place += 1
            }
            scheme.forEach(append)
            version.forEach(append)
            Base32.encode(bytes.bytes, append: append)
        }
        return SecretText(utf8: text)
    }

    /// Decodes a link's symbols, in upper case, into 32 bytes.
    /// - Throws: ``SeedError/Code/linkDamaged`` unless there are 64 valid symbols with the right checksum.
    static func seed(fromSymbols symbols: Span<UInt8>) throws(SeedError) -> SecretBytes {
        guard symbols.count == symbolCount, let payload = Base32.decode(symbols) else { throw .linkDamaged }
        let seed = payload.bytes.extracting(first: SyncSeed.byteCount)
        let found = payload.bytes.extracting(last: checksumBytes)
        guard found.asBytes.elementsEqual(checksum(of: seed)) else { throw .linkDamaged }
        return SecretBytes(copying: seed)
    }

    private static func checksum(of seed: RawSpan) -> [UInt8] {
        Array(Digest.sha256(label) { $0(seed) }.prefix(checksumBytes))
    }
}

extension Span<UInt8> {
    fileprivate func elementsEqual(_ other: [UInt8]) -> Bool {
        count == other.count && indices.allSatisfy { self[$0] == other[$0] }
    }
}
