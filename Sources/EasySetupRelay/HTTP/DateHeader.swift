#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The value of the `Date` header (RFC 9110, 6.6.1). It is written at most once a second, because many responses of one
/// second have the same.
struct DateHeader {
    private var second: Int64?
    private var value = ""

    /// The date in the format that HTTP uses, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    /// - Parameter utcSeconds: the time in seconds since 1970.
    mutating func value(at utcSeconds: Int64) -> String {
        if second != utcSeconds {
            second = utcSeconds
            value = Self.text(utcSeconds)
        }
        return value
    }

    private static func text(_ utcSeconds: Int64) -> String {
        var seconds = time_t(utcSeconds)
        var date = tm()
        gmtime_r(&seconds, &date)
        func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = "\(days[Int(date.tm_wday)]), \(two(date.tm_mday)) \(months[Int(date.tm_mon)]) \(date.tm_year + 1900)"
        return "\(day) \(two(date.tm_hour)):\(two(date.tm_min)):\(two(date.tm_sec)) GMT"
    }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
