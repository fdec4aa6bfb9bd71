/// A seed as a link, mostly for a QR code (`Protocol/seed.md`, "Seed link"):
///
///     easysetup-seed:1/ and 64 symbols of Crockford base32: the seed, then 8 bytes of checksum
///
/// It is the secret itself, so whoever shows it says so first.
enum SeedLink {
    /// What every version begins with.
    static let scheme = Array("easysetup-seed:".utf8)
    private static let version = Array("1/".utf8)
    private static let label = Array("easysetup seed link 1".utf8)
    private static let checksumBytes = 8
    private static let symbols = (SyncSeed.byteCount + checksumBytes) / 5 * 8

    static func text(of seed: RawSpan) -> SecretText {
        var payload = SecretWriter(count: SyncSeed.byteCount + checksumBytes)
        payload.append(seed)
        payload.append(checksum(of: seed))
        let bytes = payload.finish()
        let text = SecretBytes(zeros: scheme.count + version.count + symbols)
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

    /// Whether a text claims to be a seed link. Systems change the case of a scheme, so it counts for nothing.
    static func isLink(_ text: Span<UInt8>) -> Bool {
        text.count >= scheme.count && scheme.indices.allSatisfy { lowercase(text[$0]) == scheme[$0] }
    }

    /// The 32 bytes of a link for which ``isLink(_:)`` is true.
    /// - Throws: ``SeedError/linkVersion`` or ``SeedError/linkDamaged``.
    static func seed(from text: Span<UInt8>) throws(SeedError) -> SecretBytes {
        let rest = text.extracting(scheme.count..<text.count)
        guard rest.count >= version.count, version.indices.allSatisfy({ rest[$0] == version[$0] }) else {
            // Another number before the slash is another version; anything else was damaged on its way.
            let digits = rest.indices.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= rest[$0] }.count
            throw digits > 0 && digits < rest.count && rest[digits] == UInt8(ascii: "/") ? .linkVersion : .linkDamaged
        }
        guard rest.count == version.count + symbols,
            let payload = Base32.decode(rest.extracting(version.count..<rest.count))
        else { throw .linkDamaged }
        let seed = payload.bytes.extracting(first: SyncSeed.byteCount)
        let found = payload.bytes.extracting(last: checksumBytes)
        guard found.asBytes.elementsEqual(checksum(of: seed)) else { throw .linkDamaged }
        return SecretBytes(copying: seed)
    }

    private static func checksum(of seed: RawSpan) -> [UInt8] {
        Array(Digest.sha256(label) { $0(seed) }.prefix(checksumBytes))
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }
}

extension Span<UInt8> {
    fileprivate func elementsEqual(_ other: [UInt8]) -> Bool {
        count == other.count && indices.allSatisfy { self[$0] == other[$0] }
    }
}
