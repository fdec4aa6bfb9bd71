import EasySetupSeed
import Foundation
import Testing

let seedRunners: [String: VectorRunner] = [
    "seed-derivation": { try runDerivation($0.decode(Derivation.self)) },
    "recovery-phrase": { try runPhrases($0.decode(Written.self)) },
    "seed-link": { try runLinks($0.decode(Written.self)) },
    "seed-file": { try runFile($0.decode(SealedFile.self)) },
    "text": { try runForms($0.decode(Forms.self)) },
]

private struct Derivation: Decodable {
    struct Case: Decodable {
        let seed, user_id, user_id_base64, secretbox_key, secretbox_key_fingerprint: String
        let same_seed_key, message, signature, own_info, own_key: String
    }
    struct Refused: Decodable { let about, info: String }
    struct RefusedMessage: Decodable { let about, message: String }
    let cases: [Case]
    let refused: [Refused]
    let refused_messages: [RefusedMessage]
}

private func runDerivation(_ vectors: Derivation) throws {
    for vector in vectors.cases {
        let seed = try SyncSeed(bytes: secret(bytes(vector.seed)))
        let message = try bytes(vector.message)
        let ownKey = try bytes(vector.own_key)
        #expect(hex(seed.userID.bytes) == vector.user_id)
        #expect(seed.userID.fingerprint == vector.user_id)
        #expect(seed.userID.base64 == vector.user_id_base64)
        #expect(hex(array(seed.secretboxKey())) == vector.secretbox_key)
        #expect(seed.secretboxKeyFingerprint == vector.secretbox_key_fingerprint)
        #expect(hex(array(seed.sameSeedKey())) == vector.same_seed_key)
        #expect(hex(try seed.signature(for: message)) == vector.signature)
        #expect(seed.userID.isValid(signature: try bytes(vector.signature), for: message))
        #expect(array(try seed.derivedKey(info: vector.own_info, count: ownKey.count)) == ownKey)
    }
    for vector in vectors.refused {
        #expect(throws: SeedError.derivedKeyRefused, "\(vector.about)") {
            _ = try SyncSeed.random().derivedKey(info: vector.info, count: 32).count
        }
    }
    for vector in vectors.refused_messages {
        let message = try bytes(vector.message)
        #expect(throws: SeedError.signatureRefused, "\(vector.about)") {
            try SyncSeed.random().signature(for: message)
        }
    }
}

private struct Written: Decodable {
    struct Form: Decodable {
        let seed: String
        let phrase, link, hex, base64: String?
    }
    struct Good: Decodable { let about, text, seed: String }
    struct Bad: Decodable {
        let about, text, error: String
        let positions: [Int]?
    }
    let written: [Form]
    let read: [Good]
    let refused: [Bad]
}

private func runPhrases(_ vectors: Written) throws {
    for form in vectors.written {
        let seed = try SyncSeed(bytes: secret(bytes(form.seed)))
        #expect(seed.recoveryPhrase.revealed() == form.phrase)
        #expect(try read(#require(form.phrase)).isSame(as: seed))
    }
    try runReading(vectors)
}

private func runLinks(_ vectors: Written) throws {
    for form in vectors.written {
        let seed = try SyncSeed(bytes: secret(bytes(form.seed)))
        #expect(seed.link.revealed() == form.link)
        #expect(seed.hex.revealed() == form.hex)
        #expect(seed.base64.revealed() == form.base64)
        for text in try [form.link, form.hex, form.base64].map({ try #require($0) }) {
            #expect(try read(text).isSame(as: seed))
        }
    }
    try runReading(vectors)
}

private func runReading(_ vectors: Written) throws {
    for good in vectors.read {
        let seed = try SyncSeed(bytes: secret(bytes(good.seed)))
        #expect(throws: Never.self, "\(good.about)") {
            let isSame = try read(good.text).isSame(as: seed)
            #expect(isSame, "\(good.about)")
        }
    }
    for bad in vectors.refused {
        let error = #expect(throws: SeedError.self, "\(bad.about)") { try read(bad.text) }
        #expect(error?.name == bad.error, "\(bad.about)")
        guard case .phraseUnknownWords(let words)? = error?.kind else { continue }
        #expect(words.map(\.position) == bad.positions, "\(bad.about)")
    }
}

private struct Forms: Decodable {
    let forms: [[String]]
}

private func runForms(_ vectors: Forms) throws {
    let known = ASCIIForms.all.map(\.scalar)
    #expect(try vectors.forms.map { try #require(UInt32($0[0], radix: 16)) } == known)
    for form in vectors.forms {
        let scalar = try #require(UInt32(form[0], radix: 16))
        let bytes = form[1].utf8.enumerated().reduce(0) { $0 | UInt32($1.element) << (8 * $1.offset) }
        #expect(ASCIIForms.form(of: scalar) == bytes)
    }
}

private struct SealedFile: Decodable {
    struct Bad: Decodable {
        let about, file, error: String
        let passphrase: String?
    }
    let seed: String
    let created_at: UInt64
    let plain, passphrase, salt, nonce, sealed: String
    let passes, kibibytes: UInt32
    let refused: [Bad]
}

private func runFile(_ vectors: SealedFile) throws {
    let seed = try SyncSeed(bytes: secret(bytes(vectors.seed)), createdAt: vectors.created_at)
    let passphrase = try Passphrase(secret(bytes(vectors.passphrase)))
    let cost = try SealingCost(passes: vectors.passes, kibibytes: vectors.kibibytes)
    let (salt, nonce) = try (bytes(vectors.salt), bytes(vectors.nonce))
    let sealed = try SeedFile.seal(seed, under: passphrase, cost: cost, salt: secret(salt), nonce: secret(nonce))
    #expect(hex(array(sealed)) == vectors.sealed)
    #expect(hex(array(SeedFile.write(seed))) == vectors.plain)
    for file in [vectors.sealed, vectors.plain] {
        let read = try SeedFile.read(secret(bytes(file)), passphrase: passphrase)
        #expect(read.isSame(as: seed))
        #expect(read.createdAt == vectors.created_at)
    }
    for bad in vectors.refused {
        let passphrase = try bad.passphrase.map { try Passphrase(secret(bytes($0))) }
        let file = try bytes(bad.file)
        let error = #expect(throws: SeedError.self, "\(bad.about)") {
            try SeedFile.read(secret(file), passphrase: passphrase)
        }
        #expect(error?.name == bad.error, "\(bad.about)")
    }
}

private func read(_ text: String) throws(SeedError) -> SyncSeed {
    try SyncSeed.read(written: UserText(copying: text))
}

private func secret(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(copying: bytes.span.bytes)
}

private func array(_ secret: borrowing SecretBytes) -> [UInt8] {
    secret.withUnsafeBytes { Array($0) }
}
