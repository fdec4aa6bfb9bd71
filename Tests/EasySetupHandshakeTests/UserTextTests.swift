import EasySetupHandshake
import EasySetupSeed
import Testing

@Suite("Codes and links in secret memory") struct UserTextTests {
    static let link = "easysetup://relay.example:443/1/K7Q#00041061050R3GG28A1C60T3GC"

    @Test("Codes and links are read from a user's text as from a string") func read() throws {
        #expect(try PairingCode(typed: UserText(copying: " k7q 29m xaq")).revealed() == "K7Q-29M-XAQ")
        #expect(try PairingLink(parsing: UserText(copying: "<\(Self.link)>")).revealed() == Self.link)
        #expect(PairingLink.isMeant(by: UserText(copying: Self.link)))
        #expect(!PairingLink.isMeant(by: UserText(copying: "K7Q-29M-XAQ")))
    }

    @Test(
        "No error of their readers holds a part of the text",
        arguments: [
            "K7Q-29M-XAB", "K7Q-29M", "K7Q-\u{41C}9M-XAQ", "K7Q-2#M-XAQ", "K7U-29M-XAQ", "Code: K7Q-29M-XAQ",
            link + "7",
            link + "\n"
                + link
                .replacing("K7Q", with: "K7R"), link.replacing("//", with: "//user:pass@"), "legal winner thank",
            link + "\u{FFFD}",
            link.replacing("easysetup", with: "easysetup+plain"), String(repeating: "K7Q-29M-XAQ", count: 500),
        ]
    ) func errors(text: String) {
        var errors: [CodeError] = []
        do throws(CodeError) { _ = try PairingCode(typed: UserText(copying: text)) } catch { errors.append(error) }
        do throws(CodeError) { _ = try PairingLink(parsing: UserText(copying: text)) } catch { errors.append(error) }
        #expect(errors.count == 2)
        for error in errors {
            var said = "\(error) \(error.name) \(error.description) \(error.advice) \(String(reflecting: error))"
            dump(error, to: &said)
            for part in ["K7Q", "29M", "XAQ", "XAB", "K7U", "relay.example", "0004106", "pass", "winner"] {
                #expect(!said.contains(part), "\(said)")
            }
        }
    }
}
