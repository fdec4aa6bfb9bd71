import EasySetup
import EasySetupHandshake
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

/// The screen that a person sees in narrow, low and changing windows.
@Suite("Narrow windows", .inTurn, .timeLimit(.minutes(60))) struct NarrowWindowTests {
    let folder = ScratchFolder()

    /// The lines as one text, with single spaces. A word that the terminal has broken has a space in it.
    private static func text(_ lines: [String]) -> String {
        lines.flatMap { $0.split(separator: " ") }.joined(separator: " ")
    }

    /// Starts an offer below three lines of a shell, and a visitor if the offer is to ask its question.
    private func offer(
        at url: String,
        isAsking: Bool,
        width: Int = 80,
        height: Int = 24
    ) async throws -> (Window, code: String, visitor: Running?) {
        let command = "\(Program.path) offer --relay \(url) --store \(try await folder.seed("a"))"
        let window = try await Window(
            ["-c", "echo one; echo two; echo three; \(command)"],
            of: "/bin/sh",
            width: width,
            height: height
        )
        let lines = try await window.wait(until: { TerminalPairingTests.code($0) != nil }, "a code")
        let code = try #require(TerminalPairingTests.code(lines))
        guard isAsking else { return (window, code, nil) }
        let visitor = try Running(["join", code, "--relay", url, "--store", folder.store, "--json"])
        try await window.wait(for: "no:")
        return (window, code, visitor)
    }

    @Test(
        "A window that shrinks and grows shows each thing once, and the lines above stay",
        arguments: [
            [(28, 9), (80, 5), (20, 6), (120, 40)], [(40, 24), (20, 24)],
            [(30, 24), (90, 20), (25, 10), (79, 24), (12, 3)],
        ],
        [false, true]
    )
    func resized(sizes: [(Int, Int)], isAsking: Bool) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let (offer, code, visitor) = try await offer(at: url, isAsking: isAsking)
        defer {
            offer.stop()
            visitor?.stop()
        }
        func timeless(_ lines: [String]) -> [String] {
            lines.filter { !$0.isEmpty }.map { $0.replacing(/[0-9]:[0-9][0-9]/, with: "TIME") }
        }
        // A permanent line stands between the lines of the shell and those that change.
        if !isAsking {
            let wrong = try PairingCode(typed: code).wrong().revealed()
            _ = try await Program.run(["join", wrong, "--relay", url, "--store", folder.store, "--json"])
            try await offer.wait(for: "Somebody typed a wrong code")
        }
        let before = timeless(
            try await offer.wait(until: { $0.contains { $0.contains(/[0-9]:[0-9][0-9]/) } }, "the time")
        )
        #expect(before.starts(with: ["one", "two", "three"]))
        for (width, height) in sizes {
            try await offer.resize(width: width, height: height)
            // Two sizes between two drawings would be one for the program, and two for the terminal.
            try await Self.waitForDrawing(offer, hasLongWords: !isAsking, "\(width) by \(height)")
            try await offer.wait(
                until: { lines in
                    // The layout for another size has a time that is broken, or a line that is too long.
                    isAsking ? Self.text(lines).contains("no:") : TerminalPairingTests.code(lines) == code
                },
                "\(width) by \(height)"
            )
        }
        try await offer.resize(width: 80, height: 24)
        // The terminal may keep the lines above beyond the window's top.
        try await offer.wait(
            until: { lines in
                let shown = timeless(lines)
                return shown.count >= before.count - 4 && shown == before.suffix(shown.count)
            },
            before.joined(separator: "\n")
        )
        let all = timeless(try await offer.lines(withHistory: true))
        #expect(["one", "two", "three"].allSatisfy { text in all.count { $0 == text } == 1 }, "\(all)")
    }

    /// Waits until the program has drawn anew since the window has its size: the time that is left, if it is in sight, is
    /// another one, and the terminal has broken no line.
    /// - Parameter hasLongWords: whether the screen has words that are wider than a narrow window, which the terminal breaks.
    private static func waitForDrawing(_ window: Window, hasLongWords: Bool, _ comment: String) async throws {
        func time(_ lines: [String]) -> String? {
            lines.lazy.compactMap { $0.firstMatch(of: /\b[0-9]:[0-9][0-9]\b/).map { String($0.0) } }.first
        }
        let before = time(try await window.lines())
        // A quarter of an hour.
        for _ in 0..<18_000 {
            let lines = try await window.wait(until: { time($0) == nil || time($0) != before }, comment)
            if hasLongWords { return }
            if try await window.lines(isJoined: true).count == lines.count { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("not drawn anew: \(comment)")
    }

    @Test("In a window of one line the code and the question are in sight", arguments: [(80, 1), (30, 1), (12, 1)])
    func oneLine(width: Int, height: Int) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let (offer, _, visitor) = try await offer(at: url, isAsking: true, width: width, height: height)
        defer {
            offer.stop()
            visitor?.stop()
        }
        try await offer.enter("yes")
        #expect(try await offer.end().code == 0)
    }

    @Test("What the seed commands say is broken between words only", arguments: [80, 40, 20]) func seedTexts(width: Int)
        async throws
    {
        let window = try await Window(["seed", "import", "--store", folder.store], width: width, height: 60)
        defer { window.stop() }
        func expect(_ texts: String..., after end: String) async throws {
            let shown = Self.text(try await window.wait(for: end, withHistory: true))
            for text in texts { #expect(shown.contains(text), "\(text)\n\(shown)") }
        }
        try await expect("Type or paste the seed (it is not shown), then Enter; an empty line ends it.", after: "ends")
        try await window.enter("?")
        try await expect(
            "as a link that begins with easysetup-seed:, as 64 hex digits, or as 44 characters of base64.",
            "with or without numbers, and the first four letters of each are enough.",
            after: "second.)"
        )
        var words = SeedCommandTests.phrase.split(separator: " ").map(String.init)
        words[3] = "spkie"
        words[0] = "zoo"
        try await window.enter(words.joined(separator: " "))
        try await expect("Word 4 is not in the word list. Type word 4 alone;", "spike", after: "spike")
        try await window.enter("spike")
        let error = SeedError.phraseChecksum
        try await expect("\(error.description) \(error.advice)", after: "number")
        try await window.enter("")
        try await expect("\(error.description) \(error.advice) Type the number of the wrong word;", after: "number")
        #expect(try await window.end().code == 65)
        let lines = try await window.lines(withHistory: true)
        #expect(lines.allSatisfy { $0.count < width }, "\(lines)")
        #expect(Self.text(lines).hasSuffix("\(error.description) \(error.advice)"), "\(lines)")
    }

    @Test("The recovery phrase has as many columns as fit, and no word is broken", arguments: [80, 40, 20, 15])
    func phraseColumns(width: Int) async throws {
        _ = try await Program.run(["seed", "import", "--store", folder.store], input: SeedCommandTests.hex)
        let window = try await Window(["seed", "show", "--reveal", "--store", folder.store], width: width, height: 60)
        defer { window.stop() }
        try await window.wait(for: "no:")
        try await window.enter("yes")
        #expect(try await window.end().code == 0)
        let shown = Self.text(try await window.lines(withHistory: true)) + " "
        for (index, word) in SeedCommandTests.phrase.split(separator: " ").enumerated() {
            #expect(shown.contains("\(index + 1). \(word) "), "\(word)\n\(shown)")
        }
        let whole = try await window.lines(withHistory: true, isJoined: true)
        #expect(
            whole.contains { $0.hasPrefix("easysetup-seed:1/") && $0.count == 81 },
            "a copy of the link has no breaks"
        )
    }

    @Test(
        "Plain terminals get lines that are broken between words only",
        arguments: [["TERM": "dumb"], ["LC_ALL": "C"], ["LC_ALL": "C", "TERM": "dumb", "NO_COLOR": "1"]],
        [80, 40, 20]
    )
    func plainTexts(variables: [String: String], width: Int) async throws {
        let link = "easysetup+plain://127.0.0.1:1/1/K7Q#00000000000000000000000000"
        let window = try await Window(
            ["join", "--store", folder.store, link],
            width: width,
            height: 60,
            environment: variables
        )
        defer { window.stop() }
        let shown = Self.text(try await window.wait(for: "no:"))
        #expect(
            shown.contains(
                """
                this device receives the other device's seed, or keys of some of its collections, and what is on this \
                device becomes readable for the devices of that chain
                """
            )
        )
        try await window.enter("?")
        let helped = try await window.wait(until: { $0.count { $0.contains("no:") } == 2 }, "asked again")
        #expect(Self.text(helped).contains(Help.link))
        try await window.enter("no")
        #expect(try await window.end().code == 1)
        let error = CommandError.notConfirmed
        let lines = try await window.lines(withHistory: true)
        #expect(Self.text(lines).hasSuffix("\(error.description) \(error.advice)"), "\(lines)")
    }

    @Test("An error goes to a terminal broken between words, wherever the output goes") func errorAlone() async throws {
        let window = try await Window(
            ["-c", "\(Program.path) seed show --store \(folder.store) > /dev/null"],
            of: "/bin/sh",
            width: 30
        )
        defer { window.stop() }
        #expect(try await window.end().code != 0)
        let error = CommandError.noSeedStored
        #expect(Self.text(try await window.lines()) == "\(error.description) \(error.advice)")
    }

    @Test("On a terminal without marks of pastes the lines of a link are read together", arguments: ["dumb", "screen"])
    func unmarkedPaste(kind: String) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let offer = try Running(["offer", "--relay", url, "--store", try await folder.seed("a"), "--yes", "--json"])
        defer { offer.stop() }
        let link = try #require(try await offer.event("offered")["link"] as? String)
        let join = try await Window(
            ["join", "--relay", url, "--store", folder.store],
            height: 40,
            environment: ["TERM": kind]
        )
        defer { join.stop() }
        try await join.wait(for: "Code on the other screen:")
        try await join.paste("Hi, open this:\n\n> \(link.prefix(30))\n> \(link.dropFirst(30))\n")
        try await join.wait(for: "This link leads to the relay")
        try await join.enter("yes")
        try await join.wait(for: "Paired. Both devices have the user id")
    }
}
