import ArgumentParser

/// The option about the screen, for the commands that rewrite lines on it.
struct ScreenOptions: SharedOptions {
    @Flag(
        inversion: .prefixedNo,
        help: "Write line after line, and rewrite none: for screen readers. ACCESSIBLE=1 does the same."
    )
    var plain: Bool?

    /// Whether no line may be rewritten: by the option, or by a variable that several programs use for screen readers.
    var isPlain: Bool { plain ?? (Variables.value("ACCESSIBLE") != nil) }

    /// The output in the form that the option asks for.
    func output(_ output: Output) -> Output {
        Output(form: output.form, isPlain: isPlain)
    }
}
