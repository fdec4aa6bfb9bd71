import EasySetupSeed

/// Makes the vectors of recovery phrases, of the seeds of all cases.
func phrases() throws -> JSON {
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
        ("a sentence around it", "My recovery phrase is: " + phrase + ". Please keep it secret!"),
        ("a sentence without marks", "Hi Bob, my phrase is " + phrase + " thanks, Alice"),
        (
            "a mail with a word a paragraph",
            "Hi Bob,\n\nthe phrase is:\n\n" + words.joined(separator: "\n\n") + "\n\nCheers\nAlice"
        ),
        ("a web address", "https://x.example/?lang=en&phrase=" + words.joined(separator: "+") + "&name=Bob"),
        ("commas in percent encoding", "https://x.example/?phrase=" + words.joined(separator: "%2C")),
        ("percent encoding, twice", "https://x.example/?phrase=" + words.joined(separator: "%2520")),
        ("no-break spaces in percent encoding", "https://x.example/?phrase=" + words.joined(separator: "%C2%A0")),
        ("a form", "https://x.example/?" + words.map { "word[]=\($0)" }.joined(separator: "&")),
        ("an XML list in a word of the list", "<seed>" + words.map { "<word>\($0)</word>" }.joined() + "</seed>"),
        ("XML attributes", "<phrase>\n" + words.map { "  <word value=\"\($0)\" />\n" }.joined() + "</phrase>"),
        ("JSON objects", "[" + words.map { "{\"word\": \"\($0)\"}" }.joined(separator: ", ") + "]"),
        ("CSV with a heading and no numbers", "word\n" + words.joined(separator: "\n")),
        ("CSV with a column of names", "who,word\n" + words.map { "alice,\($0)" }.joined(separator: "\n")),
        ("a cut line of a mail", "phrase: \(phrase.prefix(66))=\r\n\(phrase.dropFirst(66))\r\n"),
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
        ("a word beside it in a mail", "Hi Bob, zoo " + phrase + ", bye", "phrase-word-count", []),
        (
            "two phrases in a mail",
            "Hi, " + phrase + ". Or " + (try seed(seeds[1]).recoveryPhrase.revealed()) + ". Bye", "several-seeds", []
        ),
        (
            "an unknown word in a mail", "Hi, my phrase is: " + replacing(3, "prooof") + ". Bye, Bob",
            "phrase-unknown-word", [3]
        ),
        (
            "words swapped in an address", "https://x.example/?phrase=" + swapped.replacing(" ", with: "+"),
            "phrase-checksum", []
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
