/// The place where a person sees the progress and answers: a window, plain lines, or JSON lines for a program.
protocol Stage: Sendable {
    /// Writes lines that stay, above the changing part.
    func say(_ lines: [String])
    /// Shows a view in place of the last one.
    func show(_ view: View)
    /// Shows a view with a question, and waits for a line.
    func ask(_ view: View) async -> Keyboard.Reading
    /// Removes the changing part, and restores the terminal. Nothing is shown afterwards.
    func close()
}

/// A stage without a screen, for programs: events report everything, so only the keyboard is used.
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
