package import Logging

/// A change of how much a running server logs, by one level. Errors are logged at every level, because an operator who
/// forgets that he has asked for less must still hear of them.
package enum LogLevelStep: Int, Sendable {
    case more = -1
    case less = 1

    /// Changes a level, and writes a line about it that is logged before and after.
    /// - Parameter change: takes the new level.
    package func apply(to level: Logger.Level, _ logger: Logger, change: (Logger.Level) -> Void) {
        let levels = Logger.Level.allCases
        let now = levels.firstIndex(of: level) ?? 0
        let least = levels.firstIndex(of: .error) ?? 0
        let next = levels[min(max(0, now + rawValue), max(least, now))]
        // A signal beyond the last level changes nothing, and the log says so.
        guard next != level else {
            logger.log(level: max(next, .notice), "log level stays", metadata: ["at": "\(next)"])
            return
        }
        change(next)
        logger.log(level: max(next, level, .notice), "log level changed", metadata: ["to": "\(next)"])
    }
}
