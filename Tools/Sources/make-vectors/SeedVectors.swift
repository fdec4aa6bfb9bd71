import Crypto
import EasySetupChain
import EasySetupS3
import EasySetupSeed

/// Makes the vectors of derivation, phrases, links and files of seeds (`Protocol/seed.md`).
func seedVectors() throws -> [VectorFile] {
    [
        VectorFile(name: "seed-derivation.json", content: try derivation()),
        VectorFile(name: "recovery-phrase.json", content: try phrases()),
        VectorFile(name: "seed-link.json", content: try links()),
        VectorFile(name: "text.json", content: text()),
        VectorFile(name: "seed-file.json", content: try files()),
    ]
}

/// The seeds of all cases: one that was drawn at random, and the ones with the lowest and the highest value.
let seeds: [[UInt8]] = [
    [
        0x5b, 0xb5, 0xce, 0xb1, 0x68, 0xe4, 0xc8, 0xe2, 0x6a, 0x1a, 0x16, 0xed, 0x34, 0xd9, 0xfc, 0x7f,
        0xe9, 0x2c, 0x14, 0x81, 0x57, 0x93, 0x38, 0xda, 0x36, 0x2c, 0xb8, 0xd9, 0xf9, 0x25, 0xd7, 0xcb,
    ],
    [UInt8](repeating: 0, count: 32),
    [UInt8](repeating: 0xff, count: 32),
]

func seed(_ bytes: [UInt8], createdAt: UInt64 = 0) throws -> SyncSeed {
    try SyncSeed(bytes: secret(bytes), createdAt: createdAt)
}

private func secret(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(copying: bytes.span.bytes)
}

func array(_ secret: borrowing SecretBytes) -> [UInt8] {
    secret.withUnsafeBytes { Array($0) }
}

private func derivation() throws -> JSON {
    let message = Array("easysetup vector".utf8)
    let info = "easysetup/vector"
    let cases = try seeds.map { bytes -> JSON in
        let seed = try seed(bytes)
        return .object([
            ("seed", .hex(bytes)),
            ("user_id", .hex(seed.userID.bytes)),
            ("user_id_base64", .string(seed.userID.base64)),
            ("secretbox_key", .hex(array(seed.secretboxKey()))),
            ("secretbox_key_fingerprint", .string(seed.secretboxKeyFingerprint)),
            ("same_seed_key", .hex(array(seed.sameSeedKey()))),
            ("message", .hex(message)),
            ("signature", .hex(try seed.signature(for: message))),
            ("own_info", .string(info)),
            ("own_key", .hex(array(try seed.derivedKey(info: info, count: 80)))),
        ])
    }
    let refused = [
        ("empty", ""), ("the prefix alone", "easysetup/"), ("another prefix", "Easysetup/vector"),
        ("the info of the same-seed key", "EasySetup same seed"), ("the chain's prefix", "easysetup/chain/"),
        ("the key of a collection", "easysetup/chain/key/1/notes"),
        ("the id of a collection", "easysetup/chain/collection/notes"),
    ]
    let labels = [
        ChainLabel.certificate, ChainLabel.grant, ChainLabel.decline, ChainLabel.snapshot, ChainLabel.keyChange,
        ChainLabel.earlierKeys, CredentialsRequest.label, CredentialsRequest.plainLabel,
    ]
    var refusedMessages = labels.map { label in ("the label \(label)", ChainLabel.signed(label, [1, 2, 3])) }
    let prefix = Array("easysetup/".utf8)
    refusedMessages.append(("a zero byte before the prefix", [0] + prefix))
    refusedMessages.append(("a line feed before the prefix", [0x0A] + prefix))
    refusedMessages.append(("the greatest byte before the prefix, and more behind it", [0xFF] + prefix + [1]))
    refusedMessages.append(("a challenge that is text", Array(" easysetup/sign in".utf8)))
    return .object([
        ("kind", "seed-derivation"),
        ("about", "seed.md, Derivation: the seed's keys, a signature, and an 80-byte key of our own"),
        ("cases", .array(cases)),
        (
            "refused",
            .array(refused.map { about, info in .object([("about", .string(about)), ("info", .string(info))]) })
        ),
        (
            "refused_messages",
            .array(
                refusedMessages.map { about, message in
                    .object([("about", .string(about)), ("message", .hex(message))])
                }
            )
        ),
    ])
}

private func links() throws -> JSON {
    let link = try seed(seeds[0]).link.revealed()
    let body = String(link.dropFirst("easysetup-seed:1/".count))
    let hex = try seed(seeds[0]).hex.revealed()
    let base64 = try seed(seeds[0]).base64.revealed()
    let urlSafe = base64.replacing("+", with: "-").replacing("/", with: "_")
    let good: [(String, String)] = [
        ("scheme in upper case", "EASYSETUP-SEED:1/" + body),
        ("white space around it", "\n \(link) \r\n"),
        ("hex", hex),
        ("hex in upper case", hex.uppercased()),
        ("hex in both cases", hex.prefix(32).uppercased() + hex.suffix(32)),
        ("base64", base64),
        ("base64 without padding", String(base64.dropLast())),
        ("base64, URL-safe", urlSafe),
        ("base64, URL-safe, without padding", String(urlSafe.dropLast())),
        ("lower-case symbols", "easysetup-seed:1/" + body.lowercased()),
        ("wrapped", String(link.prefix(40)) + "\r\n  " + String(link.dropFirst(40))),
        ("wrapped within the scheme", "easysetup-\nseed:1/" + body),
        ("quoted in a mail", "> " + String(link.prefix(40)) + "\n> " + String(link.dropFirst(40))),
        ("in angle brackets", "<\(link)>."),
        ("Markdown", "[\(link)](\(link))"),
        ("percent-encoded", "easysetup-seed%3a1%2F" + body),
        ("JSON", "\"easysetup-seed:1\\/" + body + "\""),
        ("a sentence around it", "This is \(link) and nobody must see it"),
        ("a dash between symbols", "easysetup-seed:1/" + body.prefix(32) + "-" + body.suffix(32)),
        ("full-width", String(String.UnicodeScalarView(link.unicodeScalars.map { fullWidth($0) }))),
        ("hex with 0x", "0x" + hex),
        ("hex in quotation marks", "\"\(hex)\""),
        (
            "hex in pairs",
            stride(from: 0, to: 64, by: 2).map { String(hex.dropFirst($0).prefix(2)) }.joined(separator: ":")
        ),
        ("hex in two lines", String(hex.prefix(32)) + "\n" + String(hex.suffix(32))),
        ("hex with the label of a seed", "seed: \(hex)"),
        ("hex as a variable", "EASYSETUP_SEED=\"\(hex)\""),
        ("hex in JSON", "{\"seed\": \"\(hex)\"}"),
        ("base64 in quotation marks", "'\(base64)'"),
        ("base64 in two lines", String(base64.prefix(40)) + "\n" + String(base64.dropFirst(40))),
    ]
    let other = body.hasSuffix("0") ? "1" : "0"
    let bad: [(String, String, String)] = [
        ("last symbol wrong", String(link.dropLast()) + other, "seed-link-damaged"),
        (
            "first symbol wrong", "easysetup-seed:1/" + (body.hasPrefix("0") ? "1" : "0") + body.dropFirst(),
            "seed-link-damaged"
        ),
        ("a symbol missing", String(link.dropLast()), "seed-link-damaged"),
        ("a symbol too many", link + "0", "seed-link-damaged"),
        ("a letter that is no symbol", "easysetup-seed:1/U" + body.dropFirst(), "seed-link-damaged"),
        ("a Cyrillic letter", "easysetup-seed:1/\u{410}" + body.dropFirst(), "seed-link-damaged"),
        ("two links", link + "\n" + (try seed(seeds[1]).link.revealed()), "several-seeds"),
        ("no version", "easysetup-seed:" + body, "seed-link-damaged"),
        ("two slashes", "easysetup-seed://1/" + body, "seed-link-damaged"),
        ("nothing after the scheme", "easysetup-seed:", "seed-link-damaged"),
        ("version 2", "easysetup-seed:2/" + body, "seed-link-version"),
        ("version 01", "easysetup-seed:01/" + body, "seed-link-version"),
        ("hex with another label", "user id: \(hex)", "seed-unreadable"),
        ("hex with the label of a seed, and a word behind it", "seed: \(hex) old", "phrase-word-count"),
        ("hex, a digit missing", String(hex.dropLast()), "seed-unreadable"),
        ("hex, a digit too many", hex + "0", "seed-unreadable"),
        ("hex, a letter that is no digit", "g" + hex.dropFirst(), "seed-unreadable"),
        ("base64 with a bit to spare that is set", base64.dropLast(2) + "t=", "seed-unreadable"),
        ("base64 with two paddings", base64.dropLast(2) + "==", "seed-unreadable"),
        ("base64 in pieces that are no lines", base64.prefix(9) + " " + base64.dropFirst(9), "seed-unreadable"),
        ("base64 of both alphabets", "-" + base64.dropFirst(), "seed-unreadable"),
        ("another scheme", "easysetup:1/" + body, "seed-unreadable"),
    ]
    return .object([
        ("kind", "seed-link"),
        ("about", "seed.md, Seed link, and Hex and base64: what is written, what else is read, what is refused"),
        (
            "written",
            .array(
                try seeds.map {
                    let seed = try seed($0)
                    return .object([
                        ("seed", .hex($0)), ("link", .string(seed.link.revealed())),
                        ("hex", .string(seed.hex.revealed())),
                        ("base64", .string(seed.base64.revealed())),
                    ])
                }
            )
        ),
        ("read", .array(good.map { readable($0.0, $0.1) })),
        (
            "refused",
            .array(
                bad.map { about, text, error in
                    .object([("about", .string(about)), ("text", .string(text)), ("error", .string(error))])
                }
            )
        ),
    ])
}

func fullWidth(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    scalar == " " ? "\u{3000}" : Unicode.Scalar(scalar.value + 0xFEE0) ?? scalar
}

/// All Unicode scalars that a reader takes for ASCII characters, with those characters.
private func text() -> JSON {
    let forms = ASCIIForms.all.map { scalar, form in
        let ascii = (0..<4).map { UInt8(truncatingIfNeeded: form >> (8 * $0)) }.filter { $0 != 0 }
        let digits = String(scalar, radix: 16)
        return JSON.array([.string(digits), .string(String(decoding: ascii, as: UTF8.self))])
    }
    return .object([
        ("kind", "text"),
        ("about", "text.md, Compatible forms: scalars in hex, and the ASCII that each is read as"),
        ("forms", .array(forms)),
    ])
}

/// Makes a case with a text that a reader takes for the first seed.
func readable(_ about: String, _ text: String) -> JSON {
    .object([("about", .string(about)), ("text", .string(text)), ("seed", .hex(seeds[0]))])
}

private func files() throws -> JSON {
    let created: UInt64 = 1_700_000_000
    let passphrase = Array("correct horse battery staple".utf8)
    let salt = (0..<16).map { UInt8($0) }
    let nonce = (0..<24).map { UInt8(0x40 + $0) }
    let seed = try seed(seeds[0], createdAt: created)
    let plain = array(SeedFile.write(seed))
    let sealed = array(
        try SeedFile.seal(
            seed,
            under: Passphrase(secret(passphrase)),
            cost: .interactive,
            salt: secret(salt),
            nonce: secret(nonce)
        )
    )
    /// Gives a file with some bytes changed. The checksum is corrected too if `isRight` is true.
    func changing(_ file: [UInt8], at offset: Int, to bytes: [UInt8], isRight: Bool = true) -> [UInt8] {
        var content = Array(file[..<offset] + bytes + file[(offset + bytes.count)...])
        if isRight { content = content.dropLast(32) + sha256(Array(content.dropLast(32))) }
        return content
    }
    let bad: [(String, [UInt8], [UInt8]?, String)] = [
        ("another passphrase", sealed, Array("correct horse battery stable".utf8), "wrong-passphrase"),
        ("no passphrase", sealed, nil, "passphrase-needed"),
        (
            "a salt that was changed with the checksum", changing(sealed, at: 18, to: [1]), passphrase,
            "wrong-passphrase"
        ),
        (
            "a tag that was changed with the checksum", changing(sealed, at: 113, to: [sealed[113] ^ 1]), passphrase,
            "wrong-passphrase"
        ),
        (
            "a changed bit of the sealed part", changing(sealed, at: 60, to: [sealed[60] ^ 1], isRight: false),
            passphrase, "seed-file-damaged"
        ),
        (
            "a changed bit of the plain seed", changing(plain, at: 20, to: [plain[20] ^ 1], isRight: false), nil,
            "seed-file-damaged"
        ),
        ("a changed checksum", changing(plain, at: 81, to: [plain[81] ^ 1], isRight: false), nil, "seed-file-damaged"),
        ("a byte missing", sealed.dropLast(), passphrase, "seed-file-damaged"),
        ("a byte too many", plain + [0], nil, "seed-file-damaged"),
        ("cut after the magic", Array(plain.prefix(8)), nil, "seed-file-damaged"),
        ("a kind that does not exist", changing(plain, at: 9, to: [4]), nil, "seed-file-damaged"),
        ("a plain file that says it is sealed", changing(plain, at: 9, to: [1]), passphrase, "seed-file-damaged"),
        ("version 2", changing(plain, at: 8, to: [2]), nil, "seed-file-version"),
        ("another magic", changing(plain, at: 0, to: [0]), nil, "seed-file-foreign"),
        ("nothing", [], nil, "seed-file-foreign"),
        ("too many passes", changing(sealed, at: 10, to: [0, 0, 0, 9]), passphrase, "seed-file-too-costly"),
        ("too much memory", changing(sealed, at: 14, to: [0, 4, 0, 1]), passphrase, "seed-file-too-costly"),
        (
            "the most of both", changing(sealed, at: 10, to: [UInt8](repeating: 255, count: 8)), passphrase,
            "seed-file-too-costly"
        ),
        ("too few passes", changing(sealed, at: 10, to: [0, 0, 0, 1]), passphrase, "seed-file-damaged"),
        ("too little memory", changing(sealed, at: 14, to: [0, 0, 255, 255]), passphrase, "seed-file-damaged"),
    ]
    return .object([
        ("kind", "seed-file"),
        ("about", "seed.md, Seed file: one plain and one sealed file, and what is refused"),
        ("seed", .hex(seeds[0])),
        ("created_at", .integer(Int(created))),
        ("plain", .hex(plain)),
        ("passphrase", .hex(passphrase)),
        ("passes", .integer(Int(SealingCost.interactive.passes))),
        ("kibibytes", .integer(Int(SealingCost.interactive.kibibytes))),
        ("salt", .hex(salt)),
        ("nonce", .hex(nonce)),
        ("sealed", .hex(sealed)),
        (
            "refused",
            .array(
                bad.map { about, file, passphrase, error in
                    .object([
                        ("about", .string(about)), ("file", .hex(file)),
                        ("passphrase", passphrase.map { .hex($0) } ?? .null), ("error", .string(error)),
                    ])
                }
            )
        ),
    ])
}

private func sha256(_ bytes: [UInt8]) -> [UInt8] {
    Array(SHA256.hash(data: bytes))
}
