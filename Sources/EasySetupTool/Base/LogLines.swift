import Logging
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Writes logs to standard error, one line for each event, at once. Where standard error is systemd's journal, each line
/// begins with its priority (sd-daemon(3)), so that `journalctl -p warning` finds the warnings.
struct LogLines: LogHandler {
    enum Format: String, CaseIterable, Sendable {
        case text, json
    }

    /// The level of all loggers that have none of their own. A signal changes it while the program runs.
    static var level: Logger.Level {
        get { Logger.Level.allCases[common.load(ordering: .relaxed)] }
        set { common.store(Logger.Level.allCases.firstIndex(of: newValue) ?? 0, ordering: .relaxed) }
    }
    private static let common = Atomic<Int>(0)

    private let label: String
    private let format: Format
    private let isJournal: Bool
    private var ownLevel: Logger.Level?
    var metadata: Logger.Metadata = [:]

    init(label: String, format: Format, isJournal: Bool = LogLines.isJournal) {
        self.label = label
        self.format = format
        self.isJournal = isJournal
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? Self.level }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let line = line(
            level: event.level,
            message: event.message.description,
            event.metadata ?? [:],
            seconds: now.tv_sec,
            milliseconds: now.tv_nsec / 1_000_000
        )
        let bytes = Array((line + "\n").utf8)
        // A line that standard error does not take is lost: there is nowhere to say so.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// The line of an event, without a line end.
    func line(
        level: Logger.Level,
        message: String,
        _ more: Logger.Metadata,
        seconds: Int,
        milliseconds: Int
    ) -> String {
        let fields = metadata.merging(more) { $1 }.sorted { $0.key < $1.key }
        let time = Self.time(seconds: seconds, milliseconds: milliseconds)
        let line =
            switch format {
            case .text: Self.text(level, label, message, fields, time: isJournal ? nil : time)
            case .json: Self.json(level, label, message, fields, time: time)
            }
        return isJournal ? "<\(Self.priority(of: level))>" + line : line
    }

    // MARK: Forms

    /// A line for people. The journal has the time and the level in fields of its own.
    private static func text(
        _ level: Logger.Level,
        _ label: String,
        _ message: String,
        _ fields: [(key: String, value: Logger.MetadataValue)],
        time: String?
    ) -> String {
        let words = fields.map { " \($0.key)=\(plain($0.value))" }.joined()
        let head = time.map { "\($0) \(level) \(label): " } ?? ""
        return head + oneLine(message) + words
    }

    private static func json(
        _ level: Logger.Level,
        _ label: String,
        _ message: String,
        _ fields: [(key: String, value: Logger.MetadataValue)],
        time: String
    ) -> String {
        let heads: [(String, JSONValue)] = [
            ("time", .string(time)), ("level", .string("\(level)")), ("logger", .string(label)),
            ("message", .string(message)),
        ]
        let taken = Set(heads.map(\.0))
        return JSONValue.line(heads + fields.map { (taken.contains($0.key) ? $0.key + "_" : $0.key, value($0.value)) })
    }

    /// A number stays one, so that a program can add the counts of a line to others.
    private static func value(_ value: Logger.MetadataValue) -> JSONValue {
        if case .stringConvertible(let number as Int) = value { return .integer(number) }
        return .string("\(value)")
    }

    /// A value on one line, in quotation marks where it has a space.
    private static func plain(_ value: Logger.MetadataValue) -> String {
        let text = oneLine("\(value)")
        return text.contains(" ") || text.isEmpty ? "\"\(text)\"" : text
    }

    private static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    }

    /// A time as RFC 3339 has it, in UTC.
    static func time(seconds: Int, milliseconds: Int) -> String {
        var seconds = time_t(seconds)
        var date = tm()
        gmtime_r(&seconds, &date)
        func padded(_ number: CInt, _ width: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(date.tm_year + 1900)-\(padded(date.tm_mon + 1))-\(padded(date.tm_mday))"
            + "T\(padded(date.tm_hour)):\(padded(date.tm_min)):\(padded(date.tm_sec))"
            + ".\(padded(CInt(milliseconds), 3))Z"
    }

    // MARK: The journal

    /// The level as syslog numbers it (RFC 5424, 6.2.1).
    private static func priority(of level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// Whether standard error is the journal: systemd names its device and inode in a variable, which child processes
    /// with another standard error inherit.
    static let isJournal: Bool = {
        var file = stat()
        guard let stream = Variables.value("JOURNAL_STREAM"), fstat(STDERR_FILENO, &file) == 0 else { return false }
        return stream == "\(file.st_dev):\(file.st_ino)"
    }()
}
