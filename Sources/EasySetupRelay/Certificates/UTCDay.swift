#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Formats days in UTC for logs and errors.
enum UTCDay {
    /// The day in UTC, such as 2026-01-31, of a time in seconds since 1970.
    static func text(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        guard gmtime_r(&time, &parts) != nil else { return "\(seconds)" }
        return [(Int(parts.tm_year) + 1900, 4), (Int(parts.tm_mon) + 1, 2), (Int(parts.tm_mday), 2)]
            .map { number, digits in
                let text = String(number)
                return String(repeating: "0", count: max(0, digits - text.count)) + text
            }
            .joined(separator: "-")
    }
}
