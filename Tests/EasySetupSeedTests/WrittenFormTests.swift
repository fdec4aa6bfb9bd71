import EasySetupSeed
import Testing

@Suite("Written forms of a seed") struct WrittenFormTests {
    @Test("Every form that is written is read again") func roundTrip() throws {
        for seed in (0..<50).map({ _ in SyncSeed.random() }) {
            let forms = (
                seed.recoveryPhrase.revealed(), seed.link.revealed(), seed.hex.revealed(), seed.base64.revealed()
            )
            for form in [forms.0, forms.1, forms.2, forms.3] {
                #expect(try read(form).isSame(as: seed))
            }
        }
    }

    @Test(
        "Hex is read in both cases and base64 in both alphabets, padded or not",
        arguments: [
            Sample.hex, Sample.hex.uppercased(), " \n\t\(Sample.hex)\r\n",
            "W7XOsWjkyOJqGhbtNNn8f+ksFIFXkzjaNiy42fkl18s=", "W7XOsWjkyOJqGhbtNNn8f+ksFIFXkzjaNiy42fkl18s",
            "W7XOsWjkyOJqGhbtNNn8f-ksFIFXkzjaNiy42fkl18s=", "W7XOsWjkyOJqGhbtNNn8f-ksFIFXkzjaNiy42fkl18s",
            "seed: \(Sample.hex)", "My seed:\n\(Sample.hex)\n", "EASYSETUP_SEED='\(Sample.hex)'",
            "{\"seed\": \"\(Sample.hex)\"}",
            "SEED=W7XOsWjkyOJqGhbtNNn8f+ksFIFXkzjaNiy42fkl18s=", "seed: W7XOsWjkyOJqGhbt NNn8f+ksFIFXkzja Niy42fkl18s=",
            "{\"seed\":\"W7XOsWjkyOJqGhbtNNn8f\\u002BksFIFXkzjaNiy42fkl18s=\"}",
        ]
    ) func scripts(text: String) throws {
        #expect(try read(text).isSame(as: Sample.seed()))
    }

    @Test(
        "A text in no form is refused",
        arguments: [
            "", " \n", "qqqq", String(Sample.hex.dropLast()), Sample.hex + "0", "g" + Sample.hex.dropFirst(),
            "W7XOsWjkyOJqGhbtNNn8f+ksFIFXkzjaNiy42fkl18t=",  // a bit that belongs to no byte is set
            "W7XOsWjkyOJqGhbtNNn8f+ksFIFXkzjaNiy42fkl18==",
            "W7XOsWjkyOJqGhbtNNn8f+ksFIFXkzjaNiy-2fkl18s=",  // both alphabets at once
            // Only the label of a seed is passed over: the public identifiers of a chain look the same.
            "User id: \(Sample.hex)", "user_id=\(Sample.hex)", "seed's user id: \(Sample.hex)",
            "{\"user_id\":\"\(Sample.hex)\"}",
            "\u{0}", "https://relay.example", "\u{200B}\u{FEFF}",
        ]
    ) func unreadable(text: String) {
        #expect(throws: SeedError.unreadable) { try read(text) }
    }

    @Test(
        "A label makes no seed of another text",
        arguments: [
            "seed: \(Sample.hex) and more", "seed: \(Sample.hex.dropLast())", "seed=", "seed: seed: \(Sample.hex)0",
        ]
    ) func labels(text: String) {
        #expect(throws: SeedError.self) { try read(text) }
    }

    @Test("Bytes that are no text are refused and do not trap") func noise() {
        for length in 0..<200 {
            let noise = UserText(.random(count: length))
            #expect(throws: SeedError.self) { try SyncSeed.read(written: noise) }
        }
        for start: [UInt8] in [
            [0xC2], [0xE2], [0xE2, 0x80], [0xE3, 0x80], [0xEF, 0xBB], [0xC0, 0x80], [0xED, 0xA0, 0x80],
            [0xF4, 0x90, 0x80, 0x80],
            [0xFF, 0xFE, 0, 0], [0xEF, 0xBF, 0xBD],
        ] {
            #expect(throws: SeedError.textNotUTF8) { try SyncSeed.read(written: typed(start)) }
        }
    }

    @Test("UTF-16 is recognised, with its mark and without") func utf16() {
        let phrase: [UInt8] = Sample.phrase.utf8.flatMap { [$0, 0] as [UInt8] }
        let swapped: [UInt8] = Sample.phrase.utf8.flatMap { [0, $0] as [UInt8] }
        for text in [[0xFF, 0xFE] + phrase, [0xFE, 0xFF] + swapped, phrase, swapped, [0xFF, 0xFE]] {
            #expect(throws: SeedError.textUTF16) { try SyncSeed.read(written: typed(text)) }
        }
    }

    @Test("Text beyond the limit is not read, and text at the limit is") func limit() {
        let spaces = String(repeating: " ", count: SyncSeed.maximumWrittenBytes - Sample.hex.count)
        #expect(throws: Never.self) { try read(spaces + Sample.hex) }
        #expect(throws: SeedError.tooLong) { try read(spaces + " " + Sample.hex) }
    }

    @Suite("Seed links") struct Link {
        let link = Sample.seed().link.revealed()

        @Test("The scheme may be in any case") func scheme() throws {
            #expect(try read("EasySetup-SEED:" + link.dropFirst(15)).isSame(as: Sample.seed()))
        }

        @Test("Any single wrong symbol is noticed") func damage() {
            let symbols = Array(link)
            for index in 17..<symbols.count {
                var damaged = symbols
                damaged[index] = damaged[index] == "7" ? "8" : "7"
                #expect(throws: SeedError.linkDamaged) { try read(String(damaged)) }
            }
        }

        @Test("A text that is no link is refused") func damaged() {
            for text in [
                String(link.dropLast()), link + "0", "easysetup-seed:", "easysetup-seed:1", "easysetup-seed:1/",
                "easysetup-seed:/" + link.dropFirst(17), link + "é", "easysetup-seed:1/\u{410}" + link.dropFirst(18),
                "easysetup-seed://1/" + link.dropFirst(17), link.replacing("0", with: "O", maxReplacements: 1),
                "easysetup-seed:01", "easysetup-seed:1/U" + link.dropFirst(18),
            ] where text != link {
                #expect(throws: SeedError.linkDamaged) { try read(text) }
            }
        }

        @Test("A link is read in a page's source and within another link") func encoded() throws {
            let encoded = link.replacing(":", with: "%3A").replacing("/", with: "%2F")
            for text in [
                encoded, encoded.replacing("%", with: "%25"), "https://relay.example/?to=" + encoded.lowercased(),
                link.replacing("/", with: "&#x2F;").replacing(":", with: "&#58;"),
                link.map { "&#\($0.asciiValue!);" }.joined(),
                "BEGIN:VCARD\r\nURL:\(link.prefix(40))\r\n \(link.dropFirst(40))\r\nEND:VCARD\r\n",
            ] {
                #expect(try read(text).isSame(as: Sample.seed()), "\(text)")
            }
        }

        @Test("Another version is told from damage", arguments: ["2/", "0/AB", "01/A", "10/"]) func version(
            rest: String
        ) {
            #expect(throws: SeedError.linkVersion) { try read("easysetup-seed:" + rest) }
        }
    }
}
