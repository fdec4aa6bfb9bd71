import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The terminal on which a hidden question is asked: standard error or standard output where one of them is a terminal,
/// otherwise the terminal that controls the process, otherwise the one at standard input.
struct TerminalScreen: ~Copyable {
    private let file: CInt
    private let isOpened: Bool
    private let surface = Surface(isTerminal: true, variable: Variables.value)
    /// The line that is rewritten, and the width of the window in which it was written; nil if there is none.
    private var line: (text: String, window: Int)?

    init() {
        if let standard = [STDERR_FILENO, STDOUT_FILENO].first(where: { isatty($0) == 1 }) {
            (file, isOpened) = (standard, false)
            return
        }
        let own = open("/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC)
        (file, isOpened) = own < 0 ? (STDIN_FILENO, false) : (own, true)
    }

    deinit {
        if isOpened { close(file) }
    }

    /// Writes a text for people, wrapped between words.
    borrowing func say(_ text: String) {
        Output.put(Output.fitted(surface.shown(text), to: file), to: file)
    }

    borrowing func write(_ text: String) {
        Output.put(text, to: file)
    }

    // MARK: A line that is rewritten

    /// Whether lines can be rewritten here.
    var canRewrite: Bool { surface.canRewrite }

    /// Whether the window has another width than it had when the line was written.
    var isResized: Bool {
        guard let line else { return false }
        return line.window != WindowSize.of(file).width
    }

    /// Writes a line in place of the last one, unless it is the same.
    /// - Parameter text: makes the line for a number of columns.
    mutating func rewrite(_ text: (_ width: Int) -> String) {
        let window = WindowSize.of(file).width
        // The last column stays empty, because some terminals start a new line when it is written.
        let new = text(max(1, window - 1))
        guard line?.text != new || line?.window != window else { return }
        clearLine()
        write(new)
        line = (new, window)
    }

    /// Erases the line. A narrower window has broken it into several.
    mutating func clearLine() {
        guard let line else { return }
        let window = max(1, WindowSize.of(file).width)
        let above = max(0, (Columns.width(line.text) - 1) / window)
        write((above > 0 ? "\u{1B}[\(above)A" : "") + "\r\u{1B}[J")
        self.line = nil
    }

    /// Leaves the line where it is.
    mutating func forgetLine() {
        line = nil
    }
}
