import EasySetup
import EasySetupHandshake
import Foundation
import TestSupport
import Testing

/// The code typed symbol by symbol, on real terminals.
@Suite("Typing a code", .inTurn, .timeLimit(.minutes(60))) struct CodeTypingTests {
    let folder = ScratchFolder()

    /// A relay, and an offer that approves everybody.
    private func offer() async throws -> (relay: Running, url: String, offer: Running, code: String) {
        let (relay, url) = try await PairingCommandTests.relay()
        let offer = try Running(["offer", "--relay", url, "--store", try await folder.seed("a"), "--yes", "--json"])
        let code = try #require(try await offer.event("offered")["code"] as? String)
        return (relay, url, offer, code)
    }

    private func join(
        _ url: String = "ws://127.0.0.1:9",
        _ more: [String] = [],
        width: Int = 80,
        height: Int = 24,
        environment: [String: String] = [:]
    ) async throws -> Window {
        let window = try await Window(
            ["join", "--relay", url, "--store", folder.store] + more,
            width: width,
            height: height,
            environment: environment
        )
        try await window.wait(until: { $0.joined(separator: " ").contains("screen:") }, "the question")
        return window
    }

    /// The last line that is not empty.
    private static func last(_ lines: [String]) -> String { lines.last { !$0.isEmpty } ?? "" }

    @Test("Nine key presses pair, in windows of every size", arguments: [(80, 24), (40, 20), (20, 10), (20, 3)])
    func nineKeys(width: Int, height: Int) async throws {
        let (relay, url, offer, code) = try await offer()
        defer {
            offer.stop()
            relay.stop()
        }
        let join = try await join(url, width: width, height: height)
        defer { join.stop() }
        try await join.wait(until: { Self.last($0).hasSuffix("___-___-___") }, "the places")
        var presses = 0
        for symbol in code where symbol != "-" {
            try await join.type(symbol.lowercased())
            presses += 1
            if presses == 4 {
                let drawn = String(code.prefix(5))
                let shown = try await join.wait(until: { Self.last($0).hasSuffix(drawn + "__-___") }, drawn)
                let cursor = try await join.cursor()
                let row = try #require(shown.lastIndex { !$0.isEmpty })
                #expect(cursor.row == row)
                #expect(cursor.column == shown[row].count - 6, "the cursor is where the next symbol goes")
            }
        }
        #expect(presses == 9)
        try await join.wait(withHistory: true, until: { $0.joined().contains("Paired.") }, "paired")
        #expect(try await join.end().isTerminalAsBefore)
        let left = try await join.lines(withHistory: true).joined(separator: "\n")
        #expect(!left.contains(code) && !left.contains("___"), "\(left)")
    }

    @Test("A slip is marked in place, and corrected without Enter", arguments: [[:], ["NO_COLOR": "1"]])
    func slip(variables: [String: String]) async throws {
        let (relay, url, offer, code) = try await offer()
        defer {
            offer.stop()
            relay.stop()
        }
        let join = try await join(url, environment: variables)
        defer { join.stop() }
        let symbols = Array(code.replacing("-", with: ""))
        // Any other symbol in the last place is a wrong check symbol.
        let wrong = symbols[8] == "0" ? "1" : "0"
        for symbol in symbols.dropLast() { try await join.type(String(symbol)) }
        try await join.type(wrong)
        let marked = try await join.wait(for: "nothing was sent")
        #expect(Self.last(marked).contains("[") && Self.last(marked).contains("]"))
        #expect(try await join.styled().contains("\u{1B}[1m") == variables.isEmpty)
        try await join.press("Enter")
        try await join.press("Left", "Right", "Up", "Down", "Home", "End", "BSpace")
        try await join.wait(
            until: { Self.last($0).hasSuffix("_") && !$0.joined().contains("nothing was sent") },
            "fewer"
        )
        try await join.type("u")
        try await join.wait(for: "Symbol 9 is a U, and codes have none.")
        try await join.type(String(symbols[8]))
        try await join.wait(for: "Paired.")
    }

    @Test("After a wrong code the question comes back with the tries that are left") func tries() async throws {
        let (relay, url, offer, code) = try await offer()
        defer {
            offer.stop()
            relay.stop()
        }
        let join = try await join(url)
        defer { join.stop() }
        let wrong = try PairingCode(typed: code).wrong().revealed()
        for left in [2, 1] {
            try await join.type(wrong.replacing("-", with: ""))
            let shown = try await join.wait(
                until: { Self.last($0).hasSuffix("___-___-___") && $0.joined().contains("At most \(left) of 3 tries") },
                "\(left) tries"
            )
            #expect(shown.contains { $0.contains("The code is wrong.") })
        }
        try await join.type(code)
        try await join.wait(for: "Paired.")
    }

    @Test("A longer code is sent by Enter, or by its groups; nothing is sent before") func longer() async throws {
        let join = try await join()
        defer { join.stop() }
        let code = try CodeFieldTests.code("K7QXAB")
        try await join.type(String(code.replacing("-", with: "").prefix(9)))
        try await join.wait(for: "or more are to come;")
        try await join.type(String(code.replacing("-", with: "").suffix(3)))
        try await join.wait(for: "This is a whole code of 12 symbols: Enter sends it.")
        try await join.press("C-u")
        try await join.type(String(code.prefix(5)))
        try await join.wait(until: { Self.last($0).hasSuffix(code.prefix(5) + "____-____") }, "groups of four")
        try await join.type(String(code.dropFirst(5)))
        // Nothing listens at the relay's address.
        try await join.wait(for: "The relay can't be reached")
    }

    @Test(
        "A window that is resized while a code is typed shows the question once",
        arguments: [(20, 10), (12, 4), (40, 3)]
    )
    func resized(width: Int, height: Int) async throws {
        let join = try await join()
        defer { join.stop() }
        try await join.type("k7q2")
        try await join.wait(until: { Self.last($0).hasSuffix("K7Q-2__-___") }, "four symbols")
        try await join.resize(width: width, height: height)
        try await join.wait(until: { Self.last($0).contains("Q-2") && Self.last($0).count < width }, "the small window")
        try await join.resize(width: 80, height: 24)
        try await join.wait(
            until: { lines in
                lines.filter { !$0.isEmpty } == ["Code on the other screen:  K7Q-2__-___"]
            },
            "the window as before"
        )
        try await join.press("C-c")
        #expect(try await join.end().code == 1)
    }

    @Test("A program that is put aside forgets what was typed, and asks again") func aside() async throws {
        let shell = try await Window(["--norc", "-i"], of: "/bin/bash", environment: ["PS1": "prompt> "])
        defer { shell.stop() }
        try await shell.wait(for: "prompt>")
        try await shell.enter("\(Program.path) join --relay ws://127.0.0.1:9 --store \(folder.store)")
        try await shell.wait(for: "___-___-___")
        try await shell.type("k7q")
        try await shell.wait(for: "K7Q-___-___")
        try await shell.press("C-z")
        try await shell.wait(for: "Stopped")
        try await shell.enter("clear; fg")
        try await shell.wait(until: { Self.last($0).hasSuffix(" ___-___-___") }, "asked again")
        try await shell.press("C-c")
        try await shell.wait(for: "You stopped.")
    }

    @Test(
        "A code that is pasted without marks needs no Enter, and a sentence is read as a whole",
        arguments: [true, false]
    )
    func pasted(isMarked: Bool) async throws {
        let (relay, url, offer, code) = try await offer()
        defer {
            offer.stop()
            relay.stop()
        }
        let join = try await join(url)
        defer { join.stop() }
        try await join.paste("\(code) is the code", isMarked: isMarked)
        try await join.wait(for: "\(code) is the code")
        try await join.press("Enter")
        try await join.wait(for: "There is something behind the code.")
        try await join.paste(code, isMarked: isMarked)
        try await join.wait(for: "Paired.")
    }

    @Test(
        "A plain terminal and --plain get a line, as before",
        arguments: [["TERM": "dumb"], ["EASYSETUP_PLAIN": "1"], ["ACCESSIBLE": "1"], [:]]
    ) func plain(variables: [String: String]) async throws {
        let (relay, url, offer, code) = try await offer()
        defer {
            offer.stop()
            relay.stop()
        }
        let join = try await join(url, variables.isEmpty ? ["--plain"] : [], environment: variables)
        defer { join.stop() }
        try await join.type(code.lowercased())
        let shown = try await join.wait(for: code.lowercased())
        #expect(!shown.joined().contains("__"))
        try await join.press("Enter")
        try await join.wait(for: "Paired.")
    }

    @Test("An Enter behind the ninth symbol reaches neither the shell nor the next question", arguments: [true, false])
    func enter(isWrong: Bool) async throws {
        let (relay, url, offer, code) = try await offer()
        defer {
            offer.stop()
            relay.stop()
        }
        let session = try Terminal(
            ["join", "--relay", url, "--store", folder.store],
            keepsSide: true,
            environment: ["TERM": "vt100", "LC_ALL": "C.UTF-8"]
        )
        if isWrong {
            let wrong = try PairingCode(typed: code).wrong().revealed().replacing("-", with: "")
            try session.answer("___-___-___", with: wrong)
            try session.answer("tries are left for that code.", with: "\r")
        }
        try session.answer("___-___-___", with: code.replacing("-", with: ""))
        try session.answer("Connecting", with: "\r")
        #expect(session.rest().isEmpty)
        #expect(await offer.end() == 0)
    }

    @Test("A plain terminal is told once that each line is an answer of its own") func oneLine() async throws {
        let join = try await join("ws://127.0.0.1:9", ["--plain"], height: 40)
        defer { join.stop() }
        for (number, line) in ["K7Q", "K7Q-29M-XA0", "K7Q-29M"].enumerated() {
            try await join.enter(line)
            try await join.wait(until: { $0.count { $0.contains("Code on the other screen:") } == number + 2 }, line)
        }
        let shown = try await join.lines()
        #expect(shown.count { $0.contains("Each line is an answer of its own") } == 1, "\(shown)")
        #expect(shown.contains { $0.contains("at least one symbol is wrong") }, "\(shown)")
        try await join.press("C-c")
        #expect(try await join.end().code == 1)
    }

    @Test("On a bare terminal whose pastes have no marks nine symbols are enough") func bare() async throws {
        let (relay, url, offer, code) = try await offer()
        defer {
            offer.stop()
            relay.stop()
        }
        let session = try Terminal(
            ["join", "--relay", url, "--store", folder.store],
            environment: ["TERM": "vt100", "LC_ALL": "C.UTF-8"]
        )
        try session.answer("___-___-___", with: code)
        let (shown, status) = session.finish()
        #expect(status == 0, "\(shown)")
        #expect(shown.contains("Paired."))
    }
}
