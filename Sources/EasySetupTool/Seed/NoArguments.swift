import ArgumentParser

/// Accepts unexpected arguments, so that this type can refuse them with a message that does not repeat them. A seed
/// among the arguments is in the process list already, and should not be in the terminal's log as well.
struct NoArguments: ParsableArguments {
    @Argument(help: .hidden) var refused: [String] = []

    func validate() throws {
        guard refused.isEmpty else {
            throw ValidationError(
                "This command takes options only. A seed is never an argument: write it to standard input."
            )
        }
    }
}
