import EasySetup
import EasySetupChain

// The store of the article "Storing seeds". The part with Security is compiled on Apple's systems alone.

// BEGIN
/// Items of bytes, each under a name.
nonisolated protocol Keychain: Sendable {
    func read(_ item: String) throws(StoreError) -> [UInt8]?
    func write(_ bytes: RawSpan, to item: String) throws(StoreError)
}

nonisolated struct KeychainStore: SeedStore {
    let keychain: any Keychain

    func load() async throws(StoreError) -> SyncSeed? {
        if case .seed(let seed) = try content() { seed } else { nil }
    }

    func loadMembership() async throws(StoreError) -> Membership? {
        if case .membership(let membership) = try content() { membership } else { nil }
    }

    func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        try save(.seed(seed), SeedFile.write(seed), replacing)
    }

    func save(_ membership: Membership, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        try save(.membership(membership), SeedFile.write(membership: membership.encoded()), replacing)
    }

    func check() async throws(StoreError) {
        _ = try keychain.read("seed")
    }

    private func save(
        _ new: ChainAccess,
        _ file: borrowing SecretBytes,
        _ replacing: Bool
    ) throws(StoreError) -> SaveOutcome {
        let old = try content()
        if let old, old.userID != new.userID {
            guard replacing else { throw .otherSeedStored(stored: old.userID, new: new.userID) }
            if case .seed(let seed) = old { try keychain.write(SeedFile.write(seed).bytes, to: "earlier seed") }
            try keychain.write(file.bytes, to: "seed")
            return .replaced(copy: nil)
        }
        // The seed can do all that a membership of its chain can, so it stays.
        if case .seed = old { return .alreadyStored }
        try keychain.write(file.bytes, to: "seed")
        return old == nil ? .stored : .exchanged
    }

    private func content() throws(StoreError) -> ChainAccess? {
        guard var bytes = try keychain.read("seed") else { return nil }
        let file = SecretBytes(wiping: &bytes)
        let encoded: SecretBytes
        do throws(SeedError) {
            switch try SeedFile.content(of: file) {
            case .seed: return .seed(try SeedFile.read(file))
            case .membership: encoded = try SeedFile.readMembership(file)
            }
        } catch {
            throw .seed(error)
        }
        do { return .membership(try Membership(encoded)) } catch { throw .seed(.fileDamaged) }
    }
}
// END

// BEGIN
#if canImport(Security)
import Foundation
import Security

nonisolated struct SystemKeychain: Keychain {
    /// The app's own name for its items, such as its bundle identifier.
    let service: String

    func read(_ item: String) throws(StoreError) -> [UInt8]? {
        var query = attributes(of: item)
        query[kSecReturnData] = true
        var found: CFTypeRef?
        switch SecItemCopyMatching(query as CFDictionary, &found) {
        case errSecSuccess: return (found as? Data).map { [UInt8]($0) }
        case errSecItemNotFound: return nil
        case let status: throw keychainError(status)
        }
    }

    func write(_ bytes: RawSpan, to item: String) throws(StoreError) {
        let content: [CFString: Any] = [
            kSecValueData: bytes.withUnsafeBytes { Data($0) },
            kSecAttrAccessible: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly,
        ]
        var status = SecItemUpdate(attributes(of: item) as CFDictionary, content as CFDictionary)
        if status == errSecItemNotFound {
            status = SecItemAdd(attributes(of: item).merging(content) { $1 } as CFDictionary, nil)
        }
        guard status == errSecSuccess else { throw keychainError(status) }
    }

    private func attributes(of item: String) -> [CFString: Any] {
        [
            kSecClass: kSecClassGenericPassword,
            kSecAttrService: service,
            kSecAttrAccount: item,
            kSecAttrSynchronizable: false,
            kSecUseDataProtectionKeychain: true,
        ]
    }
}
#endif
// END

// BEGIN
nonisolated func keychainError(_ status: Int32) -> StoreError {
    switch status {
    case -25308:  // errSecInteractionNotAllowed
        .app(
            "app-keychain-locked",
            "The keychain is locked.",
            advice: "Unlock this device, then try again.",
            retryHelps: true
        )
    default:
        .app(
            "app-keychain-failed",
            "The keychain failed (status {status}).",
            advice: "Try again. If it stays so, restart this device.",
            parameters: ["status": "\(status)"],
            retryHelps: true
        )
    }
}
// END
