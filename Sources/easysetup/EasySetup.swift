import ArgumentParser
import CProcess

/// The command line: `easysetup`, and what it can be asked for.
@main struct EasySetup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "easysetup",
        abstract: "Adds a device by a short code.",
        discussion: ExitCodes.help,
        subcommands: [
            OfferCommand.self, JoinCommand.self, RelayCommand.self, SeedCommand.self, DemoCommand.self,
        ]
    )

    static func main() async {
        // Seeds and passphrases pass through this process. A system that does not allow it has its reasons.
        _ = easysetup_harden_process()
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            // A program that asked for JSON gets JSON about its own mistakes too.
            if !(error is ExitCode), exitCode(for: error) == .validationFailure,
                CommandLine.arguments.contains("--json")
            {
                Output(form: .json).failed(CommandError.usage)
            }
            exit(withError: error)
        }
    }
}
