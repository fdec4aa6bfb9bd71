/// Where a person sees what happens and answers: a window, plain lines, or the lines of JSON that stand for a person.
protocol Stage: Sendable {
    /// Says something that stays, above all that changes.
    func say(_ lines: [String])
    /// Shows a moment in place of the one before.
    func show(_ view: View)
    /// Shows a moment with a question, and waits for a line.
    func ask(_ view: View) async -> Keyboard.Reading
    /// Takes away what changes, and leaves the terminal as it was. Nothing is shown after that.
    func close()
}

/// For programs: what people see is said by events, so that only the keyboard is left of a stage.
struct SilentStage: Stage {
    func say(_ lines: [String]) {}
    func show(_ view: View) {}
    func ask(_ view: View) async -> Keyboard.Reading {
        // A hidden prompt has left typing hidden.
        TerminalMode.restore()
        return await Keyboard.shared.line()
    }
    func close() {}
}
