import Foundation
import Testing

/// The built program, run as a person or a script runs it.
enum Program {
    struct Result {
        let output: String
        let errors: String
        let code: Int32

        var lines: [String] { output.split(separator: "\n").map(String.init) }

        /// The JSON object of the last line.
        func json() throws -> [String: Any] {
            let line = try #require(lines.last)
            return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    /// The binary next to the tests'.
    static let path = Bundle.main.executableURL!.resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "easysetup").path

    /// Runs to the end. Without `input`, standard input is empty.
    static func run(_ arguments: [String], input: String = "") async throws -> Result {
        let program = try Running(arguments)
        program.type(input)
        program.endInput()
        let code = await program.end()
        return Result(output: await program.output(), errors: await program.errors(), code: code)
    }
}

/// A folder for one test, gone when the test is.
final class ScratchFolder: Sendable {
    let path = FileManager.default.temporaryDirectory.appending(path: "easysetup-\(UUID().uuidString)").path

    /// Where a test's store goes; not made yet.
    var store: String { path + "/store" }

    init() {
        try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A file with a text, and its path.
    func file(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
        return path + "/" + name
    }
}
