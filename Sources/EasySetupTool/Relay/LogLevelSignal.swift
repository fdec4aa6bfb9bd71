import Logging
import UnixSignals

/// The signals that change how much a running relay logs: SIGUSR1 one level more, SIGUSR2 one level less. The admin port
/// changes nothing, so that a page or program that can reach it can't either. Errors are logged at every level, because an
/// operator who forgets that he has asked for less must still hear of them.
enum LogLevelSignal {
    /// Changes the level by this signal. False if the signal is another one.
    static func obey(_ signal: UnixSignal, _ logger: Logger) -> Bool {
        let step: Int
        switch signal {
        case .sigusr1: step = -1
        case .sigusr2: step = 1
        default: return false
        }
        let levels = Logger.Level.allCases
        let now = levels.firstIndex(of: LogLines.level) ?? 0
        let least = levels.firstIndex(of: .error) ?? 0
        let next = levels[min(max(0, now + step), max(least, now))]
        // A signal beyond the last level changes nothing, and the log says so.
        guard next != levels[now] else {
            logger.log(level: max(next, .notice), "log level stays", metadata: ["at": "\(next)"])
            return true
        }
        LogLines.level = next
        // The line is of a level that is logged before and after, so that the operator always sees it.
        logger.log(level: max(next, levels[now], .notice), "log level changed", metadata: ["to": "\(next)"])
        return true
    }
}
