/// The content of the screen at one moment, before it is laid out for a window. ``Layout`` makes lines of it.
struct View: Equatable, Sendable {
    /// A piece of text.
    enum Part: Equatable, Sendable {
        /// Sentences, which are wrapped between words.
        case text(String)
        /// A command to be copied or typed, as words that are quoted for a shell. Where a line is too short for it, it goes on
        /// in the next one, with a backslash in between.
        case command([String])
        /// An indented text on a line of its own, such as a device's name or the two confirmation words.
        case item(String)
        /// The code, the most prominent text.
        case code(String)
        case blank

        /// Whether the part is to be copied as it is.
        var isVerbatim: Bool {
            if case .command = self { true } else { false }
        }

        /// The order in which parts are dropped if the window is too small, the lowest rank first. Texts that a person
        /// needs for a decision stay longest.
        var rank: Int {
            switch self {
            case .text, .command, .blank: 0
            case .item: 1
            case .code: 2
            }
        }
    }

    /// A line with the current activity and the remaining time, rewritten in place.
    struct Status: Equatable, Sendable {
        /// A sentence without its full stop. The time until ``deadline`` follows it on the screen.
        var text: String
        /// The moment until which the activity or the wait in ``text`` can last; nil if it is unknown.
        var deadline: ContinuousClock.Instant?
    }

    /// A question, shown until it is answered.
    struct Prompt: Equatable, Sendable {
        /// Sentences about the person's last answer to this question: its faults, or the help that the person asked
        /// for.
        var notes: [String] = []
        /// The prompt before the answer, without a space at its end.
        var text: String
        /// Whether the answer goes on from the last one, so that what has been typed already belongs to it.
        var isContinued = false
        var kind = LineEditor.Kind.text
    }

    /// The text that tells a person how to see the QR code if it is not drawn.
    struct Hint: Equatable, Sendable {
        /// The end of the sentence for a window that is too small for the QR code: what helps beside a larger window.
        var small: String
        /// The text for a terminal that can't show the QR code in a window of any size.
        var unfit: String

        /// The sentence for a window that is too small for the QR code.
        /// - Parameter needed: the size that the window must have.
        static func small(_ needed: WindowSize, in window: WindowSize, _ end: String) -> String {
            "For a QR code, make the window \(needed.lack(in: window))\(end)"
        }
    }

    var parts: [Part] = []
    /// The text of a QR code, which is drawn if there is room for it.
    var picture: String?
    /// The text below the QR code, shown only together with it.
    var caption: String?
    /// The text that is shown if the QR code is not drawn.
    var hint: Hint?
    var status: Status?
    var prompt: Prompt?
    /// The place of this view in the order in which the views of a pairing were made; 0 for a view outside that order.
    ///
    /// States and questions come from two tasks, so a stage may get two views in the wrong order. It does not show the
    /// older one of them, which may have a deadline that has changed since.
    var ordinal = 0

    /// The time until a deadline, as minutes and seconds.
    static func clock(_ deadline: ContinuousClock.Instant, now: ContinuousClock.Instant) -> String {
        let left = max(0, Int(now.duration(to: deadline).components.seconds))
        return "\(left / 60):\(left % 60 < 10 ? "0" : "")\(left % 60)"
    }
}

/// The last view of a stage, by the order in which views were made.
struct LatestView: Sendable {
    private(set) var view = View()
    private var ordinal = 0

    /// Takes a view in place of the present one. Returns false, and changes nothing, if a later view has come already.
    @discardableResult
    mutating func take(_ new: View) -> Bool {
        guard new.ordinal == 0 || new.ordinal > ordinal else { return false }
        view = new
        ordinal = max(ordinal, new.ordinal)
        return true
    }
}

/// Whether a QR code is drawn.
enum PictureWish: String, Equatable, Sendable {
    /// The QR code is drawn if it fits on the screen together with the rest, and if the terminal shows it correctly.
    case auto
    /// The QR code is drawn on every terminal.
    case always
    case never
}

/// The lines of a ``View`` (the content of the screen at one moment), laid out for a window.
struct Layout: Equatable, Sendable {
    /// The lines from top to bottom. The cursor stays at the end of the last line, or before the placeholders at its end.
    var rows: [Row] = []

    /// Makes an empty layout.
    init() {}

    struct Row: Equatable, Sendable {
        /// The text with its escape sequences.
        var text: String
        /// The number of columns that the text takes.
        var width: Int
        /// The number of columns at the end that are behind the cursor.
        var placeholders = 0

        /// The number of window lines that the row takes.
        func height(in width: Int) -> Int {
            max(1, (self.width + width - 1) / max(1, width))
        }

        /// The column of the cursor, counted from 1, in the row's window line with the cursor.
        func cursorColumn(in width: Int) -> Int {
            (self.width - placeholders) % max(1, width) + 1
        }

        /// The number of window lines that the row takes below the line of the cursor.
        func linesBelowCursor(in width: Int) -> Int {
            height(in: width) - 1 - min(height(in: width) - 1, (self.width - placeholders) / max(1, width))
        }
    }

    /// Lays out a view. If the window is too small, it drops the QR code, then hints and blank lines, then instructions
    /// from the top, then the end of the notes about the last answer, then names and confirmation words from the top,
    /// then the status, then the code. The question stays longest, in few lines without a line for the answer alone.
    /// - Parameter typed: the drawing of the text that the person has typed so far.
    init(
        _ view: View,
        on surface: Surface,
        in size: WindowSize,
        pictures: PictureWish,
        typed: Typing,
        now: ContinuousClock.Instant
    ) {
        // The last column stays empty, because some terminals start a new line when it is written.
        let width = max(1, size.width - 1)
        let status = view.status.flatMap { Self.line($0, width, surface, now) }.map { [Self.row($0)] } ?? []
        let notes =
            view.prompt.map { ($0.notes + [typed.hint].compactMap(\.self)).flatMap { Self.folded($0, width, surface) } }
            ?? []
        var end = status
        if let prompt = view.prompt {
            let text = surface.shown(prompt.text)
            let room = prompt.kind == .code ? max(14, min(Columns.width(typed.text) + 1, Self.codeRoom)) : 14
            let isShort = Columns.width(text) + room <= width
            let question = isShort ? [] : Self.folded(prompt.text, width, surface)
            end = question + status + [Self.answer(typed, behind: isShort ? text : ">", width, surface)]
        }
        let picture = Self.picture(view, on: surface, pictures)
        var hint = view.hint?.unfit
        for attempt in 0..<5 {
            var rows: [Row] = []
            if attempt == 0 {
                guard let picture else { continue }
                rows += picture
            }
            for part in view.parts {
                if part == .blank, attempt > 2 { continue }
                rows += Self.rows(part, width, surface)
            }
            let extra = attempt == 0 ? view.caption : attempt == 1 && pictures != .never ? hint : nil
            if let extra { rows += [Self.row("")] + Self.folded(extra, width, surface) }
            if attempt <= 2, !rows.isEmpty, !end.isEmpty { rows.append(Self.row("")) }
            rows += notes + end
            let widest = attempt == 0 ? max(size.width, picture?.first?.width ?? 0) : size.width
            let needed = WindowSize(width: widest, height: rows.reduce(0) { $0 + $1.height(in: widest) })
            if size.holds(needed) {
                self.rows = rows
                return
            }
            if attempt == 0, let end = view.hint?.small { hint = View.Hint.small(needed, in: size, end) }
        }
        rows = Self.least(view, on: surface, in: size, width, status: status, notes: notes, end: end, typed: typed)
    }

    /// The lines for a window that is too small for all of a view.
    private static func least(
        _ view: View,
        on surface: Surface,
        in size: WindowSize,
        _ width: Int,
        status: [Row],
        notes: [Row],
        end: [Row],
        typed: Typing
    ) -> [Row] {
        var (end, notes) = (end, notes)
        var above = view.parts.filter { $0 != .blank }.map { (part: $0, rows: rows($0, width, surface)) }
        func room(beside notes: [Row]) -> Int {
            (above.flatMap(\.rows) + notes + end).reduce(size.height) { $0 - $1.height(in: size.width) }
        }
        func drop(rank: Int) {
            while room(beside: notes) < 0, let index = above.firstIndex(where: { $0.part.rank == rank }) {
                above.remove(at: index)
            }
        }
        drop(rank: 0)
        if room(beside: notes) < 0 { notes = shortened(notes, to: room(beside: []), width, surface) }
        let height = max(1, size.height)
        guard let prompt = view.prompt else {
            drop(rank: 1)
            if room(beside: []) < 0 { end = [] }
            let rows = above.flatMap(\.rows) + end
            return rows.isEmpty ? status : Array(rows.prefix(height))
        }
        if room(beside: notes) < 0 {
            let question = question(prompt, typed: typed, lines: height - status.count, width, surface)
            end = status + question
        }
        drop(rank: 1)
        if room(beside: notes) < 0 {
            end = question(prompt, typed: typed, lines: height, width, surface)
        }
        drop(rank: 2)
        return Array((above.flatMap(\.rows) + notes + end).suffix(height))
    }

    /// A question with the answer in its last line, for a window of a few lines. If the question is too long, only its
    /// last sentence is shown, or the end of it, which says what to type.
    /// - Parameter lines: the number of lines that the question may take; it takes one at least.
    private static func question(
        _ prompt: View.Prompt,
        typed: Typing,
        lines count: Int,
        _ width: Int,
        _ surface: Surface
    ) -> [Row] {
        let wanted = prompt.kind == .code ? codeRoom : answerRoom
        let text = surface.shown(prompt.text)
        let sentence = text.split(separator: "? ").last.map(String.init) ?? text
        var lines: [String] = []
        for text in [text, sentence] {
            lines = Columns.fold(text, width: width)
            if Columns.width(lines[lines.count - 1]) + 1 + wanted > width { lines.append(">") }
            if lines.count <= count { break }
        }
        if count <= 1 {
            // A code is shown whole if half of the line is room enough.
            let room = max(4, prompt.kind == .code ? min(wanted, width * 3 / 4) : min(wanted, width / 3))
            lines = [Columns.tail(sentence, width: width - 1 - room, isBetweenWords: true)]
        }
        lines = lines.suffix(max(1, count))
        return lines.dropLast().map(row) + [answer(typed, behind: lines[lines.count - 1], width, surface)]
    }

    /// The room for an answer beside a question, in columns: no confirmation word is longer.
    private static let answerRoom = 9
    /// The room for a code, with a bracket on each side.
    private static let codeRoom = 17

    /// The line in which a person types. If it is too narrow, the end of the answer is in sight.
    private static func answer(_ typed: Typing, behind text: String, _ width: Int, _ surface: Surface) -> Row {
        let start = Columns.tail(text, width: width - 1) + " "
        let room = width - Columns.width(start)
        let shown = surface.shown(typed.text)
        guard Columns.width(shown) <= room else {
            return row(start + Columns.tail(String(shown.dropLast(typed.placeholders)), width: room))
        }
        let width = Columns.width(start + shown)
        guard typed.placeholders > 0 || !typed.marked.isEmpty else { return row(start + shown) }
        let back = typed.placeholders > 0 ? "\u{1B}[\(typed.placeholders)D" : ""
        return Row(text: start + typed.styled(on: surface) + back, width: width, placeholders: typed.placeholders)
    }

    /// The first lines of a text, with an ellipsis for the rest.
    private static func shortened(_ rows: [Row], to count: Int, _ width: Int, _ surface: Surface) -> [Row] {
        guard count > 0, count < rows.count else { return count > 0 ? rows : [] }
        let ellipsis = surface.shown("…")
        var last = rows[count - 1].text
        while !last.isEmpty, Columns.width(last + ellipsis) > width { last.removeLast() }
        return rows[..<(count - 1)] + [row(last + ellipsis)]
    }

    private static func rows(_ part: View.Part, _ width: Int, _ surface: Surface) -> [Row] {
        switch part {
        case .blank: return [row("")]
        case .text(let text): return folded(text, width, surface)
        case .item(let text):
            return Columns.fold("    " + surface.shown(text), width: width, indent: 4).map(row)
        case .command(let words): return Columns.command(words.map(surface.shown), width: width).map(row)
        case .code(let code):
            // Letters are spaced out, because a terminal has no larger ones.
            let spaced = "      " + code.map(String.init).joined(separator: " ")
            let lines = [spaced, "   " + code].first { Columns.width($0) <= width }.map { [$0] }
            return (lines ?? Columns.groups(code, width: width)).map {
                Row(text: surface.bold($0), width: Columns.width($0))
            }
        }
    }

    private static func folded(_ text: String, _ width: Int, _ surface: Surface) -> [Row] {
        Columns.fold(surface.shown(text), width: width).map(row)
    }

    private static func row(_ text: String) -> Row {
        Row(text: text, width: Columns.width(text))
    }

    /// The longest form of a status that fits on one line; nil if not even the time fits.
    private static func line(
        _ status: View.Status,
        _ width: Int,
        _ surface: Surface,
        _ now: ContinuousClock.Instant
    ) -> String? {
        let text = surface.shown(status.text)
        guard let deadline = status.deadline else {
            let end = text.hasSuffix("…") || text.hasSuffix("...") ? "" : "."
            return Columns.fitting(["\(text)\(end) Control-C stops.", text + end, text], width: width)
        }
        let clock = View.clock(deadline, now: now)
        // A part of the time would be a wrong time.
        return [
            "\(text) \(clock). Control-C stops.", "\(text) \(clock).", "\(clock) left. Control-C stops.",
            "\(clock) left", clock,
        ]
        .first { Columns.width($0) <= width }
    }

    private static func picture(_ view: View, on surface: Surface, _ wish: PictureWish) -> [Row]? {
        guard let text = view.picture, wish != .never, let code = QRCode(text) else { return nil }
        let isFit = surface.canRewrite && surface.isUTF8 && surface.hasColours
        guard wish == .always || isFit else { return nil }
        let width = code.width + 2 * QRCode.quietZone
        return code.rendered(isColoured: surface.hasColours).split(separator: "\n", omittingEmptySubsequences: false)
            .map { Row(text: String($0), width: width) }
    }
}
