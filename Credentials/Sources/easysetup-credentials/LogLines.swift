import CredentialsService
import Foundation
import Logging
import Synchronization

/// Writes logs to standard error, a line for each event, as the relay does.
struct LogLines: LogHandler {
    enum Format: String, Sendable {
        case text, json
    }

    /// The level of all loggers. A signal changes it while the program runs.
    static var level: Logger.Level {
        get { Logger.Level.allCases[common.load(ordering: .relaxed)] }
        set { common.store(Logger.Level.allCases.firstIndex(of: newValue) ?? 0, ordering: .relaxed) }
    }
    private static let common = Atomic<Int>(0)

    let label: String
    let format: Format
    var logLevel: Logger.Level {
        get { Self.level }
        set { Self.level = newValue }
    }
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let time = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let line: String
        switch format {
        case .text:
            let words = fields.map { " \($0.key)=\(Self.word("\($0.value)"))" }.joined()
            line = "\(time) \(event.level) \(label): \(event.message)\(words)"
        case .json:
            let heads = [
                ("time", time), ("level", "\(event.level)"), ("logger", label), ("message", "\(event.message)"),
            ]
            let taken = Set(heads.map(\.0))
            let all = heads + fields.map { (taken.contains($0.key) ? $0.key + "_" : $0.key, "\($0.value)") }
            line = "{" + all.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }.joined(separator: ",") + "}"
        }
        FileHandle.standardError.write(Data((Self.oneLine(line) + "\n").utf8))
    }

    private static func word(_ text: String) -> String {
        text.contains(" ") || text.isEmpty ? "\"\(text)\"" : text
    }

    private static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
