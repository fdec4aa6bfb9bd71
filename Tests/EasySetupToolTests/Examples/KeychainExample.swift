import EasySetup

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
        guard var bytes = try keychain.read("seed") else { return nil }
        do throws(SeedError) {
            return try SeedFile.read(SecretBytes(wiping: &bytes))
        } catch {
            throw .seed(error)
        }
    }

    func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        guard let old = try await load() else {
            try write(seed, to: "seed")
            return .stored
        }
        if old.isSame(as: seed) { return .alreadyStored }
        guard replacing else { throw .otherSeedStored(stored: old.userID, new: seed.userID) }
        try write(old, to: "earlier seed")
        try write(seed, to: "seed")
        return .replaced(copy: nil)
    }

    func check() async throws(StoreError) {
        _ = try keychain.read("seed")
    }

    private func write(_ seed: SyncSeed, to item: String) throws(StoreError) {
        let file = SeedFile.write(seed)
        try keychain.write(file.bytes, to: item)
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
