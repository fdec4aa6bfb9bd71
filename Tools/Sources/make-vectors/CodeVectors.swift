import EasySetupHandshake
import EasySetupSeed

func codeVectors() throws -> VectorFile {
    let codes: [(slot: String, secret: [UInt8])] = [
        ("K7Q", [2, 9, 20, 29, 10]), ("000", [0, 0, 0, 0, 0]), ("ZZZ", [31, 31, 31, 31, 31]),
        ("01A", [0, 1, 10, 0, 1]),
        ("K7Q2", [2, 9, 20, 29, 10]), ("0Z9AB", [16, 8, 4, 2, 1]), ("VWXYZ1", [30, 3, 12, 25, 7]),
    ]
    let good = try codes.map { slot, secret in
        let written = try PairingCode(slot: slot, random: fixedSecret(secret)).revealed()
        let symbols = written.filter { $0 != "-" }
        return JSON.object([
            ("slot", .string(slot)),
            ("secret_values", .array(secret.map { .integer(Int($0)) })),
            ("secret", .string(String(symbols.dropFirst(slot.count).dropLast()))),
            ("check", .string(String(symbols.suffix(1)))),
            ("written", .string(written)),
        ])
    }
    let drawn: [(slot: String, secret: [UInt8])] = [
        ("K7Q2", [1, 1, 1, 1, 19]),
        ("K7Q2", [1, 1, 1, 1, 18]),
        ("0Z9AB", [1, 1, 1, 26, 1]),
        ("0Z9AB", [1, 1, 1, 27, 1]),
        ("VWXYZ1", [1, 1, 30, 1, 1]),
        ("VWXYZ1", [1, 1, 31, 1, 1]),
        ("K7Q", [2, 9, 20, 29, 10]),
    ]
    let beginnings = try drawn.map { slot, secret in
        let code = try PairingCode(slot: slot, random: fixedSecret(secret))
        return JSON.object([
            ("slot", .string(slot)), ("secret_values", .array(secret.map { .integer(Int($0)) })),
            ("written", .string(code.revealed())), ("drawn_again", .boolean(code.beginsWithCode)),
        ])
    }
    let first = try PairingCode(slot: "K7Q", random: fixedSecret([2, 9, 20, 29, 10])).revealed()
    let digits = try PairingCode(slot: "01A", random: fixedSecret([0, 1, 10, 0, 1])).revealed()
    let check = digits.suffix(1)
    let typed: [(String, String)] = [
        (first.lowercased(), first), (first.filter { $0 != "-" }, first), ("  \(first)\n", first),
        (first.map { "\($0) " }.joined(), first), (first.replacingDashes(with: "–"), first),
        (first.replacingDashes(with: "_"), first), (first.replacingDashes(with: "\u{2212}."), first),
        ("\u{FEFF}\(first)", first), ("K7Q\u{200B}-29M\u{AD}-XAQ", first), ("\u{2068}\(first)\u{2069}", first),
        ("“\(first)”.", first),
        ("**\(first)**,", first), ("[K7Q] [29M] [XAQ]", first), ("k7q/29m/xaq", first),
        ("K7Q\u{2022}29M\u{30FB}XAQ", first), ("K7Q\r\n29M\r\nXAQ", first),
        ("Ｋ７Ｑ－２９Ｍ　ＸＡＱ", first), ("Ｋ７Ｑー２９ＭーＸＡＱ", first), ("K7Q一29M一XAQ", first), ("K7Q ー 29M\u{FF70}XAQ", first),
        ("K7Q\u{3161}29M\u{640}XAQ", first), ("\u{212A}7Q-29M-XAQ", first), ("\u{1B}[200~\(first)\u{1B}[201~", first),
        ("K7Q ! 29M-XAQ!", first), ("<b>\(first)</b>", first), ("K7Q%2D29M%2DXAQ", first),
        ("oia-OLA-ol\(check)", digits), ("0lA\u{A0}0iA\u{2009}oi\(check)", digits),
    ]
    var swapped = Array(first)
    swapped.swapAt(0, 1)
    var wrong = Array(first)
    wrong[4] = wrong[4] == "Z" ? "Y" : "Z"
    let bad: [(typed: String, error: String, detail: (String, Int)?)] = [
        ("", "code-wrong-length", ("count", 0)), ("K7Q29MXA", "code-wrong-length", ("count", 8)),
        ("K7Q-29M-XAB-000-0", "code-wrong-length", ("count", 13)),
        ("K7Q-U9M-XAB", "code-has-u", ("position", 4)), ("K7Q-29M-XAu", "code-has-u", ("position", 9)),
        ("K7Q-2!M-XAB", "code-not-a-symbol", ("position", 5)),
        ("\u{200B}K@Q-29M-XAQ", "code-not-a-symbol", ("position", 2)),
        ("K7Q-U9M-XAB-0000", "code-has-u", ("position", 4)), ("K7Q-29M-XAQ-000-UU", "code-wrong-length", ("count", 14)),
        ("Code: K7Q-29M-XAQ", "code-has-label", nil), ("your code = K7Q-29M-XAQ", "code-has-label", nil),
        ("1. K7Q-29M-XAQ", "code-has-label", nil), ("easysetup join k7q 29m xaq", "code-has-label", nil),
        ("1. K7Q-29M-XAB", "code-mistyped", nil), ("K7Q-29M-XAQ K7Q-29M-XAQ", "code-has-more", nil),
        ("K7Q-29M-XAQ sent from my phone", "code-has-more", nil), ("Bob: K7Q-29M-XAQ 10:12", "code-has-more", nil),
        ("https://relay.example/?code=K7Q%2D29M%2DXAQ", "code-has-label", nil),
        ("Bob,K7Q-29M-XAQ", "code-has-label", nil),
        ("<code>K7Q-29M-XAQ</code><name>Bob</name>", "code-has-more", nil),
        ("Hi Bob, your code is K7Q-29M-XAB, cheers", "code-has-more", nil),
        ("Hi Bob, your code is gone", "code-wrong-length", ("count", 19)),
        ("K7Q\u{FFFD}29M-XAQ", "text-not-utf-8", nil), ("K\u{0}7\u{0}Q\u{0}-\u{0}2\u{0}9\u{0}", "text-utf-16", nil),
        (String(repeating: " ", count: 1025), "code-too-long", nil),
        (String(swapped), "code-mistyped", nil), (String(wrong), "code-mistyped", nil),
        // A valid code with one more symbol is not a valid code of the next length.
        (first + "0", "code-mistyped", nil),
    ]
    let foreign: [(typed: String, position: Int, script: String)] = [
        ("K\u{301}7Q29MXAB", 1, "latin"), ("K7Q-29M-XA\u{410}", 9, "cyrillic"),
        ("\u{200B}\u{41A}7Q-29M-XAQ", 1, "cyrillic"),
        ("K7Q-29\u{39C}-XAQ", 6, "greek"), ("K7Q-\u{662}9M-XAQ", 4, "arabic"), ("KÉQ-U9", 2, "latin"),
        ("K7Q-29\u{4E00}-XAQ", 6, "chinese"), ("K7Q-29M-XAQ\u{30FC}", 10, "japanese"),
    ]
    return VectorFile(
        name: "code.json",
        content: .object([
            ("kind", "code"),
            ("codes", .array(good)),
            ("drawn_again", .array(beginnings)),
            ("typed", .array(typed.map { .object([("typed", .string($0.0)), ("written", .string($0.1))]) })),
            (
                "bad",
                .array(
                    bad.map { item in
                        .object(
                            [("typed", .string(item.typed)), ("error", .string(item.error))]
                                + (item.detail.map { [($0.0, .integer($0.1))] } ?? [])
                        )
                    }
                        + foreign.map { item in
                            .object([
                                ("typed", .string(item.typed)), ("error", "code-foreign-letter"),
                                ("position", .integer(item.position)), ("script", .string(item.script)),
                            ])
                        }
                )
            ),
            ("bad_slots", .array(["", "K7", "K7Q2345", "k7q", "K7O", "K7U", "K 7"])),
        ])
    )
}

func linkVectors() throws -> VectorFile {
    let secret = try unhex(HandshakeInputs.linkSecret)
    let relays: [(String, Int, Bool)] = [
        ("relay.example", 443, false), ("127.0.0.1", 8080, false), ("2001:db8::1", 65535, false),
        ("localhost", 1, true),
        ("127.8.9.10", 80, true), ("::1", 80, true), ("relay.example", 80, true), ("10.0.0.1", 80, true),
    ]
    let links = relays.map { host, port, isPlain in
        let relay = RelayAddress(host: host, port: port, isPlain: isPlain)!
        return JSON.object([
            ("host", .string(host)), ("port", .integer(port)), ("plain", .boolean(isPlain)), ("slot", "K7Q"),
            ("secret", .hex(secret)),
            ("link", .string(PairingLink(relay: relay, slot: "K7Q", secret: fixedSecret(secret)).revealed())),
            ("needs_allow_plain", .boolean(isPlain && !relay.isLoopback)),
        ])
    }
    let tail = "#008J4CT4ANK7F24SNAXWSQFEZW"
    let good = "easysetup://relay.example:443/1/K7Q"
    let link = good + tail
    let encoded = link.replacing(":", with: "%3A").replacing("/", with: "%2f").replacing("#", with: "%23")
    let read = [
        link.uppercased(), link.lowercased(), " \(link)\n", "<\(link)>.", "\"\(link)\",", "[Join](\(link))",
        "[\(link)](\(link))", "Open \(link) now",
        "https://relay.example/?u=\(link)", "> \(link.prefix(30))\n> \(link.dropFirst(30))",
        "\(link.prefix(40))=\r\n\(link.dropFirst(40))",
        "\(link.prefix(12))\n  \(link.dropFirst(12))", "\(link.prefix(7))\u{200B}\(link.dropFirst(7))", encoded,
        "\"\(link.replacing("/", with: "\\/"))\"",
        "\u{2068}\(link)\u{2069}", "\u{1B}[200~\(link)\u{1B}[201~", "\(link)\n\(link)",
    ]
    let bad = [
        "x\(link)", "\(link)\u{E9}", "\(link) easysetup://", "easysetup://r%65lay.example:443/1/K7Q\(tail)", "",
        "easysetup://", "K7Q-29M-XAB",
        "https://relay.example:443/1/K7Q\(tail)", "\(good)", "\(good)#",
        "\(good)\(tail.dropLast())", "\(good)\(tail)0",
        "\(good)#ZZZZZZZZZZZZZZZZZZZZZZZZZZ", "easysetup://relay.example/1/K7Q\(tail)",
        "easysetup://relay.example:0/1/K7Q\(tail)", "easysetup://relay.example:65536/1/K7Q\(tail)",
        "easysetup://relay.example:0443/1/K7Q\(tail)",
        "easysetup://:443/1/K7Q\(tail)", "easysetup://user@relay.example:443/1/K7Q\(tail)",
        "easysetup://2001:db8::1:443/1/K7Q\(tail)", "easysetup://[relay.example]:443/1/K7Q\(tail)",
        "easysetup://relay.example:443/2/K7Q\(tail)",
        "easysetup://relay.example:443/1/K7\(tail)",
        "easysetup://relay.example:443/1/K7Q?x=1\(tail)", "easysetup://relay.example:443/1/K7Q/\(tail)",
    ]
    return VectorFile(
        name: "link.json",
        content: .object([
            ("kind", "link"),
            ("links", .array(links)),
            ("read", .array(read.map { .object([("text", .string($0)), ("link", .string(link))]) })),
            (
                "bad",
                .array(
                    bad.map { .object([("link", .string($0)), ("error", "not-a-link")]) }
                        + [
                            .object([
                                ("link", .string("easysetup+plain://relay.example:80/1/K7Q\(tail)")),
                                ("error", "plain-link"),
                            ]),
                            .object([
                                ("link", .string("\(link)\n\(link.replacing("K7Q", with: "K7R"))")),
                                ("error", "several-links"),
                            ]),
                            .object([("link", .string("\(link)\u{FFFD}")), ("error", "text-not-utf-8")]),
                        ]
                )
            ),
        ])
    )
}

/// The test vectors of the CPace draft itself. This function copies them and computes nothing.
func cpaceVectors() -> VectorFile {
    VectorFile(
        name: "cpace.json",
        content: .object([
            ("kind", "cpace"),
            ("source", "draft-irtf-cfrg-cpace, test vectors for CPace using group ristretto255 and hash SHA-512"),
            ("PRS", "50617373776f7264"),
            ("CI", "0b415f696e69746961746f720b425f726573706f6e646572"),
            ("sid", "7e4b4791d6a8ef019b936c79fb7f2c57"),
            (
                "generator_string",
                .string(
                    "11435061636552697374726574746f3235350850617373776f726464" + String(repeating: "00", count: 100)
                        + "180b415f696e69746961746f720b425f726573706f6e646572107e4b4791d6a8ef019b936c79fb7f2c57"
                )
            ),
            ("g", "222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56"),
            ("ya", "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08"),
            ("ADa", "414461"),
            ("Ya", "d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157"),
            ("yb", "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d"),
            ("ADb", "414462"),
            ("Yb", "3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258"),
            ("K", "80b69a8a76457ab6a4d7f887a4bf6b55a2f80ac19c333f917a05fc9887c8b40f"),
            (
                "ISK_IR",
                .string(
                    "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd"
                        + "2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447"
                )
            ),
            (
                "scalar_mult",
                .object([
                    ("s", "7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05"),
                    ("X", "2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c"),
                    ("result", "7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e"),
                ])
            ),
            // The first two are the draft's. The others are not canonical: the point X from above with its highest bit
            // set (which some libraries ignore), the field's prime p, and 1, which is a negative number.
            (
                "must_abort",
                .array([
                    "2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c",
                    "0000000000000000000000000000000000000000000000000000000000000000",
                    "2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a59c",
                    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                    "0100000000000000000000000000000000000000000000000000000000000000",
                ])
            ),
        ])
    )
}

func fixedSecret(_ values: [UInt8]) -> SecretBytes {
    var values = values
    return SecretBytes(wiping: &values)
}

/// Decodes a fixed input from hex.
func unhex(_ hex: String) throws -> [UInt8] {
    let digits = Array(hex.utf8)
    return try stride(from: 0, to: digits.count, by: 2).map {
        guard let byte = UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) else { throw NotHex() }
        return byte
    }
}

struct NotHex: Error {}

extension String {
    fileprivate func replacingDashes(with other: String) -> String { map { $0 == "-" ? other : String($0) }.joined() }
}
