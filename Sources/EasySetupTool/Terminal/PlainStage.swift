import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A ``Stage`` (what a person sees of a pairing) that writes line after line, for a simple terminal or a file. It never
/// rewrites a line.
final class PlainStage: Stage {
    /// The interval at which this type writes the remaining time again if the output is a terminal.
    private static let interval = Duration.seconds(60)

    private struct State {
        var parts: [View.Part] = []
        var latest = LatestView()
        var status: View.Status?
        var isClosed = false
        /// Whether a question was written last, so that the cursor is still on the question's line.
        var isAsking = false
        var ticking: Task<Void, Never>?
    }

    private let output: Output
    private let surface: Surface
    private let pictures: PictureWish
    private let state = Mutex(State())

    init(output: Output, surface: Surface, pictures: PictureWish) {
        self.output = output
        self.surface = surface
        self.pictures = pictures
        guard surface.isTerminal else { return }
        let ticking = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                self?.tick()
            }
        }
        state.withLock { $0.ticking = ticking }
    }

    var marksPastes: Bool { false }

    func say(_ lines: [String]) {
        for line in lines { output.say(surface.shown(line)) }
    }

    func show(_ view: View) {
        // The lock is held during the write, because a state and a question come from two tasks and their lines must
        // not mix.
        state.withLock { state in
            guard !state.isClosed, state.latest.take(view) else { return }
            // A view that comes again, for example after a lost connection, is not repeated. If a view has additional
            // lines, only these are written.
            if !state.parts.starts(with: view.parts) {
                let isLonger = !state.parts.isEmpty && view.parts.starts(with: state.parts)
                let texts = view.parts.dropFirst(isLonger ? state.parts.count : 0).map { ($0, text($0)) }
                var hint: String?
                if !isLonger, pictures == .always, let text = view.picture, let code = QRCode(text) {
                    let drawn = surface.isUTF8 ? code.rendered(isColoured: false) : code.letters()
                    hint = lack(of: drawn, above: texts.map(\.1), view)
                    if hint == nil { output.say(drawn, isVerbatim: true) }
                }
                for (part, text) in texts { output.say(text, isVerbatim: part.isVerbatim) }
                if let hint { output.say(surface.shown(hint)) }
                state.parts = view.parts
            }
            if view.status != state.status, let status = view.status { tell(status) }
            state.status = view.status
        }
    }

    func ask(_ view: View) async -> Keyboard.Reading {
        // An earlier hidden question may have left typing hidden.
        // Restoring the mode discards input, but the rest of a wrapped code or link may have been typed already.
        if view.prompt?.isContinued != true { TerminalMode.restore() }
        show(view)
        guard let prompt = view.prompt else { return .cancelled }
        let reading = await Keyboard.shared.line(keepsTyped: prompt.isContinued) { [self] isAgain in
            endLine()
            state.withLock { state in
                // The lines that the question is about may not be on the screen: another program has moved them, or
                // they went to a file.
                if isAgain || output.hasQuestionsApart {
                    for part in view.parts {
                        output.prompt(text(part) + "\n", isVerbatim: part.isVerbatim)
                    }
                }
                for note in prompt.notes { output.prompt(surface.shown(note) + "\n") }
                output.prompt(surface.shown(prompt.text) + " ")
                state.isAsking = true
            }
        }
        if case .line = reading, surface.isTerminal { state.withLock { $0.isAsking = false } }
        endLine()
        return reading
    }

    func close() {
        endLine()
        state.withLock { state in
            state.isClosed = true
            state.ticking?.cancel()
        }
    }

    /// Ends the line of a question that nobody has answered with Enter.
    private func endLine() {
        let isAsking = state.withLock { state in
            defer { state.isAsking = false }
            return state.isAsking
        }
        if isAsking { output.prompt("\n") }
    }

    private func tick() {
        let status = state.withLock { $0.isClosed ? nil : $0.status }
        if let status, status.deadline != nil { tell(status) }
    }

    private func tell(_ status: View.Status) {
        var text = status.text
        if let deadline = status.deadline { text += " \(View.clock(deadline, now: .now))" }
        output.prompt(surface.shown(text.hasSuffix("…") ? text : text + ".") + "\n")
    }

    /// The sentence in place of a QR code for which the window has no room, together with the lines below it; nil if it has
    /// room, or if the output is no terminal.
    private func lack(of picture: String, above texts: [String], _ view: View) -> String? {
        guard surface.isTerminal, let end = view.hint?.small else { return nil }
        let window = WindowSize.current
        let lines = { (text: String) in text.split(separator: "\n", omittingEmptySubsequences: false) }
        let below = texts.reduce(0) { $0 + lines(Output.fitted($1, to: STDOUT_FILENO)).count }
        // The line of the status follows, and the cursor is below it.
        let needed = WindowSize(width: lines(picture).first?.count ?? 0, height: lines(picture).count + below + 2)
        return window.holds(needed) ? nil : View.Hint.small(needed, in: window, end)
    }

    private func text(_ part: View.Part) -> String {
        let text =
            switch part {
            case .text(let text): text
            case .item(let text): "    " + text
            case .command(let words):
                Columns.command(words, width: surface.isTerminal ? WindowSize.current.width - 1 : Int.max)
                    .joined(separator: "\n")
            case .code(let code): "\n      " + code + "\n"
            case .blank: ""
            }
        return surface.shown(text)
    }
}
