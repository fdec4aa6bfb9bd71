import Crypto
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
private let seeds: [[UInt8]] = [
    [
        0x5b, 0xb5, 0xce, 0xb1, 0x68, 0xe4, 0xc8, 0xe2, 0x6a, 0x1a, 0x16, 0xed, 0x34, 0xd9, 0xfc, 0x7f,
        0xe9, 0x2c, 0x14, 0x81, 0x57, 0x93, 0x38, 0xda, 0x36, 0x2c, 0xb8, 0xd9, 0xf9, 0x25, 0xd7, 0xcb,
    ],
    [UInt8](repeating: 0, count: 32),
    [UInt8](repeating: 0xff, count: 32),
]

private func seed(_ bytes: [UInt8], createdAt: UInt64 = 0) throws -> SyncSeed {
    try SyncSeed(bytes: secret(bytes), createdAt: createdAt)
}

private func secret(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(copying: bytes.span.bytes)
}

private func array(_ secret: borrowing SecretBytes) -> [UInt8] {
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
            ("message", .hex(message)),
            ("signature", .hex(seed.signature(for: message))),
            ("own_info", .string(info)),
            ("own_key", .hex(array(try seed.derivedKey(info: info, count: 80)))),
        ])
    }
    return .object([
        ("kind", "seed-derivation"),
        ("about", "seed.md, Derivation: the seed's keys, a signature, and an 80-byte key of our own"),
        ("cases", .array(cases)),
    ])
}

private func phrases() throws -> JSON {
    let phrase = try seed(seeds[0]).recoveryPhrase.revealed()
    let words = phrase.split(separator: " ").map(String.init)
    func replacing(_ position: Int, _ word: String) -> String {
        (words[..<(position - 1)] + [word] + words[position...]).joined(separator: " ")
    }
    let numbered = words.enumerated().map { "\($0.offset + 1)" + ". " + $0.element }
    let numbersBehind = words.enumerated().map { "\($0.element) \($0.offset + 1)" }
    let good: [(String, String)] = [
        ("upper case", phrase.uppercased()),
        ("a word a line, CR LF", words.joined(separator: "\r\n") + "\r\n"),
        ("numbered, a word a line", numbered.joined(separator: "\n")),
        ("numbers without a space", words.enumerated().map { "\($0.offset + 1))\($0.element)" }.joined(separator: " ")),
        ("bare numbers", words.enumerated().map { "\($0.offset + 1) \($0.element)" }.joined(separator: "  ")),
        ("commas and tabs", words.joined(separator: ",\t")),
        ("no-break, thin and ideographic spaces", words.joined(separator: "\u{A0}\u{2009}\u{3000}")),
        ("dashes", words.joined(separator: "-")),
        ("a list with bullets", words.map { "\u{2022} \($0)\n" }.joined()),
        ("a sentence's full stop", phrase + "."),
        ("byte order mark", "\u{FEFF}" + phrase),
        ("four-letter prefixes", words.map { String($0.prefix(4)) }.joined(separator: " ")),
        ("longer prefixes", words.map { String($0.prefix(6)) }.joined(separator: " ")),
        ("in quotation marks", "\u{201C}" + phrase + "\u{201D}!"),
        ("a JSON list", "[" + words.map { "\"\($0)\"" }.joined(separator: ", ") + "]"),
        ("JSON with escapes", "{\"words\":\"" + words.joined(separator: "\\n") + "\\u000a\",\"language\":\"english\"}"),
        (
            "a list of JSON objects",
            "["
                + words.enumerated().map { "{\"index\":\($0.offset + 1),\"word\":\"\($0.element)\"}" }.joined(
                    separator: ","
                ) + "]"
        ),
        (
            "CSV with a heading and numbers behind",
            "word,nr\n" + words.enumerated().map { "\($0.element),\($0.offset + 1)\n" }.joined()
        ),
        (
            "a list of JSON objects from 0, the word first",
            "["
                + words.enumerated().map { "{\"word\":\"\($0.element)\",\"index\":\($0.offset)}" }.joined(
                    separator: ","
                ) + "]"
        ),
        (
            "labels of lines",
            stride(from: 0, to: 24, by: 6).map { "Row \($0 / 6 + 1): \(words[$0..<$0 + 6].joined(separator: " "))\n" }
                .joined()
        ),
        (
            "headings of parts",
            "Part 1 of 2\n\(words[..<12].joined(separator: " "))\n\n"
                + "Part 2 of 2\n\(words[12...].joined(separator: " "))\n"
        ),
        ("line ends in percent encoding", words.joined(separator: "%0D%0A")),
        ("line ends with backslashes", words.joined(separator: "\\n")),
        ("CSV with a heading", "index,word\n" + words.enumerated().map { "\($0.offset + 1),\($0.element)\n" }.joined()),
        (
            "numbers with an equals sign",
            words.enumerated().map { "\($0.offset + 1)=\($0.element)" }.joined(separator: " ")
        ),
        ("labels with numbers", words.enumerated().map { "Word \($0.offset + 1): \($0.element)\n" }.joined()),
        ("numbers behind a numero sign", words.enumerated().map { "№\($0.offset + 1) \($0.element)\n" }.joined()),
        ("numbers of how many", words.enumerated().map { "\($0.offset + 1) of 24: \($0.element)\n" }.joined()),
        ("XML", "<mnemonic>" + phrase + "</mnemonic>"),
        (
            "numbers run together with words",
            words.enumerated().map { "\($0.offset + 1)\($0.element)" }.joined(separator: " ")
        ),
        (
            "keycaps",
            words.enumerated().map { "\($0.offset + 1)".map { "\($0)\u{FE0F}\u{20E3}" }.joined() + $0.element }.joined(
                separator: " "
            )
        ),
        (
            "a table",
            "| # | Word |\n|---|---|\n" + words.enumerated().map { "| \($0.offset + 1) | \($0.element) |\n" }.joined()
        ),
        (
            "columns to be read downwards",
            (0..<8).map { row in
                stride(from: row, to: 24, by: 8).map { "\($0 + 1) \(words[$0])" }.joined(separator: "\t")
            }
            .joined(separator: "\n")
        ),
        ("Markdown", words.map { "- [ ] **\($0)**" }.joined(separator: "\n")),
        ("an HTML list", "<ol>" + words.map { "<li>\($0)</li>" }.joined() + "</ol>"),
        ("angle brackets", words.map { "<\($0)>" }.joined(separator: " ")),
        ("a label", "Recovery phrase: " + phrase),
        ("a mail", "Hello,\n\nhere it is:\n\n" + phrase + "\n\nKeep it safe, and do not lose it!\n"),
        ("ideographic commas", words.joined(separator: "\u{3001}")),
        ("full-width letters", String(String.UnicodeScalarView(phrase.unicodeScalars.map { fullWidth($0) }))),
        ("soft hyphens", words.map { $0.prefix(2) + "\u{AD}" + $0.dropFirst(2) }.joined(separator: " ")),
        (
            "zero-width spaces within words",
            words.map { $0.prefix(2) + "\u{200B}" + $0.dropFirst(2) }.joined(separator: " ")
        ),
        ("zero-width spaces between words", words.joined(separator: "\u{200B}")),
        ("isolates", "\u{2066}" + phrase + "\u{2069}"),
        ("a terminal's paste marks", "\u{1B}[200~" + phrase + "\u{1B}[201~"),
        ("colours of a terminal", words.map { "\u{1B}[1;32m\($0)\u{1B}[0m" }.joined(separator: " ")),
        ("the phrase twice", phrase + "\n" + phrase),
        ("numbers behind, and a heading below", numbersBehind.joined(separator: "\n") + "\n\nSeed link:\n"),
        ("numbers, and a note below", numbered.joined(separator: "\n") + "\n\nKeep these words safe. Never share."),
        ("ordinals", words.enumerated().map { "\($0.offset + 1)\u{BA} \($0.element)" }.joined(separator: "\n")),
        (
            "Chinese numbers",
            words.enumerated().map { "一二三四五六七八九十".map(String.init)[$0.offset % 10] + "\u{3001}" + $0.element }
                .joined(separator: "\n")
        ),
        (
            "letters of another script before each",
            words.enumerated().map { "\(Unicode.Scalar(UInt16(0x430 + $0.offset))!)) \($0.element)" }.joined(
                separator: "\n"
            )
        ),
        ("an HTML heading", "<h2>Recovery phrase</h2><p>" + phrase + "</p>"),
        ("HTML references", phrase.unicodeScalars.map { "&#\($0.value);" }.joined()),
        (
            "a folded card",
            "BEGIN:VCARD\r\nFN:Me\r\nNOTE:" + phrase.prefix(70) + "\r\n " + phrase.dropFirst(70) + "\r\nEND:VCARD\r\n"
        ),
        ("the phrase and its link", phrase + "\n" + (try seed(seeds[0]).link.revealed())),
    ]
    let swapped = ([words[1], words[0]] + words[2...]).joined(separator: " ")
    let bad: [(String, String, String, [Int])] = [
        ("23 words", words.dropLast().joined(separator: " "), "phrase-word-count", []),
        ("25 words", phrase + " zoo", "phrase-word-count", []),
        ("12 words", words.prefix(12).joined(separator: " "), "phrase-word-count", []),
        ("the phrase twice in a line", phrase + " " + phrase, "phrase-word-count", []),
        ("two phrases", phrase + "\n" + (try seed(seeds[1]).recoveryPhrase.revealed()), "several-seeds", []),
        ("a phrase and a link of two seeds", phrase + "\n" + (try seed(seeds[1]).link.revealed()), "several-seeds", []),
        ("a right phrase and a damaged link", phrase + "\neasysetup-seed:1/0", "seed-link-damaged", []),
        (
            "numbers to 25",
            (words + ["zoo"]).enumerated().map { "\($0.offset + 1). \($0.element)" }.joined(separator: " "),
            "phrase-word-count", []
        ),
        ("a word behind 24 numbered ones", numbered.joined(separator: " ") + " zoo", "phrase-word-count", []),
        ("a line behind 24 numbered ones", numbered.joined(separator: "\n") + "\nzoo", "phrase-word-count", []),
        ("a paragraph behind 24 numbered ones", numbered.joined(separator: "\n") + "\n\nzoo", "phrase-word-count", []),
        ("a word before 24 numbered ones", "zoo " + numbered.joined(separator: " "), "phrase-word-count", []),
        (
            "a word behind numbers that are behind", numbersBehind.joined(separator: " ") + " zoo", "phrase-word-count",
            []
        ),
        ("a line of 24 words and one of one", phrase + "\nzoo", "phrase-word-count", []),
        (
            "numbered words and another phrase",
            numbered.joined(separator: "\n") + "\n\n" + (try seed(seeds[1]).recoveryPhrase.revealed()), "several-seeds",
            []
        ),
        ("a Cyrillic letter", replacing(1, "f\u{43E}rum"), "phrase-unknown-word", [1]),
        ("a Greek letter", replacing(3, "pr\u{3BF}of"), "phrase-unknown-word", [3]),
        ("an accent of its own", replacing(1, "fo\u{301}rum"), "phrase-unknown-word", [1]),
        (
            "12 words of another language",
            "académie abaisser abdiquer abeille abolir aborder aboutir aboyer abrasif abreuver abriter abroger",
            "phrase-not-english", []
        ),
        (
            "24 words of another language", [String](repeating: "あいこくしん", count: 24).joined(separator: "\u{3000}"),
            "phrase-not-english", []
        ),
        ("what could not be read before", phrase + "\u{FFFD}", "text-not-utf-8", []),
        ("zeros between the letters: UTF-16", phrase.map { "\($0)\u{0}" }.joined(), "text-utf-16", []),
        (
            "23 words, one unknown: the count is said first", replacing(1, "").replacing("proof", with: "prooof"),
            "phrase-word-count", []
        ),
        ("two words run together", phrase.replacing("purpose proof", with: "purposeproof"), "phrase-word-count", []),
        ("an unknown word", replacing(3, "prooof"), "phrase-unknown-word", [3]),
        ("two unknown words", replacing(3, "prooof").replacing("learn", with: "lurn"), "phrase-unknown-word", [3, 24]),
        ("a three-letter cut of a longer word", replacing(1, "for"), "phrase-unknown-word", [1]),
        ("a word with letters after it", replacing(1, "forums"), "phrase-unknown-word", [1]),
        ("a right beginning with a wrong end", replacing(4, "spice"), "phrase-checksum", []),
        ("a digit in a word", replacing(1, "f0rum"), "phrase-unknown-word", [1]),
        ("a letter that is not ASCII", replacing(1, "fórum"), "phrase-unknown-word", [1]),
        ("a word of another language", replacing(24, "zéro"), "phrase-unknown-word", [24]),
        ("two words swapped", swapped, "phrase-checksum", []),
        ("another word of the list", replacing(1, "zoo"), "phrase-checksum", []),
        ("another last word", replacing(24, "zoo"), "phrase-checksum", []),
        (
            "24 times the first word", [String](repeating: "abandon", count: 24).joined(separator: " "),
            "phrase-checksum", []
        ),
        ("one word", "forum", "phrase-word-count", []),
        ("one word that the list has not", "qqqq", "seed-unreadable", []),
        ("nothing", "", "seed-unreadable", []),
        ("too long", phrase + String(repeating: " ", count: 16_384), "seed-too-long", []),
    ]
    return .object([
        ("kind", "recovery-phrase"),
        ("about", "seed.md, Recovery phrase: what is written, what else is read, what is refused and why"),
        (
            "written",
            .array(
                try seeds.map {
                    .object([
                        ("seed", .hex($0)), ("phrase", .string(try seed($0).recoveryPhrase.revealed())),
                    ])
                }
            )
        ),
        ("read", .array(good.map { readable($0.0, $0.1) })),
        (
            "refused",
            .array(
                bad.map { about, text, error, positions in
                    .object([
                        ("about", .string(about)), ("text", .string(text)), ("error", .string(error)),
                        ("positions", .array(positions.map(JSON.integer))),
                    ])
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

private func fullWidth(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
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
private func readable(_ about: String, _ text: String) -> JSON {
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
        ("a kind that does not exist", changing(plain, at: 9, to: [2]), nil, "seed-file-damaged"),
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
