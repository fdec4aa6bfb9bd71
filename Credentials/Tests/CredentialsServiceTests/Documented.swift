import Foundation
import TestSupport
import Testing

/// Holds what the admin port tells to the operator's page about it.
enum Documented {
    /// The path of a file of the project.
    static func path(_ name: String) -> String {
        // Above this file's folder: CredentialsServiceTests, Tests, Credentials.
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardizedFileURL
            .appending(path: name).path
    }

    /// A page of the project.
    static func page(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    /// Checks that each member of `/status.json` and each metric has its line, and that each line has its thing.
    static func check(_ status: [String: Any], metrics: String) throws {
        let lines = try page("docs/credentials.md").split(separator: "\n").filter { $0.hasPrefix("| `") }
        let words = Set(lines.compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) })
        var members: Set<String> = []
        for (name, value) in status {
            switch value {
            case let value as [String: Any]: members.formUnion(value.keys.map { "\(name).\($0)" })
            case let list as [[String: Any]] where name == "nodes":
                members.formUnion(list.flatMap { $0.keys.map { "\(name).\($0)" } })
            default: members.insert(name)
            }
        }
        let names = Set(
            metrics.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
                .compactMap { $0.split(separator: " ").dropFirst(2).first.map(String.init) }
        )
        for name in members.union(names) {
            #expect(words.contains(name), "docs/credentials.md has no line for \(name)")
        }
        for word in words where word.hasPrefix("easysetup_credentials_") || word.hasPrefix("process_") {
            #expect(names.contains(word), "there is no metric \(word)")
        }
        for word in words where word.contains(".") && !word.contains("_credentials_") {
            guard ["now", "hour", "total", "service", "nodes"].contains(word.prefix { $0 != "." }) else { continue }
            #expect(members.contains(word), "/status.json has no \(word)")
        }
    }
}
