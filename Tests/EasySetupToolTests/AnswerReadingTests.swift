import EasySetupSeed
import Foundation
import Testing

@testable import EasySetupTool

@Suite("Answers that people type") struct AnswerReadingTests {
    @Test("Only the whole word is a yes, and a slip is neither yes nor no")
    func yesOrNo() {
        for text in ["yes", "YES", " yes\t", "Yes\r", "ｙｅｓ", "\u{FEFF}yes\u{200B}"] {
            #expect(YesOrNo(text) == .yes, "\(text)")
        }
        for text in ["no", "n", "N", " No "] { #expect(YesOrNo(text) == .no, "\(text)") }
        for text in ["?", "help", "HELP", "？"] { #expect(YesOrNo(text) == .help, "\(text)") }
        for text in ["", " ", "y", "ye", "yes.", "Yes!", "yess", "yes yes", "ja", "1", "nope", "уes"] {
            #expect(YesOrNo(text) == .unclear, "\(text)")
        }
    }

    /// Gives the program the answers one after the other, and then the end of the input.
    private final class Answers {
        var lines: [String]
        var notes: [[String]] = []

        init(_ lines: [String]) { self.lines = lines }

        func verdict() async -> Verdict {
            await Verdict.ask(help: "This is help.") { notes, _ in
                self.notes.append(notes)
                return self.lines.isEmpty ? .cancelled : .line(UserText(copying: self.lines.removeFirst()))
            }
        }
    }

    @Test("A question is asked three times, and help does not count") func asking() async {
        let slips = Answers(["y", "", "yes."])
        #expect(await slips.verdict() == .unclear)
        #expect(slips.notes == [[], [YesOrNo.again], [YesOrNo.again]])
        #expect(await Answers(["y", "yes"]).verdict() == .yes)
        #expect(await Answers(["", "ye", "n"]).verdict() == .no)
        let helped = Answers(["?", "help", "?", "?", "y", "yes"])
        #expect(await helped.verdict() == .yes)
        #expect(helped.notes[1] == ["This is help."])
        #expect(await Answers([]).verdict() == .stopped)
        #expect(await Answers(Array(repeating: "?", count: 1000)).verdict() == .unclear, "not without end")
    }

    @Test("A line is edited as on any terminal") func editing() {
        func line(_ text: String) -> [String?] {
            var editor = LineEditor()
            var outcomes: [String?] = []
            for byte in text.utf8 {
                switch editor.take(byte) {
                case .line(let line): outcomes.append(line.revealed())
                case .end: outcomes.append(nil)
                case .cursor(let position): outcomes.append("row \(position.row), column \(position.column)")
                case nil: break
                }
            }
            return outcomes
        }
        #expect(line("yes\r") == ["yes"])
        #expect(line("a\nb\n") == ["a", "b"])
        #expect(line("né\u{7F}o\n") == ["no"])
        #expect(line("\u{7F}\u{8}no\n") == ["no"])
        #expect(line("wrong words\u{17}one\n") == ["wrong one"])
        #expect(line("wrong\u{15}right\n") == ["right"])
        #expect(line("\u{4}") == [nil])
        #expect(line("a\u{4}b\n") == ["ab"])
        #expect(line("a\u{1B}[Db\u{1B}OPc\u{1B}[1;5Cd\n") == ["abcd"], "arrows and function keys are no text")
        let (start, end) = ("\u{1B}[200~", "\u{1B}[201~")
        #expect(line(start + "K7Q-\r29M\r" + end + "\n") == ["K7Q-\n29M", ""], "a marked paste is one line")
        #expect(line(start + "a\nb\u{3}\u{4}\u{15}" + end + "c\n") == ["a\nb   c"], "no keys are in a paste")
        #expect(line(start + "a\nb" + end + "\u{17}\n") == ["a\n"])
        #expect(line("a" + end + "b\nc\n") == ["ab", "c"])
        #expect(line("a\u{1B}[12;40Rb\n") == ["row 12, column 40", "ab"], "the terminal's answer for the cursor's row")
        #expect(line("\u{1B}[0;1R\u{1B}[?;1R\u{1B}[5R\u{1B}[999999999999999999999;1Ra\n") == ["a"])
        #expect(line(String(repeating: "x", count: 10_000) + "\n") == [String(repeating: "x", count: 4096)])
        var editor = LineEditor()
        for byte in [0xC3] as [UInt8] { _ = editor.take(byte) }
        #expect(editor.text == "", "half a character is not shown")
        guard case .line = editor.finish(), case .end = editor.finish() else {
            Issue.record("what was typed before the end is a line, once")
            return
        }
    }
}

@Suite("What a terminal can show") struct SurfaceTests {
    private func surface(_ variables: [String: String], isTerminal: Bool = true) -> Surface {
        Surface(isTerminal: isTerminal) { variables[$0] }
    }

    @Test("The surface follows the locale, TERM and NO_COLOR") func detection() {
        let full = surface(["TERM": "xterm", "LANG": "de_DE.UTF-8"])
        #expect(full.canRewrite && full.hasColours && full.isUTF8)
        #expect(!surface(["TERM": "dumb", "LANG": "de_DE.UTF-8"]).canRewrite)
        #expect(!surface(["LANG": "de_DE.UTF-8"]).canRewrite)
        let grey = surface(["TERM": "xterm", "LANG": "C.utf8", "NO_COLOR": "1"])
        #expect(grey.canRewrite && !grey.hasColours && grey.isUTF8)
        #expect(surface(["TERM": "xterm", "LANG": "C.UTF-8", "NO_COLOR": ""]).hasColours, "an empty one is none")
        #expect(!surface(["TERM": "xterm", "LANG": "de_DE.UTF-8", "LC_ALL": "C"]).isUTF8)
        #expect(!surface(["TERM": "xterm", "LANG": "de_DE.ISO-8859-1"]).isUTF8)
        #expect(!surface(["TERM": "xterm"]).isUTF8)
        #expect(!surface(["TERM": "xterm", "LANG": "C"]).canRewrite)
        let file = surface(["TERM": "xterm", "LANG": "de_DE.UTF-8"], isTerminal: false)
        #expect(!file.canRewrite && !file.hasColours)
    }

    @Test("A name stands alone in its quotes") func names() {
        let full = surface(["TERM": "xterm", "LANG": "C.UTF-8"])
        #expect(full.quoted("Müller") == "\"\u{2068}Müller\u{2069}\"")
        #expect(Surface.plain.quoted("Müller") == "\"M\\u{fc}ller\"")
        #expect(Surface.plain.shown("a · b… “c”") == "a - b... \"c\"")
    }

    @Test("Text is broken between words, and never wider than it may be") func folding() {
        #expect(Columns.fold("one two three", width: 7) == ["one two", "three"])
        #expect(Columns.fold("    indented item", width: 10, indent: 4) == ["    indent", "    ed", "    item"])
        #expect(Columns.fold("", width: 5) == [""])
        #expect(Columns.fold("a  b  c", width: 7) == ["a  b  c"], "a line that fits stays as it is")
        #expect(
            Columns.fold("see /a/very/long/path now", width: 6, keepsWords: true) == [
                "see", "/a/very/long/path", "now",
            ]
        )
        #expect(Columns.prose("one two\n  three four\nname: ", width: 9) == "one two\n  three\n  four\nname: ")
        #expect(Columns.prose("Type one word:  ", width: 9) == "Type one\nword:  ")
        #expect(Columns.groups("K7Q-29M-XAQ", width: 11) == ["K7Q-29M-XAQ"])
        #expect(Columns.groups("K7Q-29M-XAQ", width: 10) == ["K7Q-29M-", "XAQ"])
        #expect(Columns.groups("K7Q-29M-XAQ", width: 4) == ["K7Q-", "29M-", "XAQ"])
        #expect(Columns.groups("K7Q-29M-XAQ", width: 2).joined() == "K7Q-29M-XAQ")
        for width in 1...30 {
            for text in ["The other device says it is", "日本語の名前です", "    \"\u{2068}🙂🙂🙂🙂🙂\u{2069}\"", "x"] {
                let lines = Columns.fold(text, width: width, indent: 4)
                #expect(width < 4 || lines.allSatisfy { Columns.width($0) <= width }, "\(lines) in \(width)")
                let letters = { (text: String) in text.filter { $0 != " " } }
                #expect(letters(lines.joined()) == letters(text))
            }
        }
        #expect(Columns.tail("abcdef", width: 3) == "def")
        #expect(Columns.tail("ab", width: 3) == "ab")
        #expect(Columns.tail("give it, or no:", width: 8, isBetweenWords: true) == "or no:")
        #expect(Columns.fitting(["long one", "short"], width: 6) == "short")
        #expect(Columns.fitting(["long one", "short"], width: 3) == "sho")
    }
}
