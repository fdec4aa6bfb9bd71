import Foundation
import Testing

/// The built program `easysetup`, run as a user or a script runs it.
package enum Program {
    package struct Result {
        package let output: String
        package let errors: String
        package let code: Int32

        package var lines: [String] { output.split(separator: "\n").map(String.init) }

        /// The JSON object in the last line of the output.
        package func json() throws -> [String: Any] {
            let line = try #require(lines.last)
            for line in lines { #expect(throws: Never.self) { try JSONSchema.check(line: line) } }
            return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    /// The path of the program, which is in the same folder as the tests.
    package static let path = Bundle.main.executableURL!.resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "easysetup").path

    /// Runs the program to its end. Without `input`, its standard input is empty.
    /// - Parameter variables: environment variables beside those of the tests.
    package static func run(
        _ arguments: [String],
        input: String = "",
        variables: [String: String] = [:]
    ) async throws -> Result {
        try await end(of: try Running(arguments, variables: variables), input: input)
    }

    /// Runs lines of bash, in which `$ES` is the path of the program.
    package static func shell(_ lines: String) async throws -> Result {
        try await end(of: try Running(["-c", "ES='\(path)'\n" + lines], of: "/bin/bash"), input: "")
    }

    /// Starts a relay on loopback, at a free port unless one is named. Returns its process and port once it listens.
    package static func relay(
        _ options: [String] = [],
        port: Int = 0,
        of program: String = path
    ) async throws -> (Running, port: Int) {
        let relay = try Running(["relay", "--listen", "127.0.0.1:\(port)", "--json"] + options, of: program)
        return (relay, try #require(try await relay.event("listening")["port"] as? Int))
    }

    private static func end(of program: Running, input: String) async throws -> Result {
        program.type(input)
        program.endInput()
        let code = await program.end()
        return Result(output: await program.output(), errors: await program.errors(), code: code)
    }
}

/// A folder for one test. The folder is removed with this object.
package final class ScratchFolder: Sendable {
    package let path = FileManager.default.temporaryDirectory.appending(path: "easysetup-\(UUID().uuidString)").path

    /// The path for a test's store, at which nothing exists yet.
    package var store: String { path + "/store" }

    package init() {
        try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Makes a seed in a store of this name in the folder, and returns the store's path.
    package func seed(_ name: String) async throws -> String {
        let store = path + "/" + name
        #expect(try await Program.run(["seed", "new", "--store", store]).code == 0)
        return store
    }

    /// Writes a text to a file in the folder, and returns its path.
    package func file(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
        return path + "/" + name
    }
}
