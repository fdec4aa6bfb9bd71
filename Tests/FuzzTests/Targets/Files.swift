import Crypto
import EasySetupSeed

@testable import EasySetupRelay

/// The file of a seed or of a membership: unchanged, or with the right checksum, which no mutation would find.
@Sendable func seedFile(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    let isRepaired = script.flag()
    var bytes = script.remainder()
    if isRepaired, bytes.count >= SHA256.byteCount {
        let content = bytes.dropLast(SHA256.byteCount)
        bytes = Array(content) + SHA256.hash(data: content)
    }
    let file = SecretBytes(copying: bytes.span.bytes)
    guard let kind = try? SeedFile.kind(of: file), let content = try? SeedFile.content(of: file) else {
        return try hold(error(reading: file, nil) != nil, "a file of no kind is read")
    }
    let longest = content == .seed ? SeedFile.maximumBytes : SeedFile.maximumMembershipBytes
    try hold(bytes.count <= longest, "a file is longer than any")
    switch kind {
    case .plain where content == .membership:
        let isSame = isMembershipWrittenAgain(file)
        try hold(isSame, "a membership's plain file can't be read, or is another when written again")
    case .plain:
        guard let seed = try? SeedFile.read(file) else { throw BrokenRule(description: "a plain file can't be read") }
        let isSame = SeedFile.write(seed).isEqual(to: file)
        try hold(isSame, "a plain file is another when written again")
    case .sealed:
        try hold(error(reading: file, nil) == .passphraseNeeded, "a sealed file is read without a passphrase")
        // An allowed cost would take a tenth of a second, so such inputs are skipped.
        let passes = bytes[10..<14].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let kibibytes = bytes[14..<18].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        do throws(SeedError) {
            let cost = try SealingCost(passes: passes, kibibytes: kibibytes)
            let isBounded = cost.passes <= SealingCost.maximumPasses && cost.kibibytes <= SealingCost.maximumKibibytes
            guard isBounded else { throw SeedError.unreadable }
        } catch {
            try hold(error != .unreadable, "a cost is beyond its bounds")
            try hold(reading(file) == error, "a file is opened at a cost that is refused")
        }
    }
}

/// Whether the plain file of a membership can be read, and is the same when it is written again.
private func isMembershipWrittenAgain(_ file: borrowing SecretBytes) -> Bool {
    do throws(SeedError) {
        return SeedFile.write(membership: try SeedFile.readMembership(file)).isEqual(to: file)
    } catch {
        return false
    }
}

private func reading(_ file: borrowing SecretBytes) -> SeedError? {
    var word = Array("passphrase".utf8)
    return error(reading: file, try? Passphrase(SecretBytes(wiping: &word)))
}

private func error(reading file: borrowing SecretBytes, _ passphrase: Passphrase?) -> SeedError? {
    do throws(SeedError) {
        switch try SeedFile.content(of: file) {
        case .seed: _ = try SeedFile.read(file, passphrase: passphrase)
        case .membership: _ = try SeedFile.readMembership(file, passphrase: passphrase)
        }
        return nil
    } catch {
        return error
    }
}

@Sendable func keyFile(_ input: [UInt8]) throws(BrokenRule) {
    guard let keys = try? KeyFile.parse(input) else { return }
    let all = [keys.current] + keys.others
    try hold(all.allSatisfy { $0.count == TokenKeySet.keyByteCount }, "a key has another length")
    try hold(all.count <= KeyFile.maximumKeyCount, "more keys than a file may have")
    try hold((try? KeyFile.parse(KeyFile.format(keys))) == keys, "keys are others when written again")
}
