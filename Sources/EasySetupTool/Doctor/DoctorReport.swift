import EasySetup
import Synchronization

/// Writes the findings of `easysetup doctor`, a line each, and counts them.
final class DoctorReport: Sendable {
    private struct State {
        var counts: [Finding.Verdict: Int] = [:]
        /// The checks that were skipped last, and why: they share a line for people, which is written later.
        var skipped: (titles: [String], why: String)?
    }

    private let output: Output
    private let state = Mutex(State())

    init(_ output: Output) { self.output = output }

    /// Writes the findings of one check. Checks that were skipped for the same reason share a line for people.
    func tell(_ findings: [Finding]) {
        for finding in findings {
            state.withLock { $0.counts[finding.verdict, default: 0] += 1 }
            output.event("check", finding.members, people: nil)
            guard output.form == .people else { continue }
            if finding.verdict == .skipped {
                skip(finding.check.title, finding.what)
            } else {
                flush()
                say(Self.mark(finding.verdict), "\(finding.check.title): \(finding.what)")
                if let advice = finding.advice { say("", advice) }
            }
        }
    }

    private func skip(_ title: String, _ why: String) {
        let isNew = state.withLock { $0.skipped?.why != why }
        if isNew { flush() }
        state.withLock { state in
            var titles = state.skipped?.titles ?? []
            if titles.last != title { titles.append(title) }
            state.skipped = (titles, why)
        }
    }

    /// Writes the line of the checks that were skipped last.
    private func flush() {
        let skipped = state.withLock { state in
            defer { state.skipped = nil }
            return state.skipped
        }
        if let skipped { say(Self.mark(.skipped), "\(skipped.titles.joined(separator: "; ")): \(skipped.why)") }
    }

    /// Writes the message of the relay's operator, in the form in which devices show it.
    func says(_ message: RelayMessage) {
        flush()
        output.event(
            "relay-message",
            [("message", .string(message.description))],
            people: nil
        )
        for line in output.lines(of: message) { output.say(line, isVerbatim: true) }
    }

    /// Says that the next finding takes a while.
    func wait(_ text: String) {
        guard output.form == .people else { return }
        flush()
        say("", text)
    }

    /// Writes how many findings of each verdict there were.
    /// - Returns: whether nothing was found wrong.
    func end() -> Bool {
        flush()
        let counts = state.withLock { $0.counts }
        let count = { (verdict: Finding.Verdict) in counts[verdict] ?? 0 }
        let (wrong, warnings) = (count(.wrong), count(.warning))
        let warned = warnings == 0 ? "" : ", with \(Spoken.count(warnings, "warning"))"
        output.event(
            "diagnosed",
            [
                ("wrong", .integer(wrong)), ("warnings", .integer(warnings)), ("good", .integer(count(.good))),
                ("skipped", .integer(count(.skipped))),
            ],
            people: wrong == 0
                ? "Devices can pair at this relay\(warned)."
                : "\(Spoken.count(wrong, "thing is", "things are")) wrong\(warned)."
        )
        return wrong == 0
    }

    /// The width of the column of verdicts.
    private static let margin = 9
    /// In a narrower window the verdicts have no column of their own.
    private static let leastWidth = 50

    private static func mark(_ verdict: Finding.Verdict) -> String {
        switch verdict {
        case .good: "ok"
        case .warning: "warning"
        case .wrong: "WRONG"
        case .skipped: "skipped"
        }
    }

    /// Writes a text behind a mark. On a terminal the text is wrapped in its column; in a narrow window the column is
    /// narrow, too.
    private func say(_ mark: String, _ text: String) {
        let surface = output.surface
        let shown = surface.shown(text)
        let margin = String(repeating: " ", count: Self.margin)
        let start = mark + margin.dropFirst(mark.count)
        var lines = [start + shown]
        if output.isTerminal {
            // The last column stays empty, because some terminals start a new line when it is written.
            let width = WindowSize.current.width - 1
            if width < Self.leastWidth {
                let first = mark.isEmpty ? "  " : mark + " "
                lines = Columns.fold(first + shown, width: width, indent: 2, keepsWords: true)
            } else {
                lines = Columns.fold(shown, width: width - Self.margin, keepsWords: true).map { margin + $0 }
                lines[0] = start + lines[0].dropFirst(Self.margin)
            }
        }
        // The mark is made bold after the text is wrapped, because the escape sequences have no width.
        if mark == Self.mark(.wrong) || mark == Self.mark(.warning), lines[0].hasPrefix(mark) {
            lines[0] = surface.bold(mark) + lines[0].dropFirst(mark.count)
        }
        output.say(lines.joined(separator: "\n"), isVerbatim: true)
    }
}
