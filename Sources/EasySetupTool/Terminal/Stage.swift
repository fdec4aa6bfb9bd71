/// The place where a person sees the progress of a pairing and answers questions: lines that are rewritten in a window,
/// or plain lines. For a program the stage shows nothing.
protocol Stage: Sendable {
    /// Writes lines that stay on the screen, above the view, whose lines change.
    func say(_ lines: [String])
    /// Shows a view in place of the last one.
    func show(_ view: View)
    /// Shows a view with a question, and waits for a line.
    func ask(_ view: View) async -> Keyboard.Reading
    /// Whether a paste of several lines is one answer.
    var marksPastes: Bool { get }
    /// Removes the last view from the output if the output's lines can be rewritten. Views that are shown later do not
    /// appear.
    func close()
}

/// A stage for programs. It only reads answers, and shows nothing, because programs read the events in the JSON output.
struct SilentStage: Stage {
    func say(_ lines: [String]) {}
    func show(_ view: View) {}
    var marksPastes: Bool { false }
    func ask(_ view: View) async -> Keyboard.Reading {
        // An earlier hidden question may have left typing hidden. Restoring the mode discards input, but the rest of a
        // wrapped code or link may have been typed already.
        if view.prompt?.isContinued != true { TerminalMode.restore() }
        return await Keyboard.shared.line()
    }
    func close() {}
}
