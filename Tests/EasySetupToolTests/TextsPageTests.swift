import Foundation
import Testing

@testable import EasySetup
@testable import EasySetupHandshake
@testable import EasySetupPairingSession
@testable import EasySetupSeed

/// The texts of errors and states, compared with `docs/texts.md`, the page from which app developers translate.
///
/// After a change of a text, run `EASYSETUP_WRITE_TEXTS=1 swift test --filter TextsPageTests` and read the difference
/// in the page.
@Suite("Texts for apps") struct TextsPageTests {
    static let states = PairingState.examples

    static let errors: [any ExplainedError & Explained] =
        PairingError.examples as [any ExplainedError & Explained] + StoreError.examples + CodeError.examples
        + RelayAddressError.examples + SeedError.examples

    private static var all: [Explanation] { states.map(\.explanation) + errors.map(\.explanation) }

    /// The names of parameters in a template, which are in braces.
    private static func names(_ template: String) -> Set<String> {
        Set(template.matches(of: /\{([a-z]+)\}/).map { String($0.1) })
    }

    @Test("Each sentence is made of its template and its parameters") func templates() {
        for error in Self.errors {
            let explanation = error.explanation
            #expect(error.description == explanation.filled(explanation.sentence))
            #expect(error.advice == explanation.filled(explanation.advice))
            #expect(explanation.key.hasPrefix([error.name, error.cause].compactMap(\.self).joined(separator: ".")))
        }
        for explanation in Self.all {
            let used = Self.names(explanation.sentence + explanation.advice)
            let given = Set(explanation.parameters.map(\.name))
            // The English sentence has the script's name in `character`, so only translations use `script`.
            #expect(given.subtracting(["script"]) == used, "\(explanation.key)")
            let text = explanation.filled(explanation.sentence + explanation.advice)
            #expect(!text.contains("{") && !text.contains("}"), "\(explanation.key)")
        }
    }

    @Test("A value with braces is not filled again, and an unknown name stays") func filling() {
        let explanation = Explanation(
            key: "k",
            sentence: "{a} and {b}",
            advice: "",
            parameters: ["a": "{b}", "b": "2"]
        )
        #expect(explanation.filled(explanation.sentence) == "{b} and 2")
        #expect(explanation.filled("{c}, {a") == "{c}, {a")
        #expect(explanation.filled("Zuerst {b}, dann {a}.") == "Zuerst 2, dann {b}.")
    }

    @Test("One key has one pair of templates") func keys() {
        for (key, group) in Dictionary(grouping: Self.all, by: \.key) {
            #expect(Set(group.map { [$0.sentence, $0.advice] }).count == 1, "\(key)")
        }
    }

    @Test("Every code in the sources is that of an example, and in the registry") func codes() throws {
        let files = FileManager.default
        var declared: Set<String> = []
        for module in ["EasySetupSeed", "EasySetupHandshake", "EasySetupPairingSession", "EasySetup"] {
            let folder = PagesTests.root.appending(components: "Sources", module)
            for file in (try? files.subpathsOfDirectory(atPath: folder.path)) ?? [] where file.hasSuffix(".swift") {
                let source = try PagesTests.text("Sources/\(module)/\(file)")
                declared.formUnion(
                    source.matches(of: /public static let \w+ = Self\(rawValue: "([a-z0-9-]+)"\)/).map { String($0.1) }
                )
            }
        }
        let states = Set(Self.states.map(\.code.rawValue))
        let names = Set(Self.errors.map(\.name)), causes = Set(Self.errors.compactMap(\.cause))
        #expect(declared.count > 100)
        #expect(declared == states.union(names).union(causes))
        let pages = try ["Protocol/errors.md", "Protocol/seed.md"].map(PagesTests.text).joined()
        for name in names.union(causes) { #expect(pages.contains("`\(name)`"), "\(name)") }
    }

    @Test("The article about states has the sentence of each state") func article() throws {
        let page = try PagesTests.text("Sources/EasySetup/EasySetup.docc/StatesOfAScreen.md")
        for state in Self.states where state.code != .failed {
            let words = state.code.rawValue.split(separator: "-")
            let name = words[0] + words.dropFirst().map(\.capitalized).joined()
            let row = page.split(separator: "\n").first { $0.hasPrefix("| ``PairingState/\(name)") }
            #expect(row?.contains(state.explanation.sentence) == true, "\(name)")
        }
    }

    @Test("What comes, in the article about tests, are states and errors that the tests of EasySetupTesting expect")
    func outcomes() throws {
        let page = try PagesTests.text("Sources/EasySetupTesting/EasySetupTesting.docc/TestingYourScreens.md")
        let folder = PagesTests.root.appending(components: "Tests", "EasySetupTestingTests")
        let tests = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".swift") }
            .map { try PagesTests.text("Tests/EasySetupTestingTests/\($0)") }.joined()
        let table = page.components(separatedBy: "| what comes |\n")[1].components(separatedBy: "\n\n")[0]
        let rows = table.split(separator: "\n").dropFirst().map { $0.split(separator: "|") }
        let named = Set(rows.flatMap { $0[2].matches(of: /`\.(\w+)`/).map { String($0.1) } })
        #expect(named.count > 20)
        for name in named { #expect(tests.contains(".\(name)"), "\(name)") }
    }

    @Test("The texts are those of docs/texts.md") func page() throws {
        let file = PagesTests.root.appending(components: "docs", "texts.md")
        let mark = "\n| key | parameters | sentence | advice |\n|---|---|---|---|\n"
        let rows = Self.all.map { text in
            let parameters = text.parameters.map { "`\($0.name)`" }.joined(separator: ", ")
            return "| `\(text.key)` | \(parameters) | \(text.sentence) | \(text.advice) |"
        }
        var seen: Set<String> = []
        let table = mark + rows.filter { seen.insert($0).inserted }.joined(separator: "\n") + "\n"
        let page = try String(contentsOf: file, encoding: .utf8)
        let head = page.components(separatedBy: mark)[0]
        // The tests of the chain compare what follows.
        let parts = page.components(separatedBy: "\n## The chain\n")
        let rest = parts.dropFirst().map { "\n## The chain\n" + $0 }.joined()
        if ProcessInfo.processInfo.environment["EASYSETUP_WRITE_TEXTS"] != nil {
            try (head + table + rest).write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == head + table + rest)
    }
}
