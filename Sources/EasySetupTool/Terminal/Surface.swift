#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The abilities of the place where the output goes: a terminal, a file or another program.
struct Surface: Equatable, Sendable {
    /// Whether the output goes to a terminal.
    var isTerminal = false
    /// Whether lines may be rewritten, which needs a terminal that can move its cursor back. A locale without UTF-8
    /// suggests an old terminal, which may be unable to do that.
    var canRewrite = false
    /// Whether text may be bold and have colours.
    var hasColours = false
    /// Whether characters outside ASCII may be written.
    var isUTF8 = false

    /// The surface for output to a file or another program: ASCII characters, line by line, without colours.
    static let plain = Surface()

    /// The surface for output to a person: what standard output and standard error can both show.
    static var current: Surface {
        Surface(isTerminal: isatty(STDOUT_FILENO) == 1 && isatty(STDERR_FILENO) == 1) { name in
            getenv(name).map { String(cString: $0) }
        }
    }

    init() {}

    /// - Parameter variable: returns an environment variable's value; nil if it is unset.
    init(isTerminal: Bool, variable: (String) -> String?) {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(variable).first { !$0.isEmpty } ?? "C"
        let charset = locale.lowercased().filter { $0.isLetter || $0.isNumber }
        isUTF8 = charset.contains("utf8")
        self.isTerminal = isTerminal
        let terminal = variable("TERM") ?? ""
        canRewrite = isTerminal && isUTF8 && !["", "dumb", "unknown"].contains(terminal)
        hasColours = canRewrite && (variable("NO_COLOR") ?? "").isEmpty
    }

    /// The same surface, on which no line may be rewritten.
    var withoutRewriting: Surface {
        var surface = self
        (surface.canRewrite, surface.hasColours) = (false, false)
        return surface
    }

    /// A name in quotes, so that it can't mix with the text beside it or change its direction. Characters that the
    /// terminal or file can't show are replaced by their numbers.
    func quoted(_ name: String) -> String {
        isUTF8 ? "\"\u{2068}\(name)\u{2069}\"" : "\"\(shown(name))\""
    }

    /// A text in which each character that the terminal or file can't show is replaced.
    func shown(_ text: String) -> String {
        guard !isUTF8 else { return text }
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case _ where scalar.isASCII: out.unicodeScalars.append(scalar)
            case "·": out += "-"
            case "…": out += "..."
            case "“", "”": out += "\""
            default: out += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return out
    }

    /// A text in bold if the terminal has colours, otherwise the text itself.
    func bold(_ text: String) -> String {
        hasColours ? "\u{1B}[1m\(text)\u{1B}[0m" : text
    }
}

/// The size of a window in columns and lines.
struct WindowSize: Equatable, Sendable {
    var width: Int
    var height: Int

    static let usual = WindowSize(width: 80, height: 24)

    /// The current size, which changes when a person resizes the window.
    static var current: WindowSize { of(STDOUT_FILENO) }

    /// Whether a window of this size has room for something of another size.
    func holds(_ size: WindowSize) -> Bool { size.width <= width && size.height <= height }

    /// The part of this size that a window lacks, in words.
    func lack(in window: WindowSize) -> String {
        [width > window.width ? "\(width) columns wide" : nil, height > window.height ? "\(height) lines high" : nil]
            .compactMap(\.self).joined(separator: " and ")
    }

    /// The current size of the window of an open file. A terminal that does not tell its size, and a file that is no
    /// terminal, have the usual size.
    static func of(_ file: CInt) -> WindowSize {
        var size = winsize()
        guard ioctl(file, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return .usual }
        return WindowSize(width: Int(size.ws_col), height: Int(size.ws_row))
    }
}
