import Foundation
import Synchronization
import Testing

/// A running program with which a test communicates.
///
/// No function here blocks a thread of Swift's pool, because a machine with two cores has two of them, and blocking
/// both would stop every other test in this process.
package final class Running: Sendable {
    package let arguments: [String]
    private let process = Child()
    private let input = Pipe()
    private let lines: Lines
    private let told: Lines
    private let exit = Exit()
    /// The folder for settings and data of the user. It does not exist: no program finds what another one left. A browser
    /// would make a folder that no other user may enter.
    private let nowhere = FileManager.default.temporaryDirectory.appending(
        path: "easysetup-no-home-\(UUID().uuidString)"
    ).path

    /// - Parameter variables: environment variables beside those of the tests.
    package init(
        _ arguments: [String],
        of program: String = Program.path,
        variables: [String: String] = [:]
    ) throws {
        self.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = Self.environment
            .merging(["XDG_DATA_HOME": nowhere, "XDG_CONFIG_HOME": nowhere]) { $1 }
            .merging(variables) { $1 }
        process.standardInput = .pipe(input)
        process.standardOutput = .pipe(output)
        process.standardError = .pipe(errors)
        lines = Lines(output.fileHandleForReading)
        told = Lines(errors.fileHandleForReading)
        // A program need not read its input. Without this, writing to one that has ended would end the tests by
        // SIGPIPE.
        signal(SIGPIPE, SIG_IGN)
        process.whenEnded { [exit] in exit.put($0) }
        try process.run()
    }

    /// The environment of the tests, without the settings and the proxies of the developer's own environment.
    private static let environment: [String: String] = {
        var environment = ProcessInfo.processInfo.environment
        for name in environment.keys where name.hasPrefix("EASYSETUP_") { environment[name] = nil }
        for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
            (environment[name], environment[name.uppercased()]) = (nil, nil)
        }
        return environment
    }()

    deinit {
        try? FileManager.default.removeItem(atPath: nowhere)
    }

    /// Waits for the first event with this name that `fits` accepts. Throws when the program ends without it.
    package func event(
        _ name: String,
        where fits: @escaping @Sendable ([String: Any]) -> Bool = { _ in true }
    ) async throws -> [String: Any] {
        let line = await lines.first { line in
            guard let event = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
                return false
            }
            return event["event"] as? String == name && fits(event)
        }
        let text = try #require(line, "\(arguments[0]) ended without \(name)")
        #expect(throws: Never.self) { try JSONSchema.check(line: text) }
        return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// Waits for the first line of standard output that `fits` accepts; nil when the program ends without it.
    package func line(where fits: @escaping @Sendable (String) -> Bool) async -> String? {
        await lines.first(where: fits)
    }

    /// Waits for the first line of standard error, where the logs are, that `fits` accepts; nil when the program ends
    /// without it.
    package func logLine(where fits: @escaping @Sendable (String) -> Bool) async -> String? {
        await told.first(where: fits)
    }

    /// Writes to the program's standard input.
    package func type(_ text: String) {
        try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    }

    /// Ends the program's standard input.
    package func endInput() {
        try? input.fileHandleForWriting.close()
    }

    /// The process id of the program.
    package var pid: Int32 { process.processIdentifier }

    package var isRunning: Bool { process.isRunning }

    /// Sends a signal to the program. By default it is SIGINT, as when a user presses Control-C.
    package func interrupt(_ signal: Int32 = SIGINT) {
        kill(process.processIdentifier, signal)
    }

    /// Waits until the program has ended, and returns its exit code.
    package func end() async -> Int32 {
        await exit.code()
    }

    /// Waits until the program has ended, and returns everything that it wrote to standard output.
    package func output() async -> String {
        _ = await lines.first { _ in false }
        return lines.text
    }

    /// Waits until the program has ended, and returns everything that it wrote to standard error.
    package func errors() async -> String {
        _ = await told.first { _ in false }
        return told.text
    }

    /// Sends SIGTERM to the program if it still runs.
    package func stop() {
        if process.isRunning { process.terminate() }
    }

    /// The exit code of the process, for any number of readers.
    private final class Exit: Sendable {
        private struct State {
            var code: Int32?
            var waiting: [CheckedContinuation<Int32, Never>] = []
        }

        private let state = Mutex(State())

        func put(_ code: Int32) {
            let waiting = state.withLock { state in
                state.code = code
                defer { state.waiting = [] }
                return state.waiting
            }
            for reader in waiting { reader.resume(returning: code) }
        }

        func code() async -> Int32 {
            await withCheckedContinuation { reader in
                let code = state.withLock { state in
                    if state.code == nil { state.waiting.append(reader) }
                    return state.code
                }
                if let code { reader.resume(returning: code) }
            }
        }
    }

    /// The lines from a pipe, for any number of readers. A thread of its own reads the pipe.
    private final class Lines: Sendable {
        private struct State {
            var lines: [String] = []
            var isOver = false
            var waiting: [(fits: @Sendable (String) -> Bool, from: Int, answer: CheckedContinuation<String?, Never>)] =
                []
        }

        private let state = Mutex(State())

        init(_ file: FileHandle) {
            Thread.detachNewThread { [self] in
                var rest = Data()
                while true {
                    let data = file.availableData
                    if data.isEmpty { break }
                    rest += data
                    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                        add(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
                        rest = Data(rest[rest.index(after: end)...])
                    }
                }
                if !rest.isEmpty { add(String(decoding: rest, as: UTF8.self)) }
                let waiting = state.withLock { state in
                    state.isOver = true
                    defer { state.waiting = [] }
                    return state.waiting
                }
                for reader in waiting { reader.answer.resume(returning: nil) }
            }
        }

        var text: String { state.withLock { $0.lines.joined(separator: "\n") } }

        func first(where fits: @escaping @Sendable (String) -> Bool) async -> String? {
            await withCheckedContinuation { answer in
                let found: String?? = state.withLock { state in
                    if let line = state.lines.first(where: fits) { return line }
                    if state.isOver { return .some(nil) }
                    state.waiting.append((fits, state.lines.count, answer))
                    return nil
                }
                if let found { answer.resume(returning: found) }
            }
        }

        private func add(_ line: String) {
            let ready = state.withLock { state in
                state.lines.append(line)
                let ready = state.waiting.filter { $0.fits(line) }
                state.waiting.removeAll { $0.fits(line) }
                return ready
            }
            for reader in ready { reader.answer.resume(returning: line) }
        }
    }
}
