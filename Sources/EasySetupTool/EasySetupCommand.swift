import ArgumentParser
import CProcess
import EasySetupPicture
import EasySetupSeed

/// The command `easysetup` with its subcommands.
@main struct EasySetupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "easysetup",
        abstract: "Adds a device by a short code.",
        // The commands below say it.
        usage: "",
        discussion: """
              easysetup relay --listen 127.0.0.1:8080       runs a relay
              easysetup offer --relay ws://127.0.0.1:8080   shows a code; join asks for it

            Settings: easysetup config. Exit codes: easysetup help exit-codes.
            Manual: man easysetup. Completions: --generate-completion-script bash
            """,
        version: Version.text,
        subcommands: [
            OfferCommand.self, JoinCommand.self, RelayCommand.self, SeedCommand.self, ChainCommand.self,
            DemoCommand.self, DoctorCommand.self, ConfigCommand.self, VersionCommand.self, ManualCommand.self,
        ]
    )

    static func main() async {
        PictureProcess.runIfAsked()
        StandardFiles.keep()
        // The process is hardened, because seeds and passphrases are in its memory. The result is ignored, because some
        // systems do not allow it.
        _ = easysetup_harden_process()
        let arguments = Arguments.take(for: Self.self)
        if arguments.texts == ["help", "exit-codes"] { tell(ExitCodes.help + "\n", .success) }
        do {
            try arguments.refuseSlips()
            try arguments.refuseRepeats()
            let invocation = try Invocation(arguments)
            Invocation.current = invocation
            var command = try parseAsRoot(invocation.texts)
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
        let invocation = Invocation.current
        let isJSON = invocation?.isJSON ?? (arguments.texts.contains("--json") || Invocation.wantsJSON)
        let output = Output(form: isJSON ? .json : .people)
        let code = exitCode(for: error)
        let isAsked = !(error is any ExplainedError) && code == .success
        // Values that no option gave are all checked, so that a person who mends a file learns of every fault at once.
        let faults = isAsked ? [] : invocation?.valueFaults() ?? []
        if let error = SettingsErrors.of(faults) ?? error as? any ExplainedError {
            output.failed(error)
            exit(withError: ExitCode(ExitCodes.code(for: error.name)))
        }
        guard isAsked else {
            let message = arguments.without(
                fullMessage(for: error),
                settings: invocation?.settings.flatMap(\.values) ?? []
            )
            // A value that no option gave is named by its variable or its line.
            if let error = invocation?.error(for: message) {
                output.failed(error)
                exit(withError: ExitCode(ExitCodes.code(for: error.name)))
            }
            // If the arguments ask for JSON, an error in the arguments is reported in JSON, too.
            if code == .validationFailure, isJSON { output.failed(CommandError.usage) }
            output.prompt(message + "\n")
            exit(withError: code)
        }
        tell(HelpText(fullMessage(for: error), of: Self.self).text, code)
    }

    /// Ends the process with a requested text.
    private static func tell(_ text: String, _ code: ExitCode) -> Never {
        let output = Output(form: .people)
        output.put(text)
        do throws(CommandError) {
            try output.finish()
        } catch {
            output.failed(error)
            exit(withError: ExitCode(ExitCodes.code(for: error.name)))
        }
        exit(withError: code)
    }
}
