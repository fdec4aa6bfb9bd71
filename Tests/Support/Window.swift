import Foundation
import Synchronization
import Testing

/// A program in a real terminal of a given width and height: a window of tmux. Each window has a tmux server of its
/// own.
///
/// A test sends keys, waits until the screen shows something, resizes the window or closes it, as a user does. A wait
/// ends as soon as the screen shows what the test expects, and fails only after a quarter of an hour, so that no test
/// depends on the speed of the machine.
package final class Window: Sendable {
    private let folder = ScratchFolder()
    private let socket: String
    /// The process id of the tmux server; 0 after the test has ended the server.
    private let server = Mutex<Int32>(0)
    /// How long a test waits for a screen before it fails. Only a test that would fail anyway waits so long.
    private static let patience = Duration.seconds(900)

    /// How a program ended, and the mode in which it left the terminal.
    package struct End {
        package let code: Int32
        /// The text that `stty -a` prints after the program's end; empty if the terminal was closed.
        package let mode: String

        /// Whether the terminal shows what the user types, lets the user edit lines, and takes Control-C for a signal,
        /// as before.
        package var isTerminalAsBefore: Bool {
            let words = Set(mode.split { " \n;".contains($0) })
            return words.isSuperset(of: ["echo", "icanon", "isig", "icrnl"])
        }
    }

    /// Starts a program in a new window.
    /// - Parameter environment: variables beside the inherited ones. The locale is UTF-8 unless one of them sets
    ///   another. The program does not inherit variables that change what it shows.
    package init(
        _ arguments: [String],
        of program: String = Program.path,
        width: Int = 80,
        height: Int = 24,
        environment: [String: String] = [:]
    ) async throws {
        socket = folder.path + "/tmux"
        let configuration = try folder.file(
            "configuration",
            """
            set -g status off
            set -g remain-on-exit on
            set -g history-limit 5000
            set -g escape-time 0
            """
        )
        var variables = ["LC_ALL=C.UTF-8"] + environment.map { "\($0.key)=\($0.value)" }
        let own = ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix("EASYSETUP_") }
        let unwanted = ["NO_COLOR", "ACCESSIBLE"] + own
        variables = unwanted.flatMap { ["-u", $0] } + variables
        let command = (["env"] + variables + [program] + arguments).map(Self.quoted).joined(separator: " ")
        // This shell survives the signals that the program gets, and records how the program ended. A shell around it,
        // which tmux starts, ends with the window, as a user's shell does; the system then sends SIGHUP to all programs
        // in the window.
        let script = try folder.file(
            "script",
            """
            trap : HUP INT QUIT TERM
            \(command)
            code=$?
            # The programs below inherit these ignored signals. The end of a closed window's first shell sends SIGHUP to
            # them, which may come after the program has ended by itself at the end of its input.
            trap '' HUP INT QUIT TERM
            stty -a > \(folder.path)/mode 2> /dev/null
            echo $code > \(folder.path)/code.new
            mv \(folder.path)/code.new \(folder.path)/code
            # The window stays as it is until it is closed: tmux would write about its end into it. If it is closed
            # already, no signal would end this process any more.
            trap - HUP INT QUIT TERM
            test ! -s \(folder.path)/mode || exec sleep 3600
            """
        )
        try await tmux(
            ["-u", "-f", configuration, "new-session", "-d", "-x", "\(width)", "-y", "\(height)", "sh \(script); :"]
        )
        let pid = try await tmux(["display-message", "-p", "#{pid}"])
        server.withLock { $0 = Int32(pid.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0 }
    }

    /// The lines that the window shows now, without spaces at their ends. `withHistory` adds the lines that have
    /// scrolled out at the top.
    /// - Parameter isJoined: whether a line that the terminal broke is one line again, as when a user copies it.
    package func lines(withHistory: Bool = false, isJoined: Bool = false) async throws -> [String] {
        let text = try await tmux(
            ["capture-pane", "-p"] + (withHistory ? ["-S", "-"] : []) + (isJoined ? ["-J"] : [])
        )
        return text.components(separatedBy: "\n")
    }

    /// The text that the window shows now, with the escape sequences for colours and bold text, and with the spaces that
    /// have a colour. `withHistory` adds the lines that have scrolled out at the top.
    package func styled(withHistory: Bool = false) async throws -> String {
        try await tmux(["capture-pane", "-p", "-e", "-N"] + (withHistory ? ["-S", "-"] : []))
    }

    /// Waits until `fits` accepts the lines of the screen.
    /// - Returns: the lines that `fits` accepted.
    /// - Throws: ``Unseen`` if the program has ended and `fits` does not accept what it left on the screen.
    @discardableResult
    package func wait(
        withHistory: Bool = false,
        until fits: ([String]) -> Bool,
        _ comment: @autoclosure () -> String = ""
    ) async throws -> [String] {
        let start = ContinuousClock.now
        var shown: [String] = []
        while start.duration(to: .now) < Self.patience {
            let hasEnded = FileManager.default.fileExists(atPath: codePath)
            shown = try await lines(withHistory: withHistory)
            if fits(shown) { return shown }
            if hasEnded { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Unseen(comment: comment(), screen: shown)
    }

    /// Waits until a line of the screen contains a text.
    @discardableResult
    package func wait(for text: String, withHistory: Bool = false) async throws -> [String] {
        try await wait(withHistory: withHistory, until: { $0.contains { $0.contains(text) } }, text)
    }

    /// Types a text without Enter.
    package func type(_ text: String) async throws {
        try await tmux(["send-keys", "-l", "--", text])
    }

    /// Presses keys, which have tmux's names: `Enter`, `C-c`, `BSpace`.
    package func press(_ keys: String...) async throws {
        try await tmux(["send-keys"] + keys)
    }

    /// Types a text and Enter.
    package func enter(_ text: String) async throws {
        if !text.isEmpty { try await type(text) }
        try await press("Enter")
    }

    /// Pastes a text as a terminal does: it sends each line feed as a carriage return.
    /// - Parameters:
    ///   - isMarked: whether the terminal marks the beginning and end of the paste, if the program asked for such
    ///     marks.
    ///   - isRaw: whether line feeds stay line feeds.
    package func paste(_ text: String, isMarked: Bool = false, isRaw: Bool = false) async throws {
        try await tmux(["load-buffer", try folder.file("paste", text)])
        try await tmux(["paste-buffer"] + (isMarked ? ["-p"] : []) + (isRaw ? ["-r"] : []))
    }

    /// The mode of the window's terminal, as `stty` prints it: `echo` or `-echo`, and so on.
    package func mode() async throws -> Set<String> {
        let terminal = try await tmux(["display-message", "-p", "#{pane_tty}"])
        let path = terminal.trimmingCharacters(in: .whitespacesAndNewlines)
        let told = try await Program.shell("stty -a -F \(path)")
        return Set(told.output.split { " \n;".contains($0) }.map(String.init))
    }

    /// Resizes the window, and waits until the system tells the program the new size: tmux tells it a little later.
    package func resize(width: Int, height: Int) async throws {
        try await tmux(["resize-window", "-x", "\(width)", "-y", "\(height)"])
        let terminal = try await tmux(["display-message", "-p", "#{pane_tty}"])
        let path = terminal.trimmingCharacters(in: .whitespacesAndNewlines)
        let start = ContinuousClock.now
        while start.duration(to: .now) < Self.patience {
            let told = try await Program.shell("stty size -F \(path)").output
                .trimmingCharacters(in: .whitespacesAndNewlines)
            // A program that has ended has no terminal any more.
            if told.isEmpty || told == "\(height) \(width)" { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Unseen(comment: "the new size", screen: try await lines())
    }

    /// The position of the cursor, counted from 0.
    package func cursor() async throws -> (column: Int, row: Int) {
        let text = try await tmux(["display-message", "-p", "#{cursor_x} #{cursor_y}"])
        let numbers = text.split { " \n".contains($0) }.compactMap { Int($0) }
        try #require(numbers.count == 2)
        return (numbers[0], numbers[1])
    }

    /// Closes the window, as a user does. The terminal is gone, and all programs in it get SIGHUP.
    package func close() {
        stop()
    }

    /// The file that appears when the program has ended.
    private var codePath: String { folder.path + "/code" }

    /// Waits until the program has ended, and returns how it ended.
    package func end() async throws -> End {
        let start = ContinuousClock.now
        while start.duration(to: .now) < Self.patience {
            if let text = try? String(contentsOfFile: codePath, encoding: .utf8) {
                let code = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
                let mode = (try? String(contentsOfFile: folder.path + "/mode", encoding: .utf8)) ?? ""
                return End(code: code, mode: mode)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Unseen(comment: "the program goes on", screen: (try? await lines()) ?? [])
    }

    /// Ends the tmux server, with all programs in it, if it still runs.
    package func stop() {
        server.withLock { pid in
            if pid > 0 { kill(pid, SIGTERM) }
            pid = 0
        }
    }

    @discardableResult
    private func tmux(_ arguments: [String]) async throws -> String {
        // The tmux server stays after the first command. It must inherit neither open descriptors beside the standard
        // streams nor blocked signals, so that this test learns of the command's end, and so that signals reach the
        // program.
        let clean = """
            opendir my $open, '/proc/self/fd'; POSIX::close($_) for grep { $_ > 2 } grep { /^[0-9]+$/ } readdir $open; \
            sigprocmask(SIG_SETMASK, POSIX::SigSet->new); exec @ARGV or die
            """
        let running = try Running(["-MPOSIX", "-e", clean, "tmux", "-S", socket] + arguments, of: "/usr/bin/perl")
        running.endInput()
        let code = await running.end()
        guard code == 0 else { throw Failed(command: arguments[0], errors: await running.errors()) }
        return await running.output()
    }

    private static func quoted(_ word: String) -> String {
        "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// The screen that the test waited for did not appear.
    struct Unseen: Error, CustomStringConvertible {
        let comment: String
        let screen: [String]

        var description: String { "not seen: \(comment)\n\(screen.joined(separator: "\n"))" }
    }

    struct Failed: Error {
        let command: String
        let errors: String
    }
}
