import CSodium
import Crypto
package import EasySetupSeed

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The keys of one meeting (`Protocol/handshake.md`, "Keys").
package struct SessionKeys: ~Copyable {
    /// The visitor's HMAC tag over the transcript. Message 3 (the visitor's proof) carries it.
    let visitorTag: SecretBytes
    /// The offerer's HMAC tag over the transcript. Message 4 (the offerer's proof) carries it.
    let offererTag: SecretBytes
    let sealVisitorToOfferer: SecretBytes
    let sealOffererToVisitor: SecretBytes
    let words: ConfirmationWords
    let transcript: Transcript

    /// - Parameters:
    ///   - sessionKey: CPace's ISK, 64 bytes.
    ///   - kemSecret: X-Wing's shared secret, 32 bytes.
    package init(sessionKey: borrowing SecretBytes, kemSecret: borrowing SecretBytes, transcript: Transcript) {
        var material: [UInt8] = []
        material.reserveCapacity(128)
        material += lengthPrefix(sessionKey.count)
        unsafe sessionKey.withUnsafeBytes { unsafe material.append(contentsOf: $0) }
        material += lengthPrefix(kemSecret.count)
        unsafe kemSecret.withUnsafeBytes { unsafe material.append(contentsOf: $0) }
        let input = SymmetricKey(data: material)
        Sodium.wipe(&material)

        func derive(_ name: String, _ count: Int) -> SymmetricKey {
            HKDF<SHA512>.deriveKey(
                inputKeyMaterial: input,
                salt: Labels.suite,
                info: lv(Array(name.utf8)) + transcript.hash,
                outputByteCount: count
            )
        }
        func tag(_ name: String) -> SecretBytes {
            let key = derive(name, 64)
            let code = HMAC<SHA512>.authenticationCode(for: transcript.hash, using: key)
            var bytes = Array(code)
            return SecretBytes(wiping: &bytes)
        }
        visitorTag = tag(Labels.visitorTag)
        offererTag = tag(Labels.offererTag)
        sealVisitorToOfferer = SecretBytes(derive(Labels.sealVisitorToOfferer, 32))
        sealOffererToVisitor = SecretBytes(derive(Labels.sealOffererToVisitor, 32))
        words = unsafe derive(Labels.words, 2).withUnsafeBytes { unsafe ConfirmationWords(($0[0], $0[1])) }
        self.transcript = transcript
    }

    /// Makes the channel that seals this side's messages, its proof first, and opens those of the other side. This call
    /// also wipes ``visitorTag`` and ``offererTag``, so the caller first copies the tags that it still needs.
    /// - Parameter role: this device's side.
    consuming func channel(of role: PairingSide) -> SealedChannel {
        switch role {
        case .visitor: SealedChannel(send: sealVisitorToOfferer, receive: sealOffererToVisitor, transcript: transcript)
        case .offerer: SealedChannel(send: sealOffererToVisitor, receive: sealVisitorToOfferer, transcript: transcript)
        }
    }
}

/// All labels that are inputs of hashes and of key derivation (`Protocol/handshake.md`, "Labels").
package enum Labels {
    /// The suite's label: the salt from which keys are derived, and the first part of CPace's channel identifier.
    package static let suite = Array("EasySetup/1 CPace-ristretto255-SHA512 X-Wing XChaCha20-Poly1305".utf8)
    package static let visitor = Array("A visits".utf8)
    package static let offerer = Array("B offers".utf8)
    static let visitorTag = "tag A"
    static let offererTag = "tag B"
    static let sealVisitorToOfferer = "seal A->B"
    static let sealOffererToVisitor = "seal B->A"
    static let words = "words"

    /// CI: CPace's channel identifier, which binds a run to the suite, to both roles and to the slot (the public part
    /// of the code).
    package static func channel(slot: String) -> [UInt8] {
        lv(suite) + lv(visitor) + lv(offerer) + lv(Array(slot.utf8))
    }
}

/// A device's side in a pairing: A, the visitor, types the code; B, the offerer, shows it.
package enum PairingSide: Hashable, Sendable {
    case visitor
    case offerer

    var other: PairingSide { self == .visitor ? .offerer : .visitor }
}
