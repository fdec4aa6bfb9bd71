import CSodium
import EasySetupSeed
import SwiftProtobuf

/// The seal of a record of version 0: NaCl's secretbox (`Protocol/version-0.md`, "Records").
enum Version0Seal {
    /// Opens a sealed record; nil if the key does not open it, or if it is none.
    static func open(_ sealed: [UInt8], _ key: borrowing SecretBytes) -> [UInt8]? {
        guard let record = try? Easysetup_Version0_SecretboxRecord(serializedBytes: sealed) else { return nil }
        let text = [UInt8](record.encryptedData), nonce = [UInt8](record.nonceRandom)
        guard key.count == Int(crypto_secretbox_KEYBYTES), nonce.count == Int(crypto_secretbox_NONCEBYTES),
            text.count >= Int(crypto_secretbox_MACBYTES)
        else { return nil }
        var plaintext = [UInt8](repeating: 0, count: text.count - Int(crypto_secretbox_MACBYTES))
        let isOpen = unsafe key.withPointer {
            unsafe crypto_secretbox_open_easy(&plaintext, text, UInt64(text.count), nonce, $0) == 0
        }
        return isOpen ? plaintext : nil
    }
}
