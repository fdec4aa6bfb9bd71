import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A ``Stage`` (what a person sees of a pairing) that rewrites the last lines of a window in place: the remaining time
/// each second, changes at once, and everything when the window's size changes. Permanent lines stay above.
final class LiveStage: Stage {
    private struct State {
        var latest = LatestView()
        var typed = Typing()
        /// The layout of the window's last lines as drawn.
        var drawn = Layout()
        var size = WindowSize.usual
        /// The lines above those, from the first line that a smaller window has pushed out at its top, where it can't be
        /// erased. A larger window may show it again.
        var above = PushedLines()
        /// The size of the window for which the terminal has been asked for the cursor's row; nil if it was not asked.
        var askedSize: WindowSize?
        /// The number of ticks after which the terminal is asked again.
        var patience = 0
        /// How often the terminal was asked for the row in a window of this size.
        var asks = 0
        /// Whether the terminal has ever told the row. One that never has may be unable to.
        var hasAnswered = false
        /// The lines that stay and are written as soon as the terminal has told the row.
        var waiting: [String] = []
        /// The turn (time with the terminal) in which this type drew the lines in the window; nil while another program
        /// has the terminal.
        var turn: TerminalMode.ForegroundPeriod?
        var isClosed = false
        var ticking: Task<Void, Never>?
    }

    /// How often the terminal is asked for the row of the cursor, every second tick, before the row is guessed: if it has
    /// answered before, and if it never has.
    private static let asks = 20
    private static let asksBeforeAnswer = 4

    private let surface: Surface
    private let pictures: PictureWish
    private let state = Mutex(State())

    init(surface: Surface, pictures: PictureWish) {
        self.surface = surface
        self.pictures = pictures
        // The terminal's echo is turned off, because this type draws the typed text itself.
        TerminalMode.change { mode in
            mode.c_lflag &= ~tcflag_t(ICANON | ECHO | IEXTEN)
            TerminalMode.setSingleBytes(&mode)
        }
        Signals.onRedraw { [weak self] in self?.state.withLock { self?.draw(&$0) } }
        let ticking = Task { [weak self] in
            var tick = 0
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(TerminalMode.pace))
                tick += 1
                self?.state.withLock { state in
                    // The window is drawn once a second, because the time is shown in seconds. It is drawn at once in a new turn
                    // (when this program has got the terminal back), and when the terminal has not told the row for long.
                    state.patience -= 1
                    let isLate = state.askedSize != nil && state.patience <= 0
                    if isLate || tick.isMultiple(of: 1_000 / Int(TerminalMode.pace))
                        || TerminalMode.hold() != state.turn
                    {
                        self?.draw(&state, isLate: isLate)
                    }
                }
            }
        }
        state.withLock { state in
            state.turn = TerminalMode.hold()
            state.ticking = ticking
        }
    }

    var marksPastes: Bool { true }

    func say(_ lines: [String]) {
        state.withLock { state in
            guard !state.isClosed, !lines.isEmpty else { return }
            state.waiting += lines
            draw(&state)
        }
    }

    func show(_ view: View) {
        state.withLock { state in
            state.latest.take(view)
            draw(&state)
        }
    }

    func ask(_ view: View) async -> Keyboard.Reading {
        let isContinued = view.prompt?.isContinued == true
        let kind = view.prompt?.kind ?? .text
        let reading = await Keyboard.shared.line(keepsTyped: isContinued, kind: kind) { [weak self] _ in
            TerminalMode.markPastes(true)
            self?.state.withLock { state in
                state.typed = Typing()
                state.latest.take(view)
                self?.draw(&state)
            }
        } typing: { [weak self] typed in
            self?.state.withLock { state in
                state.typed = typed
                self?.draw(&state)
            }
        }
        TerminalMode.markPastes(false)
        state.withLock { $0.typed = Typing() }
        return reading
    }

    func close() {
        state.withLock { state in
            guard !state.isClosed else { return }
            _ = takesTurn(&state)
            let size = WindowSize.current
            write(erasing(&state, in: size, cursor: nil) + sayingWaiting(&state, in: size))
            state.isClosed = true
            state.ticking?.cancel()
        }
        Signals.onRedraw(nil)
        Keyboard.shared.forgetTyped()
    }

    /// Whether this program may draw, because it has the terminal. Another program that has had the terminal may have
    /// moved the lines, so they are then drawn again below its output.
    private func takesTurn(_ state: inout State) -> Bool {
        let turn = TerminalMode.hold()
        if turn != state.turn {
            (state.turn, state.drawn, state.above, state.askedSize) = (turn, Layout(), PushedLines(), nil)
            if turn != nil { write("\r\u{1B}[J") }
        }
        return turn != nil
    }

    /// Draws what has changed. If the window has another size, the terminal is asked for the cursor's row first.
    /// - Parameters:
    ///   - cursor: the terminal's answer.
    ///   - isLate: whether the terminal has not answered for two ticks.
    private func draw(_ state: inout State, cursor: CursorPosition? = nil, isLate: Bool = false) {
        guard !state.isClosed, takesTurn(&state) else { return }
        let size = WindowSize.current
        if size != state.size, !state.drawn.rows.isEmpty, Input.isTerminal {
            // An answer for an earlier size tells nothing about this one.
            if state.askedSize != size { state.asks = 0 }
            // The answer may have been discarded with what was typed before a question, or the machine may be busy. Without
            // the row, the lines above could be erased.
            let mostAsks = state.hasAnswered ? Self.asks : Self.asksBeforeAnswer
            if state.asks == 0 || (isLate && state.asks < mostAsks) {
                state.askedSize = size
                state.patience = 2
                state.asks += 1
                return Keyboard.shared.askCursor { [weak self] cursor in
                    self?.state.withLock { self?.draw(&$0, cursor: cursor) }
                }
            }
            guard cursor != nil || isLate else { return }
        }
        if cursor != nil { state.hasAnswered = true }
        (state.askedSize, state.asks) = (nil, 0)
        let new = Layout(
            state.latest.view,
            on: surface,
            in: size,
            pictures: pictures,
            typed: state.typed,
            now: .now
        )
        guard new != state.drawn || size != state.size || !state.waiting.isEmpty else { return }
        let out: String
        if size == state.size, state.waiting.isEmpty,
            let changes = Self.changes(from: state.drawn.rows, to: new.rows, width: size.width)
        {
            out = changes
        } else {
            out =
                erasing(&state, in: size, cursor: cursor) + sayingWaiting(&state, in: size)
                + new.rows.map(\.text).joined(separator: "\r\n")
        }
        write(out)
        state.drawn = new
        state.size = size
    }

    /// The output of the lines that stay.
    private func sayingWaiting(_ state: inout State, in size: WindowSize) -> String {
        let rows = state.waiting.flatMap { line in
            Columns.fold(surface.shown(line), width: size.width - 1, keepsWords: true).map {
                Layout.Row(text: $0, width: Columns.width($0))
            }
        }
        state.waiting = []
        state.above.say(rows)
        return rows.map { $0.text + "\r\n" }.joined()
    }

    /// The output that rewrites only the lines that differ, so that a QR code does not flicker each second; nil if all
    /// must be redrawn.
    private static func changes(from old: [Layout.Row], to new: [Layout.Row], width: Int) -> String? {
        guard old.count == new.count, !new.isEmpty else { return nil }
        var out = ""
        var below = 0
        for (old, new) in zip(old, new).reversed() {
            if old != new {
                guard old.height(in: width) == 1, new.height(in: width) == 1 else { return nil }
                // The text of a row with placeholders moves the cursor before them.
                let line = new.placeholders > 0 ? "\r\u{1B}[K\(new.text)" : "\r\(new.text)\u{1B}[K"
                // The terminal saves the cursor's position and returns to it, because only the terminal knows how wide
                // it has drawn the last line.
                out += below > 0 ? "\u{1B}7" + up(below) + line + "\u{1B}8" : line
            }
            below += new.height(in: width)
        }
        return out
    }

    private static func up(_ lines: Int) -> String { lines > 0 ? "\u{1B}[\(lines)A" : "" }

    /// The output that erases all drawn lines. A line counts as several if the window is narrower now, because the
    /// terminal wraps it.
    ///
    /// In a smaller window some of the lines may be beyond its top. They stay there, each of them whole, and are erased
    /// when a larger window shows them again.
    /// - Parameter cursor: the position of the cursor; nil if it is unknown. Then the cursor may be in the last row.
    private func erasing(_ state: inout State, in size: WindowSize, cursor: CursorPosition?) -> String {
        let rows = state.drawn.rows
        state.drawn = Layout()
        guard !rows.isEmpty else { return "" }
        guard size != state.size else { return Self.erasing(rows.reduce(0) { $0 + $1.height(in: size.width) }) }
        // The cursor may be before the end of the last row, which a narrower window breaks into several lines.
        // If the cursor's line is then beyond the window's top, the terminal moves the cursor to another one.
        let end = rows[rows.count - 1]
        let isInRow = cursor.map { $0.column == end.cursorColumn(in: size.width) } ?? true
        let below = isInRow ? end.linesBelowCursor(in: size.width) : 0
        let down = below > 0 ? "\u{1B}[\(below)B" : ""
        let last = cursor.map { $0.row + below } ?? size.height
        let (height, cut, kept) = state.above.resize(with: rows, row: last, width: size.width)
        // The lines of a row that is partly beyond the top go there, too. Else the terminal would join the part beyond the
        // top with what is written here.
        let scroll = cut > 0 ? "\u{1B}[999B" + String(repeating: "\n", count: cut) + "\u{1B}[999B" : ""
        return down + scroll + Self.erasing(cut > 0 ? size.height : height) + kept.map { $0.text + "\r\n" }.joined()
    }

    /// The output that erases a number of lines, of which the cursor is in the last.
    private static func erasing(_ height: Int) -> String {
        guard height > 1 else { return "\r\u{1B}[K" }
        // The first line is erased by itself, because some terminals keep the lines of a window that is erased as a
        // whole, and show them again when the window grows.
        return up(height - 1) + "\r\u{1B}[K\u{1B}[B\u{1B}[J\u{1B}[A"
    }

    /// Writes to the window. Errors are ignored, because a signal reports a window that was closed.
    private func write(_ text: String) {
        var text = text
        text.withUTF8 { buffer in
            var done = 0
            while done < buffer.count {
                let count = systemWrite(STDOUT_FILENO, buffer.baseAddress! + done, buffer.count - done)
                if count < 0, errno != EINTR { return }
                done += max(count, 0)
            }
        }
    }
}

/// Calls the system's `write`, because in a type that has a method `write`, that name means the method.
private func systemWrite(_ file: CInt, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
    write(file, bytes, count)
}
