import ArgumentParser
import EasySetupSeed
import Logging

/// The options of every command, and the function in which every command runs.
struct CommonOptions: SharedOptions {
    @Flag(help: "Write one JSON object per line to standard output, for programs.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Log to standard error from this level on.",
            valueName: "level"
        )
    )
    var logLevel: LogLevel = .notice

    /// Runs a command: starts the logs, passes the output to the command, and turns its error into a message for people
    /// or programs and an exit code. Call it once in a process.
    func run(logFormat: LogLines.Format = .text, _ command: (Output) async throws -> Void) async throws {
        LogLines.level = logLevel.level
        LoggingSystem.bootstrap { LogLines(label: $0, format: logFormat) }
        let output = Output(form: json ? .json : .people)
        do {
            try await command(output)
            try output.finish()
        } catch let error as any ExplainedError {
            output.failed(error)
            throw ExitCode(ExitCodes.code(for: error.name))
        } catch let error as ExitCode {
            // The command has reported its own error already. Output that could not be written is a second error.
            if output.isLost { output.failed(CommandError.outputFailed) }
            throw error
        } catch {
            // Only the kind of the error is logged, because the text of a system's or a library's error may contain
            // secrets.
            Logger(label: "easysetup").error("unexpected error", metadata: ["type": "\(type(of: error))"])
            output.failed(CommandError.internal)
            throw ExitCode(ExitCodes.code(for: CommandError.internal.name))
        }
    }
}

/// The log levels in the form of the command line.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case trace, debug, info, notice, warning, error, critical

    var level: Logger.Level {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }
}
