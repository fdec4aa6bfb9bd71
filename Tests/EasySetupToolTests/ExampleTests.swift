import Foundation
import Testing

/// Compares the Swift examples of `docs/`, of the articles and of documentation comments with the sources of
/// folders of examples, which are compiled with the tests. The README's example is ``ReadmeExample``.
@Suite("The examples of the documentation") struct ExampleTests {
    private static let folders = [
        "Tests/EasySetupToolTests/Examples", "Tests/EasySetupTestingTests/Examples", "Examples/Sources/AddDevice",
        "Examples/Sources/notes",
    ]

    private static func files(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: PagesTests.root.appending(path: folder).path)
            .map { "\(folder)/\($0)" }
    }

    /// The examples in the sources: the lines between BEGIN and END, without their indentation.
    private static var compiled: Set<String> {
        get throws {
            var regions: Set<String> = []
            for file in try folders.flatMap(files) {
                for match in try PagesTests.text(file).matches(of: /(?s)(?:^|\n)( *)\/\/ BEGIN\n(.*?)\n *\/\/ END\n/) {
                    let lines = match.2.split(separator: "\n", omittingEmptySubsequences: false)
                    regions.insert(lines.map { $0.dropFirst(match.1.count) }.joined(separator: "\n"))
                }
            }
            return regions
        }
    }

    /// The Swift examples of a page, in order.
    private static func examples(in page: String) -> [String] {
        page.matches(of: /(?s)\n```swift\n(.*?)\n```\n/).map { String($0.1) }
    }

    @Test("Each example is compiled, and each compiled one is on a page") func pages() throws {
        let root = PagesTests.root
        var pages = try PagesTests.pages.filter { $0 != "README.md" }
        let sources = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: "Sources").path)
        pages += sources.filter { $0.hasSuffix(".md") }.map { "Sources/\($0)" }
        var seen: Set<String> = []
        for page in pages {
            for example in try Self.examples(in: PagesTests.text(page)) {
                #expect(try Self.compiled.contains(example), "\(page):\n\(example)")
                seen.insert(example)
            }
        }
        #expect(seen.count >= 9)
        let readme = try PagesTests.text("README.md")
        for file in sources where file.hasSuffix(".swift") {
            let comments = try PagesTests.text("Sources/\(file)")
                .split(separator: "\n", omittingEmptySubsequences: false)
                .map { $0.drop { $0 == " " } }
                .map { $0.hasPrefix("///") ? $0.dropFirst(3).drop { $0 == " " } : "" }
            // The lines of the comment have lost their indentation, so this removes it from the compiled example as
            // well.
            func bare(_ text: some StringProtocol) -> String {
                text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.drop { $0 == " " } }
                    .joined(separator: "\n")
            }
            for example in Self.examples(in: comments.joined(separator: "\n")) {
                let isCompiled = try Self.compiled.contains { bare($0).contains(bare(example)) }
                #expect(isCompiled || bare(readme).contains(bare(example)), "\(file):\n\(example)")
            }
        }
        #expect(try Self.compiled.subtracting(seen) == [])
    }
}
