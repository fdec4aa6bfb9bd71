import EasySetup
import EasySetupSeed
import Foundation
import TestSupport
import Testing

/// The place where a session is played: a relay, devices with a home of their own each, and the record of what they showed.
///
/// The texts that differ from run to run (the port, a code, words, times, paths) have examples of the same width in the
/// record, so that the record is the same each time and a person can read it.
final class SessionStage {
    enum Form: Hashable, Sendable {
        case window(width: Int, height: Int)
        case pipe

        static let all = [window(width: 80, height: 24), window(width: 40, height: 20), pipe]

        var name: String {
            switch self {
            case .window(let width, let height): "\(width)x\(height)"
            case .pipe: "pipe"
            }
        }
    }

    let form: Form
    /// The address of the relay.
    let url: String
    private(set) var record: String
    /// The screens of the kept record that are still to come; nil if the record is made anew.
    private var expected: [String]?
    private let relay: Running
    private var windows: [Window] = []
    private var programs: [Running] = []
    private var folders: [String] = []
    /// The number of devices of chains whose ids have an example.
    var memberCount = 0
    /// Texts, and the examples that replace them.
    private var examples: [(String, String)] = []

    init(_ title: String, _ form: Form, kept: String?) async throws {
        self.form = form
        let port: Int
        (relay, port) = try await Program.relay()
        url = "ws://127.0.0.1:\(port)"
        record = title + "\n"
        expected = kept.map { Self.parts($0).reversed() }
        // The system gives a free port of five digits.
        try example("127.0.0.1:\(port)", "127.0.0.1:40404")
    }

    /// The screens of a record, each with its caption.
    static func parts(_ record: String) -> [String] {
        record.components(separatedBy: "\n\n== ").dropFirst().map { $0.hasSuffix("\n") ? $0 : $0 + "\n" }
    }

    func end() {
        for window in windows { window.stop() }
        for program in programs { program.stop() }
        relay.stop()
        for folder in folders { try? FileManager.default.removeItem(atPath: folder) }
    }

    /// Replaces a text in all that follows by an example of the same width.
    func example(_ text: String, _ other: String) throws {
        try #require(text.count == other.count)
        // A text may be a part of a later one, as a home is of a path.
        examples.insert((text, other), at: 0)
    }

    /// Replaces a code, as it is and with spaces between its symbols, by an example.
    func example(code: String) throws {
        let other = "K7Q-29M-XAQ"
        try example(code, other)
        try example(code.map(String.init).joined(separator: " "), other.map(String.init).joined(separator: " "))
    }

    /// Forms of texts that are replaced by examples wherever they stand.
    private static var forms: [(Regex<Substring>, String)] {
        [
            (/used [0-9]+ s after/, "used 8 s after"),
            (/\b(?:10:00|[5-9]:[0-9][0-9])\b/, "9:58"),
            (/\b[0-4]:[0-9][0-9]\b/, "4:58"),
            (/\b20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]\b/, "2027-01-31"),
            (/\b[a-z]+ · [a-z]+\b/, "otter · piano"),
            (/\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){4}\b/, "C07M-FCQ5-6JSS-XGPQ-65VD"),
        ]
    }

    // MARK: - Devices

    /// Makes a device's home: a folder whose path has the same length each time.
    /// - Parameters:
    ///   - isConfigured: whether the user has kept the relay and the device's name before.
    ///   - hasSeed: whether the seed of the tests is stored on the device.
    func home(_ name: String, isConfigured: Bool = true, hasSeed: Bool = false) async throws -> [String: String] {
        var template = Array("/tmp/esXXXXXX".utf8CString)
        let made = mkdtemp(&template) != nil
        try #require(made)
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        folders.append(path)
        try example(path, "/home/annabel")
        let variables = [
            "HOME": path, "XDG_CONFIG_HOME": path + "/.config", "XDG_DATA_HOME": path + "/.local/share", "HISTFILE": "",
            "PATH": URL(filePath: Program.path).deletingLastPathComponent().path + ":/usr/bin:/bin", "PS1": "$ ",
            "LC_ALL": "C.UTF-8", "TERM": "screen",
        ]
        var commands: [[String]] = []
        if isConfigured { commands += [["config", "relay", url], ["config", "name", name]] }
        if hasSeed { commands.append(["seed", "import"]) }
        for command in commands {
            let program = try Running(command, variables: variables)
            if command == ["seed", "import"] { program.type(SeedCommandTests.phrase + "\n") }
            program.endInput()
            #expect(await program.end() == 0)
        }
        return variables
    }

    /// Opens a window with a shell, in which nothing was typed yet.
    func terminal(_ name: String, home: [String: String]) async throws -> Terminal {
        guard case .window(let width, let height) = form else { throw NoWindow() }
        let window = try await Window(
            ["--norc", "--noprofile", "-i"],
            of: "/bin/bash",
            width: width,
            height: height,
            environment: home
        )
        windows.append(window)
        try await window.wait(until: { $0.first == "$" }, "a prompt")
        return Terminal(stage: self, name: name, window: window)
    }

    struct NoWindow: Error {}

    /// Starts a program whose output is not recorded.
    func start(_ arguments: [String], home: [String: String]) throws -> Running {
        let program = try Running(arguments, variables: home)
        programs.append(program)
        return program
    }

    /// Starts a line of a shell whose output goes to a pipe, together with its errors.
    func pipe(_ line: String, home: [String: String]) throws -> Running {
        let shell = try Running(["-c", "{ \(line)\n} 2>&1"], of: "/bin/bash", variables: home)
        programs.append(shell)
        shell.endInput()
        return shell
    }

    // MARK: - The record

    /// Adds what a line of a shell has written when it has ended.
    func record(_ line: String, of shell: Running, _ caption: String) async {
        let code = await shell.end()
        var text = "$ \(line)\n" + (await shell.output()) + "\n"
        for (old, new) in examples { text = text.replacing(old, with: new) }
        text = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            Self.forms.reduce(String(line)) { $0.replacing($1.0, with: $1.1) }
        }
        .joined(separator: "\n")
        record += "\n== \(caption)\n\(text)[exit code \(code)]\n"
    }

    /// Runs a line of a shell to its end, and adds what it has written.
    func run(_ line: String, home: [String: String], _ caption: String) async throws {
        await record(line, of: try pipe(line, home: home), caption)
    }

    private func written(_ window: Window, _ caption: String, withHistory: Bool) async throws -> String {
        guard case .window(let width, let height) = form else { throw NoWindow() }
        let styled = try await window.styled(withHistory: withHistory)
        var screen = try SessionScreen(styled: styled, width: width, height: height)
        for (old, new) in examples { screen.replace(old, by: new) }
        for (pattern, new) in Self.forms { screen.replace(pattern, by: new) }
        return "\(caption)\n\(screen.text)"
    }

    /// Adds a window's screen once it is the one of the kept record. A screen that stays another one is added, too, so
    /// that the test shows the difference.
    fileprivate func record(_ window: Window, _ caption: String, withHistory: Bool) async throws {
        let kept = expected?.popLast()
        var (last, count) = ("", 0)
        while true {
            let screen = try await written(window, caption, withHistory: withHistory)
            count = screen == last ? count + 1 : 0
            last = screen
            // The clock on the screen goes on, but not in the record: a program that has drawn all shows the same.
            if screen == kept || count == (kept == nil ? 20 : 200) { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        record += "\n== \(last)"
    }

    /// A window of a device, and what its user does.
    struct Terminal {
        fileprivate let stage: SessionStage
        fileprivate let name: String
        let window: Window

        /// Waits until the screen shows a text, and adds the screen to the record.
        func shows(_ text: String, _ caption: String, withHistory: Bool = false) async throws {
            try await shows(caption, withHistory: withHistory) { $0.contains(text) }
        }

        /// Waits until `fits` accepts the screen, whose lines are joined by single spaces, and adds it to the record.
        func shows(_ caption: String, withHistory: Bool = false, until fits: (String) -> Bool) async throws {
            try await window.wait(
                withHistory: withHistory,
                until: { lines in fits(lines.flatMap { $0.split(separator: " ") }.joined(separator: " ")) },
                caption
            )
            try await stage.record(window, "\(name): \(caption)", withHistory: withHistory)
        }
    }
}
