import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

/// The line about the words of a recovery phrase while they are typed, and what of it is ever on a terminal.
@Suite("Typing a recovery phrase", .inTurn, .timeLimit(.minutes(60))) struct PhraseFieldTests {
    let scratch = ScratchFolder()

    static let words = SeedCommandTests.phrase.split(separator: " ").map(String.init)

    private static func line(_ text: String, _ width: Int = 79, before: Int = 0) -> String {
        PhraseField(Array(text.utf8).span, wordsBefore: before).line(width: width)
    }

    @Test(
        "The line has the number of the word, a dot for each letter, and what is known of the word",
        arguments: [
            ("", "Word 1 of 24: "), ("for", "Word 1 of 24: •••"),
            ("foru", "Word 1 of 24: •••• complete; space goes on"),
            ("forum", "Word 1 of 24: ••••• complete; space goes on"),
            ("forux", "Word 1 of 24: ••••• no word begins so; Backspace"), ("forum ", "Word 2 of 24: "),
            (
                "spkie ",
                "Word 1 is not in the word list. Is it spike or ski or skin? Backspace goes back. Word 2 of 24: "
            ),
            (
                "spkie s",
                "Word 1 is not in the word list. Is it spike or ski or skin? Backspace goes back. Word 2 of 24: •"
            ),
            ("spkie spike ", "Word 3 of 24: "),
            ("easysetup-seed:1/", "No words: a link, hex or base64. Enter ends it."),
        ]
    ) func lines(text: String, line: String) {
        #expect(Self.line(text, 200) == line)
    }

    @Test("Earlier lines count, and more than 24 words are too many") func counting() {
        #expect(Self.line("", before: 12) == "Word 13 of 24: ")
        #expect(Self.line("foru", before: 23) == "Word 24 of 24: •••• complete; Enter goes on")
        #expect(Self.line("forum ", before: 23) == "All 24 words. Enter ends it.")
        #expect(Self.line("forum f", before: 23).contains("a phrase has 24 words"))
        #expect(
            Self.line("qqqq ", before: 23)
                == "Word 24 is not in the word list. Backspace goes back. 24 words. Enter."
        )
    }

    @Test("The line fits into every window, and never has a letter that was typed") func widths() {
        let typed = Self.words.joined(separator: " ") + " spkie qqqq"
        for width in [1, 2, 5, 9, 12, 20, 26, 40, 60, 79, 90] {
            for end in 0...typed.utf8.count {
                let line = Self.line(String(typed.prefix(end)), width)
                #expect(Columns.width(line) <= width)
                let shown = Set(line.split { !$0.isLetter }.map(String.init))
                #expect(shown.isDisjoint(with: Self.words.filter { $0 != "spike" }), "\(line)")
                #expect(!line.contains("spkie") && !line.contains("qqq"))
            }
            if width >= 12 { #expect(Self.line("foru", width).contains("••••"), "\(width)") }
            if width >= 9 { #expect(Self.line("qqqq ", width).contains("wrong") || width > 25, "\(width)") }
        }
    }

    @Test(
        "A phrase is typed by four letters a word; slips are marked as they are made",
        arguments: [(80, 24), (40, 20), (20, 10)]
    )
    func typed(width: Int, height: Int) async throws {
        let window = try await Window(["seed", "import", "--store", scratch.store], width: width, height: height)
        defer { window.stop() }
        func last(_ lines: [String]) -> String { lines.last { !$0.isEmpty } ?? "" }
        try await window.wait(until: { last($0).hasPrefix("Word 1") }, "the first word")
        for (index, word) in Self.words.enumerated() {
            let first = String(word.prefix(4))
            if index == 2 {
                try await window.type("qx")
                try await window.wait(
                    until: { last($0).contains("••") && last($0).contains(width > 40 ? "no word" : "w") },
                    "no word"
                )
                try await window.press("Space")
                try await window.wait(
                    until: { last($0).contains("3") && last($0).contains("4") },
                    "marked as it is left"
                )
                try await window.press("BSpace", "BSpace", "BSpace")
            }
            try await window.type(first)
            if first.count == 4 {
                try await window.wait(until: { last($0).contains("••••") && last($0).contains("\(index + 1)") }, first)
            }
            if index < 23 {
                try await window.press("Space")
                try await window.wait(until: { last($0).hasPrefix("Word \(index + 2)") }, "word \(index + 2)")
            }
        }
        try await window.press("Enter")
        try await window.wait(withHistory: true, until: { $0.joined(separator: " ").contains("is stored") }, "stored")
        #expect(try await window.end().isTerminalAsBefore)
        let all = try await window.lines(withHistory: true)
        #expect(!all.joined().contains("•") && !all.contains { $0.hasPrefix("Word ") }, "\(all)")
    }

    @Test("Nothing that was typed is ever written to the terminal") func silent() throws {
        let session = try Terminal(["seed", "inspect"], environment: ["TERM": "xterm", "LC_ALL": "C.UTF-8"])
        try session.answer("Word 1 of 24:", with: Self.words.prefix(12).joined(separator: " ") + "\r")
        try session.answer("12 of 24 words.", with: "")
        try session.answer("Word 13 of 24:", with: Self.words.dropFirst(12).joined(separator: " ") + "\r")
        let (shown, code) = session.finish()
        #expect(code == 0)
        #expect(shown.contains(SeedCommandTests.userID))
        for word in Self.words where word.count > 3 { #expect(!shown.contains(word), "\(word)") }
    }

    @Test("Enter marks a wrong word, each typed word counts, and Enter answers a question that names one word")
    func enter() async throws {
        let window = try await Window(["seed", "import", "--store", scratch.store])
        defer { window.stop() }
        try await window.wait(for: "Word 1 of 24:")
        try await window.enter(Self.words[0])
        try await window.wait(for: "1 of 24 words.")
        try await window.enter("purpoze")
        try await window.wait(for: "Word 2 is not in the word list. Is it purpose? Backspace goes back.")
        try await window.press("Enter")
        try await window.wait(for: "2 of 24 words.")
        try await window.wait(for: "Word 3 of 24:")
        try await window.enter(Self.words.dropFirst(2).joined(separator: " "))
        try await window.wait(for: "Word 2 of 24: is it purpose? Enter takes it")
        try await window.press("Enter")
        try await window.wait(for: "is stored")
        #expect(try await window.end().code == 0)
    }

    @Test("A stop, a signal and Control-Z leave no line about the words", arguments: ["C-c", "C-z"])
    func ended(key: String) async throws {
        let shell = try await Window(["--norc", "-i"], of: "/bin/bash", environment: ["PS1": "prompt> "])
        defer { shell.stop() }
        try await shell.wait(for: "prompt>")
        try await shell.enter("\(Program.path) seed import --store \(scratch.store)")
        try await shell.wait(for: "Word 1 of 24:")
        try await shell.type("forum spkie ")
        try await shell.wait(for: "Word 2 is not in the word list.")
        try await shell.press(key)
        try await shell.wait(until: { $0.last { !$0.isEmpty }?.hasPrefix("prompt>") == true }, "the shell")
        #expect(try await !shell.lines(withHistory: true).contains { $0.contains("spike") || $0.contains("Word 2") })
        if key == "C-z" {
            try await shell.enter("fg")
            try await shell.wait(until: { $0.last { !$0.isEmpty }?.hasPrefix("Word 1 of 24:") == true }, "asked again")
            try await shell.press("C-c")
            try await shell.wait(for: "You stopped.")
        }
    }

    @Test("A window that is resized has the line once") func resized() async throws {
        let window = try await Window(["seed", "import", "--store", scratch.store])
        defer { window.stop() }
        try await window.wait(for: "Word 1 of 24:")
        try await window.type("forum spkie for")
        try await window.wait(for: "Word 3 of 24: •••")
        for (width, height) in [(30, 20), (20, 12), (80, 24)] {
            try await window.resize(width: width, height: height)
            // The terminal breaks the old line itself, so only the line for the new width shows that the program has
            // drawn anew.
            let expected = Self.line("forum spkie for", width - 1)
            try await window.wait(
                until: { lines in lines.last { !$0.isEmpty } == expected && lines.count { $0.contains("•••") } == 1 },
                "\(width)"
            )
        }
    }

    @Test(
        "Without lines that are rewritten the phrase is typed unseen, as before",
        arguments: [["TERM": "dumb"], ["LC_ALL": "C"], [:]]
    )
    func plain(variables: [String: String]) async throws {
        let window = try await Window(
            ["seed", "import", "--store", scratch.store] + (variables.isEmpty ? ["--plain"] : []),
            environment: variables
        )
        defer { window.stop() }
        try await window.wait(for: "ends it.")
        try await window.enter(SeedCommandTests.phrase)
        let shown = try await window.wait(for: "The seed is stored.")
        #expect(!shown.contains { $0.contains("Word ") })
    }
}
