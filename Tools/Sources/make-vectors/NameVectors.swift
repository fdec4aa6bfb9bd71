import EasySetupHandshake

/// Vectors of valid device names, and of names that end a meeting (`Protocol/handshake.md`, "Names").
let nameVectors: [JSON] = good.map { vector("", $0, true) } + bad.map { vector($0.0, $0.1, false) }

private func vector(_ about: String, _ name: String, _ isGood: Bool) -> JSON {
    .object([("name", .hex(Array(name.utf8))), ("good", .boolean(isGood)), ("about", .string(about))])
}

private let good = [
    "a", "new phone", "Küche", "Zoë’s phone", "L'ordi", "O’Brian’s", "電話", "📱", "❤", "\u{1FAE8}", "a·b (2)",
    "\u{5DE}\u{5D7}\u{5E9}\u{5D1}", "\u{647}\u{627}\u{62A}\u{641} 2", "नया फ़ोन", String(repeating: "x", count: 64),
    "ရွှံ့", "\u{5E9}\u{5B8}\u{5BC}\u{5C1}", "ຫຼິ້ນ", "q\u{326}\u{302}\u{20DD}\u{20E3}",
    "\u{1000}\u{103D}\u{103E}\u{1032}\u{1037}\u{1038}\u{103D}",
]

private let bad: [(String, String)] = [
    ("nothing", ""), ("a space", " "), ("begins with a space", " a"), ("ends with a space", "a "),
    ("two spaces in a row", "a  b"),
    ("65 bytes", String(repeating: "x", count: 65)), ("not NFC", "e\u{301}"), ("Cc", "a\nb"), ("Cf", "a\u{202E}b"),
    ("Zs", "a\u{A0}b"),
    ("Zl", "a\u{2028}b"), ("Zp", "a\u{2029}b"), ("Co", "a\u{E000}"), ("Cn", "a\u{378}"),
    ("Cn, a noncharacter", "a\u{FFFF}"),
    ("assigned in Unicode 16.0", "\u{1FAE9}"), ("default ignorable, a filler", "\u{3164}"),
    ("default ignorable, a filler", "a\u{115F}"),
    ("default ignorable, a filler", "a\u{FFA0}"), ("default ignorable, a joiner", "a\u{34F}b"),
    ("default ignorable, a variation selector", "❤\u{FE0F}"), ("a blank", "\u{2800}"), ("a blank", "a\u{1D159}"),
    ("an object that is not there", "a\u{FFFC}"), ("a character that was not read", "a\u{FFFD}"),
    ("marks alone", "\u{301}\u{302}"),
    ("begins with a mark", "\u{301}a"), ("a quotation mark", "phone\" (ios) words: kayak · moss \""),
    ("a quotation mark", "a\u{201D}b"),
    ("a quotation mark", "«a»"), ("a quotation mark", "a\u{FF02}"), ("like a quotation mark", "a\u{2033}"),
    ("like a quotation mark", "a\u{2BA}"), ("like a quotation mark", "a\u{5F4}"),
    ("like a quotation mark", "a\u{3003}"), ("like a quotation mark", "a\u{2F6}"),
    ("two apostrophes", "a''b"), ("two accents", "a\u{B4}\u{B4}"), ("two primes", "a\u{2032}\u{2032}"),
    ("an apostrophe beside an accent", "a'`b"),
    ("five marks in a row", "q\u{326}\u{302}\u{20DD}\u{20DE}\u{20E3}"),
    ("five marks in a row", "\u{1000}\u{103D}\u{103E}\u{1032}\u{1036}\u{1037}"),
    ("twenty marks in a row", "a" + String(repeating: "\u{20DD}\u{20E3}", count: 10)),
    ("a mark twice in a row", "q\u{300}\u{300}"), ("a mark twice in a row", "à\u{300}\u{300}"),
    ("a mark twice in a row", "a\u{20DD}\u{20DD}"),
]
