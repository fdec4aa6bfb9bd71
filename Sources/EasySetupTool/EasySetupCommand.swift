import ArgumentParser
import CProcess

/// The command `easysetup` with its subcommands.
@main struct EasySetupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "easysetup",
        abstract: "Adds a device by a short code.",
        discussion: ExitCodes.help,
        version: Version.text,
        subcommands: [
            OfferCommand.self, JoinCommand.self, RelayCommand.self, SeedCommand.self, DemoCommand.self,
            VersionCommand.self,
        ]
    )

    static func main() async {
        StandardFiles.keep()
        // The process is hardened, because seeds and passphrases are in its memory. The result is ignored, because some
        // systems do not allow it.
        _ = easysetup_harden_process()
        let arguments = Arguments.take(for: Self.self)
        do {
            try arguments.refuseSlips()
            try arguments.refuseRepeats()
            var command = try parseAsRoot(arguments.texts)
            // The relay handles signals itself.
            if !(command is RelayCommand) { Signals.watch() }
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            exit(withError: code)
        } catch {
            end(error, arguments)
        }
    }

    /// Ends the process with the requested text, such as help, or with an error about the arguments. The error repeats
    /// no argument that may be secret.
    private static func end(_ error: any Error, _ arguments: Arguments) -> Never {
        let code = exitCode(for: error)
        let isJSON = arguments.texts.contains("--json")
        let output = Output(form: isJSON ? .json : .people)
        guard code == .success else {
            // If the arguments ask for JSON, an error in the arguments is reported in JSON, too.
            if code == .validationFailure, isJSON { output.failed(CommandError.usage) }
            output.prompt(arguments.without(fullMessage(for: error)) + "\n")
            exit(withError: code)
        }
        output.put(fullMessage(for: error))
        do throws(CommandError) {
            try output.finish()
        } catch {
            Output(form: .people).failed(error)
            exit(withError: ExitCode(ExitCodes.code(for: error.name)))
        }
        exit(withError: code)
    }
}
