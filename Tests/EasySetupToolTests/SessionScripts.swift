import EasySetup
import EasySetupHandshake
import EasySetupSeed
import Foundation
import TestSupport
import Testing

/// A session of people with the program, as a script: the keys, and the screens that are kept.
struct SessionScript: Sendable, CustomTestStringConvertible {
    /// The name of the files.
    let name: String
    let title: String
    /// The session in a terminal, and through pipes.
    let typed: @Sendable (SessionStage) async throws -> Void
    let piped: @Sendable (SessionStage) async throws -> Void

    var testDescription: String { name }

    static let all = [
        firstDevice, joinByCode, joinByLink, giveCollections, seedShow, seedImport, seedRemove, settings, noRelay,
    ]

    private static let fingerprint = SeedCommandTests.userID

    // MARK: - Pairing

    private static let firstDevice = SessionScript(
        name: "first-device",
        title: "The first device, on which nothing is stored"
    ) { stage in
        let home = try await stage.home("old laptop", isConfigured: false)
        let laptop = try await stage.terminal("old laptop", home: home)
        try await laptop.window.enter("easysetup config relay \(stage.url)")
        try await laptop.shows("The relay is kept for all commands.") { $0.hasSuffix("easysetup/config. $") }
        try await laptop.window.press("C-l")
        try await laptop.window.enter("easysetup offer")
        try await laptop.shows("The program asks what it can't know.") { $0.hasSuffix(">") }
        try await laptop.window.enter("new")
        let code = try await laptop.window.code()
        try stage.example(code: code)
        let stored = try await FileSeedStore(folder: home["XDG_DATA_HOME"]! + "/easysetup").load()
        try stage.example(try #require(stored).userID.fingerprint, fingerprint)
        try await laptop.shows("It has made a seed, and shows the code.") { $0.contains("lives for") }
        try await laptop.window.press("C-c")
        try await laptop.shows("Control-C ends it. The seed stays.") { $0.hasSuffix("$") }
    } piped: { stage in
        let home = try await stage.home("old laptop")
        try await stage.run("easysetup offer < /dev/null", home: home, "Nobody can be asked.")
        let line = "easysetup offer --new --yes < /dev/null"
        let offer = try stage.pipe("exec " + line, home: home)
        try stage.example(code: try await offer.code())
        let stored = try await FileSeedStore(folder: home["XDG_DATA_HOME"]! + "/easysetup").load()
        try stage.example(try #require(stored).userID.fingerprint, fingerprint)
        offer.interrupt()
        await stage.record(line, of: offer, "Options answer, and a signal ends it.")
    }

    private static let joinByCode = SessionScript(
        name: "join-by-code",
        title: "Two devices, and a code that is typed with a slip"
    ) { stage in
        let laptop = try await stage.terminal("old laptop", home: try await stage.home("old laptop", hasSeed: true))
        let phone = try await stage.terminal("new phone", home: try await stage.home("new phone"))
        try await laptop.window.enter("easysetup offer")
        let code = try await laptop.window.code()
        try stage.example(code: code)
        try await laptop.shows("The device with the seed shows a code.") { $0.contains("lives for") }
        try await phone.window.enter("easysetup join")
        try await phone.shows("The new device asks for it.") { $0.hasSuffix("___-___-___") }
        let slip = try wrong(code)
        try stage.example(slip.drawn, "K7Q[29N]XAQ")
        try await phone.window.type(slip.typed)
        try await phone.shows("A slip is marked before anything is sent.") { $0.hasSuffix(slip.drawn) }
        let right = code.replacing("-", with: "")
        let same = slip.typed.commonPrefix(with: right).count
        for _ in same..<right.count { try await phone.window.press("BSpace") }
        try await phone.window.type(String(right.dropFirst(same)))
        try await laptop.shows("It asks before it gives the seed.") {
            $0.hasSuffix(">") && $0.contains("device in your")
        }
        try await phone.shows("The new device shows the same two words.") { $0.contains("look at the other device") }
        try await laptop.window.enter("yes")
        try await laptop.shows("Both devices are paired.") { $0.contains("Paired.") && $0.hasSuffix("$") }
        try await phone.shows("Both devices are paired.") { $0.contains("Paired.") && $0.hasSuffix("$") }
    } piped: { stage in
        let laptop = try await stage.home("old laptop", hasSeed: true)
        let phone = try await stage.home("new phone")
        let line = "easysetup offer --yes < /dev/null"
        let offer = try stage.pipe(line, home: laptop)
        let code = try await offer.code()
        try stage.example(code: code)
        let slip = try wrong(code).typed
        let typed = try PairingCode.grouped(slip)
        try stage.example(typed, "K7Q-29N-XAQ")
        try await stage.run("echo \(typed) | easysetup join", home: phone, "new phone: A slip sends nothing.")
        try await stage.run("echo \(code) | easysetup join", home: phone, "new phone: The code is read from a pipe.")
        await stage.record(line, of: offer, "old laptop: It was told beforehand to give the seed.")
    }

    private static let joinByLink = SessionScript(
        name: "join-by-link",
        title: "A link in place of the code"
    ) { stage in
        let offer = try stage.start(
            ["offer", "--yes", "--json"],
            home: try await stage.home("old laptop", hasSeed: true)
        )
        let link = try #require(try await offer.event("offered")["link"] as? String)
        try stage.example(link, exampleLink)
        let phone = try await stage.terminal("new phone", home: try await stage.home("new phone"))
        try await phone.window.enter("easysetup join '\(link)'")
        try await phone.shows("Anybody can send a link, so it is asked about.") { $0.hasSuffix("no:") }
        try await phone.window.enter("?")
        try await phone.shows("A question mark explains the question.") {
            $0.contains("yourself") && $0.hasSuffix("no:")
        }
        try await phone.window.enter("yes")
        try await phone.shows("The devices are paired.") { $0.contains("Paired.") && $0.hasSuffix("$") }
    } piped: { stage in
        let offer = try stage.start(
            ["offer", "--yes", "--json"],
            home: try await stage.home("old laptop", hasSeed: true)
        )
        let link = try #require(try await offer.event("offered")["link"] as? String)
        try stage.example(link, exampleLink)
        let phone = try await stage.home("new phone")
        try await stage.run("easysetup join '\(link)' < /dev/null", home: phone, "Nobody can be asked.")
        try await stage.run("easysetup join --yes '\(link)' < /dev/null", home: phone, "An option answers.")
    }

    private static let exampleLink = "easysetup+plain://127.0.0.1:40404/1/K7Q#5W1VBNWSFJVN7FCB9T6B8X8VG2"

    /// A code with a slip in its second group, which the program finds there and nowhere else: what is typed, and how it
    /// is drawn.
    private static func wrong(_ code: String) throws -> (typed: String, drawn: String) {
        let right = Array(code.replacing("-", with: ""))
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        // One wrong symbol is enough for most codes. With two there are hundreds of such slips for each.
        for (place, other) in [(3, 3), (4, 4), (5, 5), (3, 4), (4, 5)] {
            for symbol in alphabet {
                for second in place == other ? [symbol] : alphabet {
                    var symbols = right
                    (symbols[place], symbols[other]) = (symbol, second)
                    let moment = CodeFieldTests.press(String(symbols))
                    guard moment.hint?.contains("slip in group 2 would") == true else { continue }
                    return (String(symbols), moment.drawn.replacing("|", with: ""))
                }
            }
        }
        throw NoSlip()
    }

    struct NoSlip: Error {}

    // MARK: - Seeds

    private static let seedShow = SessionScript(name: "seed-show", title: "The seed, to be written down") { stage in
        let home = try await stage.home("old laptop", hasSeed: true)
        let laptop = try await stage.terminal("old laptop", home: home)
        try await laptop.window.enter("easysetup seed show --reveal")
        try await laptop.shows("It asks before it shows a secret.") { $0.hasSuffix("no:") }
        try await laptop.window.enter("yes")
        try await laptop.shows("The phrase, the link and their QR code.", withHistory: true) {
            $0.contains("Seed link:") && $0.hasSuffix("$")
        }
    } piped: { stage in
        let home = try await stage.home("old laptop", hasSeed: true)
        try await stage.run("easysetup seed show < /dev/null", home: home, "Three identifiers, which are no secrets.")
        try await stage.run(
            "easysetup seed show --reveal < /dev/null",
            home: home,
            "The phrase, the link and their QR code."
        )
    }

    private static let seedImport = SessionScript(
        name: "seed-import",
        title: "A recovery phrase, with a word that is in no list"
    ) { stage in
        let words = SeedCommandTests.phrase.split(separator: " ").map(String.init)
        let home = try await stage.home("new laptop")
        let laptop = try await stage.terminal("new laptop", home: home)
        try await laptop.window.enter("easysetup seed import")
        try await laptop.shows("The words are not shown.") { $0.hasSuffix("Word 1 of 24:") }
        try await laptop.window.type(words[0] + " " + words[1] + " proof spkie ")
        try await laptop.shows("A wrong word is marked as it is left.") {
            $0.contains("Word 4 is")
        }
        // The space, and the letters up to the slip.
        try await laptop.window.press("BSpace", "BSpace", "BSpace", "BSpace")
        try await laptop.window.type("ike " + words.dropFirst(4).joined(separator: " "))
        try await laptop.shows("All words are there.") { $0.contains("24") && !$0.contains("not in the word list") }
        try await laptop.window.press("Enter")
        try await laptop.shows("The seed is stored.") { $0.contains("is stored") && $0.hasSuffix("$") }
    } piped: { stage in
        let home = try await stage.home("new laptop")
        let phrase = SeedCommandTests.phrase
        let wrong = phrase.replacing("spike", with: "spkie")
        try await stage.run("echo \(wrong) | easysetup seed import", home: home, "A wrong word.")
        try await stage.run("echo \(phrase) | easysetup seed import", home: home, "The phrase.")
    }

    private static let seedRemove = SessionScript(name: "seed-remove", title: "The seed, removed") { stage in
        let home = try await stage.home("old laptop", hasSeed: true)
        try stage.example(Self.copy(home), "/home/annabel/.local/share/easysetup/seed.\(fingerprint.prefix(16)).old")
        let laptop = try await stage.terminal("old laptop", home: home)
        try await laptop.window.enter("easysetup seed remove")
        try await laptop.shows("The digits of the user id take the place of a yes.") { $0.hasSuffix("or no:") }
        try await laptop.window.enter("12345678")
        try await laptop.shows("Other digits remove nothing.") { $0.contains("other digits") && $0.hasSuffix("or no:") }
        try await laptop.window.enter(String(fingerprint.prefix(8)))
        try await laptop.shows("A sealed copy is kept for 30 days.") {
            $0.contains("Write the code") && $0.hasSuffix("$")
        }
    } piped: { stage in
        let home = try await stage.home("old laptop", hasSeed: true)
        try stage.example(Self.copy(home), "/home/annabel/.local/share/easysetup/seed.\(fingerprint.prefix(16)).old")
        try await stage.run("easysetup seed remove < /dev/null", home: home, "Nobody can be asked.")
        let option = "--user-id \(fingerprint.prefix(8))"
        try await stage.run("easysetup seed remove \(option) < /dev/null", home: home, "An option answers.")
    }

    private static func copy(_ home: [String: String]) -> String {
        home["XDG_DATA_HOME"]! + "/easysetup/seed.\(fingerprint.prefix(16)).old"
    }

    // MARK: - Settings and errors

    private static let settings = SessionScript(name: "settings", title: "The settings in force") { stage in
        let home = try await stage.home("old laptop")
        let laptop = try await stage.terminal("old laptop", home: home)
        // All settings are many, and more with each new option.
        try await laptop.window.enter("EASYSETUP_LOG_LEVEL=info easysetup config | grep -v '^#'")
        try await laptop.shows("The settings that are no defaults, and where they come from.") {
            $0.hasSuffix("$") && $0.contains("relay =")
        }
        try await laptop.window.press("C-l")
        try await laptop.window.enter("easysetup config rely wss://relay.example")
        try await laptop.shows("A wrong name, and the nearest right one.") { $0.contains("mean") && $0.hasSuffix("$") }
        try await laptop.window.press("C-l")
        try await laptop.window.enter("easysetup config relay http://relay.example")
        try await laptop.shows("A value that does not fit is not kept.") { $0.contains("kept") && $0.hasSuffix("$") }
    } piped: { stage in
        let home = try await stage.home("old laptop")
        try await stage.run(
            "EASYSETUP_LOG_LEVEL=info easysetup config | grep -v '^#'",
            home: home,
            "The settings that are no defaults, and where they come from."
        )
        try await stage.run("easysetup config rely wss://relay.example", home: home, "A wrong name.")
        try await stage.run("easysetup config relay http://relay.example", home: home, "A value that does not fit.")
    }

    private static let noRelay = SessionScript(name: "no-relay", title: "Errors, and what to do") { stage in
        let home = try await stage.home("new phone", isConfigured: false)
        let phone = try await stage.terminal("new phone", home: home)
        try await phone.window.enter("easysetup join")
        try await phone.shows("No relay is named.") { $0.contains("HOST:PORT") && $0.hasSuffix("$") }
        try await phone.window.press("C-l")
        try await phone.window.enter("easysetup join --relay ws://127.0.0.1:9")
        try await phone.window.wait(for: "___-___-___")
        try await phone.window.type("K7Q29MXAQ")
        try await phone.shows("The relay can't be reached.") { $0.contains("Check the port") && $0.hasSuffix("$") }
    } piped: { stage in
        let home = try await stage.home("new phone", isConfigured: false)
        try await stage.run("easysetup join K7Q-29M-XAQ", home: home, "No relay is named.")
        let line = "easysetup join K7Q-29M-XAQ --relay ws://127.0.0.1:9"
        try await stage.run(line, home: home, "The relay can't be reached.")
    }
}

extension Running {
    /// Waits for a line that is a code, and returns the code.
    func code() async throws -> String {
        let line = await line { TerminalPairingTests.code([$0]) != nil }
        return try #require(TerminalPairingTests.code([line ?? ""]))
    }
}

extension PairingCode {
    /// The symbols of a code of nine in their groups.
    fileprivate static func grouped(_ symbols: String) throws -> String {
        try #require(symbols.count == 9)
        return "\(symbols.prefix(3))-\(symbols.dropFirst(3).prefix(3))-\(symbols.suffix(3))"
    }
}
