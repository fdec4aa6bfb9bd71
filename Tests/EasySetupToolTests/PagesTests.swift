import EasySetup
import EasySetupSeed
import Foundation
import Testing

@testable import EasySetupHandshake

/// Compares the pages of `Protocol/` with the sources that refer to them.
@Suite("The pages of the protocol") struct PagesTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(components: "..", "..")
        .standardizedFileURL

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Every page of the project: those beside `Package.swift`, and those of `docs/` and `Protocol/`.
    static var pages: [String] {
        get throws {
            let files = FileManager.default
            let inside = try ["docs", "Protocol"].flatMap { folder in
                try files.subpathsOfDirectory(atPath: root.appending(path: folder).path).map { "\(folder)/\($0)" }
            }
            return try (files.contentsOfDirectory(atPath: root.path) + inside).filter { $0.hasSuffix(".md") }.sorted()
        }
    }

    @Test("Every section that a comment names exists") func sections() throws {
        let pattern = /`?(Protocol\/[a-z-]+\.md)`?, "([^"]+)"/
        let files = try ["Sources", "Benchmarks/Sources", "Bindings/Sources", "Credentials/Sources", "Tools/Sources"]
            .flatMap { folder in
                try FileManager.default.subpathsOfDirectory(atPath: Self.root.appending(path: folder).path)
                    .filter { $0.hasSuffix(".swift") }.map { "\(folder)/\($0)" }
            }
        var count = 0
        for file in files {
            // In a source, a reference may go over two lines of a comment.
            let source = try Self.text(file).replacing(/\n\s*\/\/+ ?/, with: " ")
            for match in source.matches(of: pattern) {
                let headings = try Self.text(String(match.1)).split(separator: "\n").filter { $0.hasPrefix("#") }
                    .map { $0.drop { $0 == "#" || $0 == " " } }
                #expect(headings.contains(match.2), "\(file): \(match.1) has no \(match.2)")
                count += 1
            }
        }
        #expect(count > 50)
    }

    @Test("Every link between the pages leads somewhere") func links() throws {
        let pages = try Self.pages
        #expect(pages.count > 20)
        for page in pages {
            for match in try Self.text(page).matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
                let target = Self.root.appending(path: page).deletingLastPathComponent()
                    .appending(path: String(match.1)).standardizedFileURL
                #expect(FileManager.default.fileExists(atPath: target.path), "\(page): \(match.1)")
            }
        }
    }

    @Test("Every section that a page names behind a link exists") func linkedSections() throws {
        var count = 0
        for page in try Self.pages {
            for match in try Self.text(page).matches(of: /\]\(([^)#:]+\.md)\),\s+"([^"]+)"/) {
                let target = Self.root.appending(path: page).deletingLastPathComponent()
                    .appending(path: String(match.1)).standardizedFileURL
                let headings = try String(contentsOf: target, encoding: .utf8).split(separator: "\n")
                    .filter { $0.hasPrefix("#") }.map { $0.drop { $0 == "#" || $0 == " " } }
                let section = match.2.replacing(/\s+/, with: " ")
                #expect(headings.contains(section), "\(page): \(match.1) has no \(section)")
                count += 1
            }
        }
        #expect(count > 30)
    }

    @Test("A device's limits are those of the page") func limits() throws {
        let section = try #require(
            try Self.text("Protocol/limits.md").components(separatedBy: "\n## Devices").last?
                .components(separatedBy: "\nIn the handshake").first
        )
        for child in Mirror(reflecting: ClientLimits()).children {
            let name = try #require(child.label)
            let value: String
            switch child.value {
            case let number as Int: value = "\(number)"
            case let time as Duration:
                value = time < .seconds(1) ? "\(Int(time / .milliseconds(1))) ms" : "\(time.components.seconds) s"
            default:
                Issue.record("\(name) is of another kind")
                continue
            }
            // Where a relay has a limit of the same name, the page adds "of a device".
            let row = try Regex("\n\\| `\(name)`(?: of a device)? \\| \(value) \\|")
            #expect(section.firstMatch(of: row) != nil, "\(name) is \(value)")
        }
        // The page must name no other limits.
        let rows = section.matches(of: /\n\| `(\w+)`[^|]* \|/).map { String($0.1) }
        #expect(rows.sorted() == Mirror(reflecting: ClientLimits()).children.compactMap(\.label).sorted())
    }

    @Test("The handshake's limits are those of the page") func handshakeLimits() throws {
        let page = try #require(try Self.text("Protocol/limits.md").components(separatedBy: "\nIn the handshake").last)
            .replacing(",", with: "")
        for (name, value) in [
            ("`maximumWrongProofs`", OffererHandshake.maximumWrongProofs),
            ("`hellosPerSecond`", OffererHandshake.hellosPerSecond),
            ("`maximumMeetings` of an offerer", OffererHandshake.maximumMeetings),
            ("`maximumVisitors`", OffererHandshake.maximumVisitors),
            ("`maximumMeetings` of a visitor", VisitorHandshake.maximumMeetings),
            ("`maximumDraws`", PairingCode.maximumDraws), ("link length", PairingLink.maximumLength),
            ("`maximumWrittenBytes`", SyncSeed.maximumWrittenBytes),
            ("`maximumTextBytes` of a code", PairingCode.maximumTextBytes),
            ("`maximumTextBytes` of a link", PairingLink.maximumTextBytes),
        ] {
            #expect(page.firstMatch(of: try Regex("\\| \(name) \\| \(value)[ |]")) != nil, "\(name) is \(value)")
        }
    }
}
