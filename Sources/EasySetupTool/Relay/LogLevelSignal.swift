import EasySetupRelay
import Logging
import UnixSignals

/// The signals that change how much a running relay logs: SIGUSR1 one level more, SIGUSR2 one level less. The admin port
/// changes nothing, so that a page or program that can reach it can't either.
enum LogLevelSignal {
    /// Changes the level by this signal. False if the signal is another one.
    static func obey(_ signal: UnixSignal, _ logger: Logger) -> Bool {
        let step: LogLevelStep
        switch signal {
        case .sigusr1: step = .more
        case .sigusr2: step = .less
        default: return false
        }
        step.apply(to: LogLines.level, logger) { LogLines.level = $0 }
        return true
    }
}
