import EasySetupHandshake
import EasySetupSeed

@testable import EasySetupTool

/// The lines in which a person types a code or a recovery phrase, as a part of `SCREENS.md`.
enum TypingScreens {
    private static let widths = [80, 40, 20]

    /// The keys that are typed, and the words of the question about the answer before.
    private static let codes: [(name: String, keys: String, notes: [String])] = [
        ("nothing typed", "", []), ("four symbols", "k7q2", []), ("a U", "k7u", []),
        ("a slip: N for M", "k7q29nxaq", []), ("a slip that can be anywhere", "k7q29mxa2", []),
        ("a longer code, whole", "k7q29mxab01t", []), ("a sentence", "Hi, the code is", []),
        ("after a wrong code", "", ["At most 2 of 3 tries are left for that code."]),
    ]

    private static let phrases: [(name: String, typed: String)] = [
        ("nothing typed", ""), ("three letters", "for"), ("four letters", "foru"), ("no word begins so", "forx"),
        ("the second word was left, and is in no list", "forum spkie "), ("the third word", "forum spkie spi"),
        ("a link", "easysetup-seed:1/"),
    ]

    static func page(_ surface: Surface) -> String {
        var page = "\n## It types the code\n"
        for width in widths {
            page += "\n### In a window of \(width) columns\n\n```\n"
            for (name, keys, notes) in codes {
                var editor = LineEditor(.code)
                for byte in keys.utf8 { _ = editor.take(byte) }
                var prompt = View.Prompt(notes: notes, text: "Code on the other screen:")
                prompt.kind = .code
                let layout = Layout(
                    View(prompt: prompt),
                    on: surface,
                    in: WindowSize(width: width, height: 24),
                    pictures: .never,
                    typed: editor.typing,
                    now: .now
                )
                page += "[\(name)]\n" + layout.rows.map { plain($0.text) + "\n" }.joined()
            }
            page += "```\n"
        }
        page += "\n## It types the recovery phrase\n"
        for width in widths {
            page += "\n### The line about the words, in a window of \(width) columns\n\n```\n"
            for (name, typed) in phrases {
                let line = PhraseField(Array(typed.utf8).span, wordsBefore: 0).line(width: width - 1)
                page += "[\(name)]\n\(line)\n"
            }
            page += "```\n"
        }
        return page
    }

    /// A line without its escape sequences.
    private static func plain(_ text: String) -> String {
        text.replacing(/\u{1B}\[[0-9;]*[A-Za-z]/, with: "")
    }
}
