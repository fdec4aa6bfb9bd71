import EasySetup
import EasySetupHandshake
import EasySetupSeed
import Foundation
import TestSupport
import Testing

/// Whole pairings in real terminals, as users see them.
@Suite("Pairings in terminals", .inTurn, .timeLimit(.minutes(60))) struct TerminalPairingTests {
    let folder = ScratchFolder()

    /// The code on a screen, with or without spaces between its letters; nil if there is none.
    static func code(_ lines: [String]) -> String? {
        for line in lines {
            let text = line.replacing(" ", with: "")
            if text.wholeMatch(of: /[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3}/) != nil { return text }
        }
        return nil
    }

    static func isCountdown(_ lines: [String], _ text: String = "The code lives for") -> Bool {
        lines.last { !$0.isEmpty }?.contains(text) == true
    }

    /// A wrong code that has a valid form and the same slot.
    func wrong(_ code: String) throws -> String {
        try PairingCode(typed: code).wrong().revealed()
    }

    @Test("The device with the seed shows the code: both screens say what to do, to the end") func holderOffers()
        async throws
    {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let store = try await folder.seed("a")
        let offer = try await Window(["offer", "--relay", url, "--store", store, "--name", "Old Laptop"])
        defer { offer.stop() }
        let shown = try await offer.wait(until: { Self.code($0) != nil && Self.isCountdown($0) }, "a code")
        #expect(shown.contains { $0.contains("On the new device, run:") })
        // A window that is narrower than the command has it in several lines, which a shell reads as one.
        #expect(shown.joined().replacing(" \\", with: " ").contains("easysetup join --relay \(url)"))
        let code = try #require(Self.code(shown))
        let join = try await Window(["join", "--relay", url, "--store", folder.store, "--name", "New Phone"])
        defer { join.stop() }
        try await join.wait(for: "Code on the other screen:")
        try await join.enter(code)
        let asked = try await offer.wait(for: "Is this the device in your hands")
        let kind = try #require(asked.firstIndex { $0.contains("linux") })
        let name = try #require(asked.firstIndex { $0.contains("New Phone") })
        #expect(kind < name)
        #expect(asked[name].contains("\"") && !asked[name].contains("linux"))
        #expect(asked.contains { $0.contains("Time to answer: 4:5") || $0.contains("Time to answer: 5:0") })
        let waiting = try await join.wait(for: "look at the other device and answer there")
        let words = try #require(waiting.first { $0.contains(" · ") }).trimmingCharacters(in: .whitespaces)
        #expect(asked.contains { $0.contains(words) }, "the same two words on both screens")
        try await offer.enter("y")
        try await offer.wait(for: "Type yes in full, or no.")
        try await offer.type("yex")
        try await offer.press("BSpace")
        try await offer.enter("s")
        try await offer.wait(for: "Paired. Both devices have the user id")
        try await join.wait(for: "Paired. Both devices have the user id")
        for window in [offer, join] {
            let end = try await window.end()
            #expect(end.code == 0)
            #expect(end.isTerminalAsBefore)
        }
    }

    @Test(
        "The device without a seed shows the code: the other is asked for a word, and this one before it keeps the seed"
    )
    func receiverOffers() async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let offer = try await Window(["offer", "--relay", url, "--store", folder.store, "--name", "TV", "--receive"])
        defer { offer.stop() }
        let shown = try await offer.wait(until: { Self.code($0) != nil }, "a code")
        #expect(shown.contains { $0.contains("On the device that has your seed, run:") })
        #expect(!shown.contains { $0.contains("QR") })
        let holder = try await folder.seed("a")
        let join = try await Window(["join", "--relay", url, "--store", holder, try #require(Self.code(shown))])
        defer { join.stop() }
        try await join.wait(for: "Its screen shows two words.")
        let waiting = try await offer.wait(for: "Its screen asks for one of these words:")
        let words = try #require(waiting.first { $0.contains(" · ") }).trimmingCharacters(in: .whitespaces)
        try await join.enter("")
        try await join.wait(for: "Type one of the two words, or no.")
        try await join.enter("zzz")
        try await join.wait(for: "That is not one of its two words.")
        try await join.enter(words)
        let question = try await offer.wait(for: "Type yes to keep that seed on this device, or no:")
        let stored = try await FileSeedStore(folder: holder).load()
        let fingerprint = try #require(stored).userID.fingerprint
        #expect(question.contains { $0.contains(fingerprint) })
        try await join.wait(for: "The other device asks whether to keep it: answer there.")
        try await offer.enter("yes")
        for window in [offer, join] {
            try await window.wait(
                until: { $0.joined().contains("Paired. Both devices have the user id \(fingerprint)") },
                "paired"
            )
        }
    }

    /// - Parameter end: what ends the paste; without a line end, Enter ends the answer.
    @Test("A link that a mail has wrapped and quoted is pasted whole", arguments: ["", "\n"])
    func wrappedLink(end: String) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let offer = try Running(["offer", "--relay", url, "--store", try await folder.seed("a"), "--yes", "--json"])
        defer { offer.stop() }
        let link = try #require(try await offer.event("offered")["link"] as? String)
        let join = try await Window(["join", "--relay", url, "--store", folder.store])
        defer { join.stop() }
        try await join.wait(for: "Code on the other screen:")
        try await join.paste("Hi,\nopen this:\n> \(link.prefix(30))\n> \(link.dropFirst(30))" + end, isMarked: true)
        if end.isEmpty {
            try await join.wait(for: String(link.suffix(10)))
            try await join.enter("")
        }
        try await join.wait(for: "This link leads to the relay")
        try await join.enter("yes")
        try await join.wait(for: "Paired. Both devices have the user id")
    }

    @Test("A link is opened after a yes") func link() async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let offer = try Running(["offer", "--relay", url, "--store", try await folder.seed("a"), "--yes", "--json"])
        defer { offer.stop() }
        let link = try #require(try await offer.event("offered")["link"] as? String)
        let join = try await Window(["join", link, "--store", folder.store])
        defer { join.stop() }
        try await join.wait(for: "This link leads to the relay")
        try await join.enter("?")
        try await join.wait(for: "yourself")
        try await join.enter("yes")
        try await join.wait(for: "Paired. Both devices have the user id")
    }

    @Test(
        "The code, the advice and the time left stay in sight in windows of every size",
        arguments: [(80, 24), (40, 20), (38, 30), (20, 10), (200, 50)]
    )
    func sizes(width: Int, height: Int) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let offer = try await Window(
            ["offer", "--relay", url, "--store", try await folder.seed("a")],
            width: width,
            height: height
        )
        defer { offer.stop() }
        func fits(_ lines: [String]) -> Bool {
            Self.code(lines) != nil && lines.last { !$0.isEmpty }?.contains(/[0-9]:[0-9][0-9]($|[^0-9])/) == true
        }
        let first = try await offer.wait(until: fits, "code and countdown")
        let code = try #require(Self.code(first))
        let isDrawn = first.contains { $0.contains("█") }
        #expect(isDrawn == (width == 200))
        // The program rewrites the countdown in place: a later second replaces the earlier one.
        let clock = first.last { !$0.isEmpty }
        let later = try await offer.wait(until: { fits($0) && $0.last { !$0.isEmpty } != clock }, "a later second")
        #expect(later.count { $0.contains(/[0-9]:[0-9][0-9]($|[^0-9])/) } == 1)
        // The message about a wrong code comes above the countdown, which stays.
        _ = try await Program.run(["join", try wrong(code), "--relay", url, "--store", folder.store, "--json"])
        try await offer.wait(withHistory: true, until: { $0.joined().contains("wrong") }, "a wrong code")
        let told = try await offer.wait(until: fits, "code and countdown")
        #expect(Self.code(told) == code)
        for (width, height) in [(60, 18), (24, 12), (100, 45), (80, 24), (40, 10), (25, 6), (80, 24)] {
            try await offer.resize(width: width, height: height)
            try await offer.wait(
                until: { lines in
                    let clocks = lines.count { $0.contains(/[0-9]:[0-9][0-9]($|[^0-9])/) }
                    return fits(lines) && Self.code(lines) == code && clocks == 1
                },
                "\(width) by \(height)"
            )
        }
    }

    @Test(
        "A plain terminal gets plain lines",
        arguments: [
            ["TERM": "dumb"], ["LC_ALL": "C", "TERM": "dumb", "NO_COLOR": "1"], ["LC_ALL": "POSIX"], ["NO_COLOR": "1"],
        ]
    )
    func plain(variables: [String: String]) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let record = folder.path + "/record"
        let offer = try await Window(
            ["-qfc", "\(Program.path) offer --relay \(url) --store \(try await folder.seed("a"))", record],
            of: "/usr/bin/script",
            width: 200,
            height: 60,
            environment: variables
        )
        defer { offer.stop() }
        try await offer.wait(until: { Self.code($0) != nil && $0.joined().contains("lives for") }, "a code")
        let bytes = try Data(contentsOf: URL(filePath: record))
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.contains("█") && !text.contains("▀"))
        #expect(!text.contains("\u{1B}[1m") && !text.contains("\u{1B}[30"), "no colours")
        if variables["TERM"] == "dumb" { #expect(!text.contains("\u{1B}") && text.count { $0 == "\u{B}" } == 0) }
        if variables["LC_ALL"] != nil { #expect(text.allSatisfy { $0.isASCII || $0 == "\r\n" }) }
        try await offer.press("C-c")
        #expect(try await offer.end().isTerminalAsBefore)
    }

    @Test("Plain lines say each thing once, and their question stands at the end", arguments: [true, false])
    func plainQuestion(isErrorInFile: Bool) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let store = try await folder.seed("a")
        let errors = folder.path + "/errors"
        let redirection = isErrorInFile ? "2> \(errors)" : ""
        let offer = try await Window(
            ["-c", "\(Program.path) offer --relay \(url) --store \(store) \(redirection)"],
            of: "/bin/sh",
            height: 40,
            environment: isErrorInFile ? [:] : ["TERM": "dumb"]
        )
        defer { offer.stop() }
        let code = try await offer.code()
        let join = try Running(["join", code, "--relay", url, "--store", folder.store, "--json"])
        defer { join.stop() }
        try await offer.wait(for: "Is this the device in your hands")
        try await offer.enter("y")
        try await offer.wait(for: "Type yes in full, or no.")
        // The paste has several lines. The first line is the answer, and a shell must get none of the others.
        try await offer.paste("yes\nzebra\nzebra\n")
        let shown = try await offer.wait(for: "Paired. Both devices have the user id")
        for text in ["calls itself", "Compare these words", "The code was used", "    linux"] {
            #expect(shown.count { $0.contains(text) } == 1, "\(text)\n\(shown.joined(separator: "\n"))")
        }
        #expect(try await offer.end().isTerminalAsBefore)
    }

    /// On one core Swift's tasks share one thread, so a task that never rests stops all others.
    @Test(
        "A pairing on one core comes to its end",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/taskset"), "there is no taskset")
    )
    func oneCore() async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let store = try await folder.seed("a")
        let offer = try await Window(
            ["-c", "0", Program.path, "offer", "--relay", url, "--store", store],
            of: "/usr/bin/taskset"
        )
        defer { offer.stop() }
        let code = try await offer.code()
        let join = try Running(["join", code, "--relay", url, "--store", folder.store, "--json"])
        defer { join.stop() }
        try await offer.wait(for: "Is this the device in your hands")
        try await offer.enter("yes")
        #expect(try await offer.end().code == 0)
    }

    @Test("With the output in a file, the question on the terminal says what a yes means")
    func questionApart() async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let store = try await folder.seed("a")
        let file = try folder.file("out", "")
        func written() throws -> [String] {
            try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
        }
        let offer = try await Window(
            ["-c", "\(Program.path) offer --relay \(url) --store \(store) > \(file)"],
            of: "/bin/sh",
            height: 40
        )
        defer { offer.stop() }
        try await offer.wait(for: "The code lives for")
        let code = try #require(Self.code(try written()))
        let join = try Running(["join", code, "--relay", url, "--store", folder.store, "--json"])
        defer { join.stop() }
        let asked = try await offer.wait(for: "Is this the device in your hands")
        for text in ["calls itself", "Compare these words", "    linux"] {
            #expect(asked.contains { $0.contains(text) }, "\(text)\n\(asked.joined(separator: "\n"))")
        }
        try await offer.enter("yes")
        #expect(try await offer.end().code == 0)

        let link = "easysetup+plain://127.0.0.1:1/1/K7Q#00000000000000000000000000"
        let follower = try await Window(
            ["-c", "\(Program.path) join --store \(folder.path)/b '\(link)' > \(file)"],
            of: "/bin/sh"
        )
        defer { follower.stop() }
        let linked = try await follower.wait(for: "Type yes to go on, or no:")
        #expect(linked.contains { $0.contains("127.0.0.1:1") }, "\(linked.joined(separator: "\n"))")
        try await follower.enter("no")
        #expect(try await follower.end().code == 1)
    }

    @Test("The program says at once that it connects") func connecting() async throws {
        // This server accepts connections, but never answers.
        try await Impostor.silent.run { port in
            let window = try await Window([
                "join", "K7Q-29M-XAQ", "--relay", "ws://127.0.0.1:\(port)", "--store", folder.store,
            ])
            defer { window.stop() }
            try await window.wait(for: "Connecting to 127.0.0.1:\(port)")
            try await window.press("C-c")
            #expect(try await window.end().code == 1)
        }
    }
}

extension Window {
    /// Waits until the screen shows a code, and returns the code.
    func code() async throws -> String {
        let shown = try await wait(until: { TerminalPairingTests.code($0) != nil }, "a code")
        return try #require(TerminalPairingTests.code(shown))
    }
}
