package import Logging
import Synchronization

/// Keeps every line that a logger writes, of every level.
package final class LogKeeper: Sendable {
    private let kept = Mutex<[(line: String, metadata: Logger.Metadata)]>([])

    package init() {}

    package var lines: [String] { kept.withLock { $0.map(\.line) } }

    /// The values of a metadata key, of all lines that have it.
    package func values(of key: String) -> [String] {
        kept.withLock { $0.compactMap { $0.metadata[key].map { "\($0)" } } }
    }

    package var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(keeper: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let keeper: LogKeeper
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.level) \(event.message) \(metadata) \(event.metadata ?? [:])"
            keeper.kept.withLock { $0.append((line, event.metadata ?? [:])) }
        }
    }
}
