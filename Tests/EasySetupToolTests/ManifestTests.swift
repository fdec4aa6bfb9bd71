import Foundation
import Testing

/// The packages of this repository: the one of the products, and those of the programs apart. SwiftPM runs each manifest by
/// itself, so none can read a setting from another, and each has to repeat what all share.
@Suite("The manifests of the packages") struct ManifestTests {
    private static func text(_ folder: String) throws -> String {
        try PagesTests.text(folder + "Package.swift")
    }

    /// The strings that a pattern finds, without repeats, in order.
    private static func matches(of pattern: some RegexComponent<(Substring, Substring)>, in text: String) -> [String] {
        Set(text.matches(of: pattern).map { String($0.output.1) }).sorted()
    }

    private static let others = ["Benchmarks/", "Bindings/", "Credentials/", "Tools/", "Examples/"]

    @Test(
        "All packages are for one version of the tools and of the language, and make warnings errors",
        arguments: others
    )
    func language(folder: String) throws {
        let (own, other) = try (Self.text(""), Self.text(folder))
        #expect(own.split(separator: "\n")[0] == other.split(separator: "\n")[0])
        for setting in [".swiftLanguageMode(.v6)", ".treatAllWarnings(as: .error)"] {
            #expect(own.contains(setting) && other.contains(setting), "\(setting)")
        }
    }

    @Test("All packages but the examples, which are an app's, turn on the same features", arguments: others.dropLast())
    func features(folder: String) throws {
        let list = try #require(try Self.text("").firstMatch(of: /let features = \[([^\]]*)\]/)).output.1
        let features = Self.matches(of: /"(\w+)"/, in: String(list))
        #expect(features.count > 3)
        let other = try Self.text(folder)
        #expect(Self.matches(of: /enableUpcomingFeature\("(\w+)"\)/, in: other) == features)
        // This package may need the experimental one, and no other.
        #expect(
            Set(Self.matches(of: /enableExperimentalFeature\("(\w+)"\)/, in: other)).isSubset(of: [
                "Lifetimes", "Extern",
            ])
        )
    }

    @Test("All packages take the same versions of the same libraries", arguments: others)
    func versions(folder: String) throws {
        let pattern = /url: ("[^"]*", from: "[^"]*")/
        let own = Set(Self.matches(of: pattern, in: try Self.text("")))
        #expect(own.count > 8)
        // A server's libraries, which are why the package is apart (docs/decisions/credentials-package.md).
        let further = folder == "Credentials/" ? ["GRDB.swift", "async-http-client", "hummingbird"] : []
        let others = Self.matches(of: pattern, in: try Self.text(folder)).filter { !own.contains($0) }
        #expect(
            others.compactMap { $0.split(separator: "\"").first?.split(separator: "/").last.map(String.init) }
                .sorted() == further.sorted(),
            "\(others)"
        )
    }

    @Test("The list of manifests is whole") func whole() throws {
        let root = PagesTests.root.path
        let folders = try FileManager.default.contentsOfDirectory(atPath: root).filter {
            FileManager.default.fileExists(atPath: root + "/\($0)/Package.swift")
        }
        #expect(folders.map { $0 + "/" }.sorted() == Self.others.sorted())
    }
}
