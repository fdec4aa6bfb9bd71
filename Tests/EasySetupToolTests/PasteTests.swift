import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

/// A secret is pasted at a hidden prompt, in a shell that keeps a history. No part of the paste may reach the shell.
@Suite("Pasted secrets", .inTurn, .serialized, .timeLimit(.minutes(60))) struct PasteTests {
    let scratch = ScratchFolder()

    static let words = SeedCommandTests.phrase.split(separator: " ").map(String.init)

    enum End: Sendable { case stored, refused, asksAgain }

    struct Paste: CustomTestStringConvertible, Sendable {
        let name: String
        let text: String
        var isMarked = false
        var isRaw = false
        var end = End.stored

        var testDescription: String { name }
    }

    static let pastes: [Paste] =
        [false, true].flatMap { isMarked in
            [
                Paste(name: "a word a line", text: words.joined(separator: "\n") + "\n", isMarked: isMarked),
                Paste(
                    name: "blank lines",
                    text: "\n\n" + words.joined(separator: "\n\n\n") + "\n\n",
                    isMarked: isMarked
                ),
                Paste(name: "CR LF", text: words.joined(separator: "\r\n") + "\r\n", isMarked: isMarked, isRaw: true),
                Paste(name: "line feeds", text: words.joined(separator: "\n") + "\n", isMarked: isMarked, isRaw: true),
                Paste(
                    name: "more than is read",
                    text: String(repeating: words.joined(separator: "\n") + "\n", count: 500),
                    isMarked: isMarked,
                    end: .asksAgain
                ),
                Paste(
                    name: "a word that is none",
                    text: words.joined(separator: "\n").replacing("spike", with: "spikx") + "\n",
                    isMarked: isMarked,
                    end: .asksAgain
                ),
            ]
        } + [
            // If the terminal does not mark the paste, the program takes the Control-C in it for a key that the user
            // pressed.
            Paste(name: "Control-C in it", text: words.joined(separator: "\n\u{3}") + "\n", end: .refused)
        ]

    @Test("A pasted secret is read however it is laid out, and the shell gets nothing of it", arguments: pastes)
    func phrase(paste: Paste) async throws {
        let (window, history) = try await shell()
        defer { window.stop() }
        try await window.enter("\(Program.path) seed import --store \(scratch.store); echo code $?")
        try await window.wait(for: "ends it.")
        try await window.paste(paste.text, isMarked: paste.isMarked, isRaw: paste.isRaw)
        if paste.end == .asksAgain {
            try await window.wait(until: { $0.contains { $0.contains("gives up") } }, "asked again")
            try await window.press("C-c")
        }
        try await window.wait(until: { $0.contains("code \(paste.end == .stored ? 0 : 1)") }, "the end")
        #expect(FileManager.default.fileExists(atPath: scratch.store + "/seed") == (paste.end == .stored))
        try await expectNothing(in: window, history, of: Self.words + ["legal", "winner"])
    }

    @Test("Only the first line of a passphrase counts, and nobody gets the rest", arguments: [false, true])
    func passphrase(isMarked: Bool) async throws {
        let (window, history) = try await shell()
        defer { window.stop() }
        try await window.enter("\(Program.path) seed new --seal --store \(scratch.store); echo code $?")
        try await window.wait(for: "New passphrase")
        let rest = String(repeating: "zebra\n", count: 2000)
        try await window.paste("otter piano\n" + rest, isMarked: isMarked)
        try await window.wait(for: "Once more")
        try await window.paste("otter piano\n" + rest, isMarked: isMarked)
        try await window.wait(until: { $0.contains("code 0") }, "the end")
        try await expectNothing(in: window, history, of: ["otter", "piano", "zebra"])
        try await window.enter("clear; \(Program.path) seed show --store \(scratch.store); echo code $?")
        try await window.wait(for: "Passphrase:")
        try await window.enter("otter piano")
        try await window.wait(until: { $0.contains("code 0") }, "the end")
    }

    @Test("Wrong words are asked for one after the other, and an empty line gives up", arguments: [true, false])
    func wrongWords(isRepaired: Bool) async throws {
        let (window, history) = try await shell()
        defer { window.stop() }
        try await window.enter("\(Program.path) seed import --store \(scratch.store); echo code $?")
        try await window.wait(for: "ends it.")
        var words = Self.words
        (words[3], words[20]) = ("spkie", "qqqq")
        try await window.enter(words.joined(separator: " "))
        try await window.wait(for: "Word 4 of 24: is it spike")
        try await window.enter("?")
        try await window.wait(for: "A seed is written as 24 words")
        try await window.enter(isRepaired ? "spike" : "")
        if isRepaired {
            try await window.wait(for: "Word 21 is not in the word list.")
            try await window.enter("zzzz")
            try await window.wait(until: { $0.filter { $0.contains("Word 21 is") }.count == 2 }, "asked again")
            try await window.enter("panel")
        }
        try await window.wait(until: { $0.contains("code \(isRepaired ? 0 : 65)") }, "the end")
        #expect(FileManager.default.fileExists(atPath: scratch.store + "/seed") == isRepaired)
        try await expectNothing(in: window, history, of: Self.words.filter { $0 != "spike" } + ["spkie", "zzzz"])
    }

    /// The suggestion for a wrong word says which word of the phrase is the right one.
    @Test(
        "Questions about a secret go to the terminal, wherever the output goes",
        arguments: ["2>&1 | tee FILE", "--json 2> FILE", "> FILE 2>&1", "2> /dev/null | tee FILE", "2> FILE"]
    )
    func redirected(way: String) async throws {
        let (window, history) = try await shell()
        defer { window.stop() }
        let file = try scratch.file("out", "")
        let output = way.replacing("FILE", with: file)
        try await window.enter("\(Program.path) seed import --store \(scratch.store) \(output); echo code $?")
        try await window.wait(for: "ends it.")
        var words = Self.words
        words[3] = "spkie"
        try await window.enter(words.joined(separator: " "))
        try await window.wait(for: "Word 4 of 24: is it spike")
        try await window.enter("spike")
        try await window.wait(until: { $0.contains("code 0") }, "the end")
        #expect(FileManager.default.fileExists(atPath: scratch.store + "/seed"))
        let written = try String(contentsOfFile: file, encoding: .utf8)
        #expect(!written.contains("spike") && !written.contains("Word 4"), "\(written)")
        try await expectNothing(in: window, history, of: Self.words.filter { $0 != "spike" } + ["spkie"])
    }

    @Test(
        "Control-C and Control-D at the question for a seed stop the program, and are no answer",
        arguments: ["C-c", "C-d"]
    )
    func stopped(key: String) async throws {
        let (window, _) = try await shell()
        defer { window.stop() }
        try await window.enter("\(Program.path) seed inspect; echo code $?")
        try await window.wait(for: "ends it.")
        try await window.press(key)
        try await window.wait(until: { $0.contains("code 1") }, "the end")
        let lines = try await window.lines()
        #expect(lines.contains("You stopped."), "\(lines)")
    }

    @Test("Words that together are no phrase are corrected by their numbers") func checksum() async throws {
        let (window, _) = try await shell()
        defer { window.stop() }
        try await window.enter("\(Program.path) seed import --store \(scratch.store); echo code $?")
        try await window.wait(for: "ends it.")
        var words = Self.words
        words[0] = "zoo"
        try await window.enter(words.joined(separator: " "))
        try await window.wait(for: "together they are no recovery phrase")
        try await window.enter("1")
        try await window.wait(for: "Word 1:")
        try await window.enter("forum")
        try await window.wait(until: { $0.contains("code 0") }, "the end")
    }

    @Test(
        "A signal puts the terminal back before it ends the program",
        arguments: [
            SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGPOLL, SIGABRT,
            __libc_current_sigrtmin() + 1,
        ]
    )
    func signals(number: Int32) async throws {
        let window = try await Window(["seed", "new", "--seal", "--store", scratch.store])
        defer { window.stop() }
        try await window.wait(for: "New passphrase")
        kill(try process(), number)
        let end = try await window.end()
        #expect(end.code == 128 + number)
        #expect(end.isTerminalAsBefore)
    }

    @Test("Control-Z gives the terminal back, and text from before it does not count") func stop() async throws {
        let (window, history) = try await shell()
        defer { window.stop() }
        try await window.enter("\(Program.path) seed new --seal --store \(scratch.store); echo code $?")
        try await window.wait(for: "New passphrase")
        try await window.type("otter")
        try await window.press("C-z")
        try await window.wait(for: "Stopped")
        try await window.enter("clear; stty -a | tr ' ;' '\\n' | grep -cxE 'echo|icanon|isig|icrnl'")
        try await window.wait(until: { $0.contains("4") }, "the terminal as before")
        try await window.enter("clear; fg")
        try await window.wait(for: "New passphrase")
        try await window.enter("piano")
        try await window.wait(for: "Once more")
        try await window.enter("piano")
        try await window.wait(for: "A new seed is stored.")
        try await expectNothing(in: window, history, of: ["otter", "piano"])
    }

    enum Absence: CaseIterable, Sendable {
        case started, stopped, stoppedThenContinued, stoppedByAnother
    }

    @Test(
        "A program in the background reads nothing, and in the foreground it asks again with typing hidden",
        arguments: Absence.allCases
    )
    func background(absence: Absence) async throws {
        let (window, history) = try await shell()
        defer { window.stop() }
        let command = "\(Program.path) seed import --store \(scratch.store)"
        try await window.enter(absence == .started ? command + " &" : command)
        if absence != .started {
            try await window.wait(for: "ends it.")
            try await window.type("forum zebra")
            // The program has read all of it: what a stopped program has not read goes to the shell.
            try await window.wait(for: "Word 2 of 24: •••••")
            if absence == .stoppedByAnother { kill(try process(), SIGSTOP) } else { try await window.press("C-z") }
            try await window.wait(for: "Stopped")
            if absence == .stoppedThenContinued { try await window.enter("bg") }
        }
        // The shell must receive both lines. A program in the background that read the terminal would take one of them.
        for word in ["one", "two"] {
            try await window.enter("echo heard-$((40 + 2))-\(word)")
            try await window.wait(for: "heard-42-\(word)")
        }
        try await window.enter("clear; fg")
        try await window.wait(for: "ends it.")
        try await window.paste(Self.words.joined(separator: "\n") + "\n")
        try await window.wait(for: "The seed is stored.")
        let shown = try await window.lines(withHistory: true).joined(separator: " ")
        #expect(Self.words.allSatisfy { !shown.contains($0) }, "\(shown)")
        try await expectNothing(in: window, history, of: Self.words + ["forum", "zebra"])
    }

    @Test("Text that was typed before the question does not count, and the program says so") func early() async throws {
        let (window, history) = try await shell()
        defer { window.stop() }
        let command = "\(Program.path) seed import --store \(scratch.store)"
        // The terminal receives the text before the program asks.
        try await window.enter("read -n 1; sleep 1; \(command)")
        try await window.type("xzebra zebra")
        try await window.wait(for: "What was typed before this question does not count.")
        try await window.wait(for: "ends it.")
        try await window.enter(SeedCommandTests.phrase)
        try await window.wait(for: "The seed is stored.")
        try await expectNothing(in: window, history, of: Self.words)
    }

    /// An interactive shell, and the path of its history file.
    private func shell() async throws -> (Window, String) {
        let history = scratch.path + "/history"
        let window = try await Window(
            ["--norc", "--noprofile", "-i"],
            of: "/bin/bash",
            width: 120,
            height: 40,
            environment: ["PS1": "> ", "HISTFILE": history, "TERM": "screen"]
        )
        try await window.wait(until: { $0.contains(">") }, "a prompt")
        return (window, history)
    }

    /// Checks that the terminal has the shell's original mode, and that the shell received none of the words.
    private func expectNothing(in window: Window, _ history: String, of words: [String]) async throws {
        try await window.enter(
            "history -a; stty -a | tr ' ;' '\\n' | grep -cxE 'echo|icanon|isig|icrnl'; echo all done"
        )
        let shown = try await window.wait(withHistory: true, until: { $0.contains("all done") }, "the shell")
        let heard = try String(contentsOfFile: history, encoding: .utf8).split { !$0.isLetter }.map(String.init)
        #expect(Set(heard).isDisjoint(with: words), "\(heard)")
        #expect(!shown.contains { $0.contains("not found") }, "\(shown)")
        #expect(shown.contains("4"), "\(shown)")
    }

    /// The process ID of the program that runs in the window.
    private func process() throws -> Int32 {
        let found = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init).filter { pid in
            let line = (try? Data(contentsOf: URL(filePath: "/proc/\(pid)/cmdline"))) ?? Data()
            return line.starts(with: Data((Program.path + "\0seed").utf8))
                && line.range(of: Data(scratch.store.utf8)) != nil
        }
        return try #require(found.first)
    }
}

@Suite("The keys of a terminal") struct KeysTests {
    @Test(
        "Keys become texts, line ends, controls and pastes",
        arguments: [
            ("a\r\nb\rc\nd\n\n", "a|b|c|d||"), ("\u{1B}[200~x\ry\u{3}\u{1B}[201~\u{3}", "<x|y >^3"),
            ("\u{1B}[A\u{1B}[1;5Cz\u{1B}OPq\u{1B}bw", "zqbw"), ("\u{1B}[200~\u{1B}[200~\u{1B}[201~", "<<>"),
            ("a\tb\u{7F}\u{15}", "a b^127^21"), ("\u{1B}[" + String(repeating: "1;", count: 100) + "x", "…"),
        ]
    ) func keys(sent: String, expected: String) {
        var keys = Keys()
        let seen = sent.utf8.compactMap { keys.take($0) }.map { key in
            switch key {
            case .text(let byte): String(UnicodeScalar(byte))
            case .lineEnd: "|"
            case .control(let code): "^\(code)"
            case .pasteStart: "<"
            case .pasteEnd: ">"
            }
        }
        .joined()
        // An escape sequence that is far too long must end somewhere, and must not crash the program.
        if expected == "…" { #expect(seen.hasSuffix("x")) } else { #expect(seen == expected) }
    }
}
