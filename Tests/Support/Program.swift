import Foundation
import Testing

/// The built program, run as a person or a script runs it.
package enum Program {
    package struct Result {
        package let output: String
        package let errors: String
        package let code: Int32

        package var lines: [String] { output.split(separator: "\n").map(String.init) }

        /// The JSON object of the last line.
        package func json() throws -> [String: Any] {
            let line = try #require(lines.last)
            return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    /// The binary next to the tests'.
    package static let path = Bundle.main.executableURL!.resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "easysetup").path

    /// Runs to the end. Without `input`, standard input is empty.
    package static func run(_ arguments: [String], input: String = "") async throws -> Result {
        try await end(of: try Running(arguments), input: input)
    }

    /// Runs lines of bash in which `$ES` is the program.
    package static func shell(_ lines: String) async throws -> Result {
        try await end(of: try Running(["-c", "ES='\(path)'\n" + lines], of: "/bin/bash"), input: "")
    }

    private static func end(of program: Running, input: String) async throws -> Result {
        program.type(input)
        program.endInput()
        let code = await program.end()
        return Result(output: await program.output(), errors: await program.errors(), code: code)
    }
}

/// A folder for one test, gone when the test is.
package final class ScratchFolder: Sendable {
    package let path = FileManager.default.temporaryDirectory.appending(path: "easysetup-\(UUID().uuidString)").path

    /// Where a test's store goes; not made yet.
    package var store: String { path + "/store" }

    package init() {
        try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A file with a text, and its path.
    package func file(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
        return path + "/" + name
    }
}
