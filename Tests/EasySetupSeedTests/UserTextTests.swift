import EasySetupSeed
import Testing

@Suite("A user's text in secret memory") struct UserTextTests {
    static let secret = "winner thank K7Q-29M-XAQ"

    private enum Failure: Error {
        case read(UserText)
    }

    @Test("No print, mirror or dump shows any of the text") func silent() {
        let text = UserText(copying: Self.secret)
        var shown = ["\(text as Any)", String(describing: text), String(reflecting: text), "\([text])", "\((text, 1))"]
        shown += ["\(Failure.read(text))", String(reflecting: Failure.read(text)), "\(["a": text] as Any)"]
        for value in [text as Any, [text], Failure.read(text)] {
            var dumped = ""
            dump(value, to: &dumped)
            shown.append(dumped)
        }
        for text in shown {
            for part in Self.secret.split(separator: " ") { #expect(!text.contains(part), "\(text)") }
        }
        #expect(Mirror(reflecting: text).children.isEmpty)
        #expect(!(text as Any is any CustomStringConvertible) && !(text as Any is any Encodable))
        #expect(text.revealed() == Self.secret && text.byteCount == 24)
    }

    @Test("Bytes that are no UTF-8 stay as they are, and the readers recognise them") func bytes() {
        let text = typed([0x61, 0xFF])
        #expect(text.byteCount == 2)
        #expect(throws: SeedError.textNotUTF8) { try SyncSeed.read(written: text) }
    }

    static let wrong = [
        RecoveryPhraseTests.words.dropLast().joined(separator: " "), Sample.phrase.replacing("proof", with: "prooof"),
        Sample.phrase.replacing("forum", with: "zoo"), Sample.phrase.replacing("a", with: "\u{430}"),
        Sample.phrase + " zoo", Sample.phrase + "\u{FFFD}", Sample.hex + "7", String(Sample.hex.dropLast()),
        Sample.seed().link.revealed().dropLast() + "U", Sample.seed().link.revealed().replacing(":1/", with: ":2/"),
        Sample.phrase + "\n" + (try! SyncSeed(bytes: SecretBytes(zeros: 32))).recoveryPhrase.revealed(),
        String(repeating: "forum ", count: 5000),
    ]

    @Test("No error of a seed's readers holds a part of the text", arguments: wrong) func errors(text: String) {
        var reader = SeedReader()
        reader.append(line: typed(text))
        var errors: [SeedError] = []
        do throws(SeedError) { _ = try SyncSeed.read(written: typed(text)) } catch { errors.append(error) }
        do throws(SeedError) { _ = try reader.seed() } catch { errors.append(error) }
        #expect(errors.count == 2)
        let words = Set(text.split(whereSeparator: { " \n:/".contains($0) }).map(String.init))
        for error in errors {
            var said = "\(error) \(error.name) \(error.description) \(error.advice) \(String(reflecting: error))"
            dump(error, to: &said)
            // Words that the errors' own sentences contain.
            for word in words.subtracting(["easysetup-seed", "word", "position", "name", "1", "2"]) {
                #expect(
                    !said.split(whereSeparator: { !$0.isLetter && !$0.isNumber }).contains { $0 == word },
                    "\(word)"
                )
            }
        }
    }
}
