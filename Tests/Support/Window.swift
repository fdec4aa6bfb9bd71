import Foundation
import Synchronization
import Testing

/// A program in a real terminal of a width and a height: a window of tmux, whose server belongs to one test alone.
///
/// A test sends keys, waits until the screen shows something, resizes the window or closes it as a person does. Nothing here
/// counts on a time: a wait ends as soon as the screen fits, and fails only after half an hour.
package final class Window: Sendable {
    private let folder = ScratchFolder()
    private let socket: String
    /// The process id of tmux's server; 0 when it was ended.
    private let server = Mutex<Int32>(0)
    /// How long a screen is waited for before the test fails; only a test that would fail anyway waits so long.
    private static let patience = Duration.seconds(1_800)

    /// A program's exit, and the mode in which it left the terminal.
    package struct End {
        package let code: Int32
        /// The output of `stty -a` afterwards; empty where the terminal was closed.
        package let mode: String

        /// Whether what is typed is shown, lines are edited and Control-C is a signal, as before.
        package var isTerminalAsBefore: Bool {
            let words = Set(mode.split { " \n;".contains($0) })
            return words.isSuperset(of: ["echo", "icanon", "isig", "icrnl"])
        }
    }

    /// Starts a program in a window of its own.
    /// - Parameter environment: variables beside the inherited ones. The locale is UTF-8 unless this says another; variables
    ///   that change what the program shows are not inherited.
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
        let unwanted = ["NO_COLOR", "EASYSETUP_STORE", "EASYSETUP_RELAY", "EASYSETUP_QR"]
        variables = unwanted.flatMap { ["-u", $0] } + variables
        let command = (["env"] + variables + [program] + arguments).map(Self.quoted).joined(separator: " ")
        // This shell outlives the program whatever signal both get, and says how it ended. The one around it goes with the
        // window, as a person's does; the system then tells all that runs in it.
        let script = try folder.file(
            "script",
            """
            trap : HUP INT QUIT TERM
            \(command)
            code=$?
            stty -a > \(folder.path)/mode 2> /dev/null
            echo $code > \(folder.path)/code.new
            mv \(folder.path)/code.new \(folder.path)/code
            # The window stays as it is until it is closed: tmux would write about its end into it.
            exec sleep 3600
            """
        )
        try await tmux(
            ["-u", "-f", configuration, "new-session", "-d", "-x", "\(width)", "-y", "\(height)", "sh \(script); :"]
        )
        let pid = try await tmux(["display-message", "-p", "#{pid}"])
        server.withLock { $0 = Int32(pid.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0 }
    }

    /// The lines that the window shows now, without spaces at their ends; with what has scrolled out above, if asked for.
    /// - Parameter isJoined: whether a line that the terminal broke is one line again, as in a person's copy.
    package func lines(withHistory: Bool = false, isJoined: Bool = false) async throws -> [String] {
        let text = try await tmux(
            ["capture-pane", "-p"] + (withHistory ? ["-S", "-"] : []) + (isJoined ? ["-J"] : [])
        )
        return text.components(separatedBy: "\n")
    }

    /// The same with the escape sequences for colours and bold.
    package func styled() async throws -> String {
        try await tmux(["capture-pane", "-p", "-e"])
    }

    /// Waits until the screen fits.
    /// - Returns: the screen that did.
    @discardableResult
    package func wait(
        withHistory: Bool = false,
        until fits: ([String]) -> Bool,
        _ comment: @autoclosure () -> String = ""
    ) async throws -> [String] {
        let start = ContinuousClock.now
        var shown: [String] = []
        while start.duration(to: .now) < Self.patience {
            shown = try await lines(withHistory: withHistory)
            if fits(shown) { return shown }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Unseen(comment: comment(), screen: shown)
    }

    /// Waits until a text stands somewhere on the screen, in one line.
    @discardableResult
    package func wait(for text: String, withHistory: Bool = false) async throws -> [String] {
        try await wait(withHistory: withHistory, until: { $0.contains { $0.contains(text) } }, text)
    }

    /// Types a text; no Enter.
    package func type(_ text: String) async throws {
        try await tmux(["send-keys", "-l", "--", text])
    }

    /// Presses keys by tmux's names for them: `Enter`, `C-c`, `BSpace`.
    package func press(_ keys: String...) async throws {
        try await tmux(["send-keys"] + keys)
    }

    /// Types a text and Enter.
    package func enter(_ text: String) async throws {
        if !text.isEmpty { try await type(text) }
        try await press("Enter")
    }

    /// Pastes a text as a terminal does, each line feed as a carriage return.
    /// - Parameters:
    ///   - isMarked: whether the terminal tells where a paste begins and ends, if the program asked for that.
    ///   - isRaw: whether line feeds stay what they are.
    package func paste(_ text: String, isMarked: Bool = false, isRaw: Bool = false) async throws {
        try await tmux(["load-buffer", try folder.file("paste", text)])
        try await tmux(["paste-buffer"] + (isMarked ? ["-p"] : []) + (isRaw ? ["-r"] : []))
    }

    /// The mode of the window's terminal, as `stty` tells it: `echo` or `-echo`, and so on.
    package func mode() async throws -> Set<String> {
        let terminal = try await tmux(["display-message", "-p", "#{pane_tty}"])
        let path = terminal.trimmingCharacters(in: .whitespacesAndNewlines)
        let told = try await Program.shell("stty -a -F \(path)")
        return Set(told.output.split { " \n;".contains($0) }.map(String.init))
    }

    package func resize(width: Int, height: Int) async throws {
        try await tmux(["resize-window", "-x", "\(width)", "-y", "\(height)"])
    }

    /// Where the cursor is, from 0.
    package func cursor() async throws -> (column: Int, row: Int) {
        let text = try await tmux(["display-message", "-p", "#{cursor_x} #{cursor_y}"])
        let numbers = text.split { " \n".contains($0) }.compactMap { Int($0) }
        try #require(numbers.count == 2)
        return (numbers[0], numbers[1])
    }

    /// Closes the window, as a person does: the terminal is gone, and what runs in it gets SIGHUP.
    package func close() {
        stop()
    }

    /// Waits for the program's end, and returns it.
    package func end() async throws -> End {
        let start = ContinuousClock.now
        while start.duration(to: .now) < Self.patience {
            if let text = try? String(contentsOfFile: folder.path + "/code", encoding: .utf8) {
                let code = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
                let mode = (try? String(contentsOfFile: folder.path + "/mode", encoding: .utf8)) ?? ""
                return End(code: code, mode: mode)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Unseen(comment: "the program goes on", screen: (try? await lines()) ?? [])
    }

    /// Ends the server with everything in it, where it still runs.
    package func stop() {
        server.withLock { pid in
            if pid > 0 { kill(pid, SIGTERM) }
            pid = 0
        }
    }

    @discardableResult
    private func tmux(_ arguments: [String]) async throws -> String {
        // The server that the first command leaves behind must not keep what tells Foundation of the command's own end, and
        // must not inherit that signals are blocked, as they are on a thread of this process.
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

    /// The expected screen did not come.
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
