import EasySetupPairingSession

/// Reads the HTTP header `Retry-After` (RFC 9110, 10.2.3): a number of seconds, or a date in any of HTTP's three forms.
package enum RetryAfter {
    /// The longest wait that this type returns, even if a `Retry-After` header asks for a longer one, because nobody
    /// waits longer than an hour to pair.
    package static let longest: Duration = .seconds(3_600)

    /// The wait that the value of a `Retry-After` header asks for; nil for a value that can't be read.
    ///
    /// - Parameter now: seconds since 1970.
    package static func wait(_ text: String, now: Int) -> Duration? {
        let text = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
        guard text.utf8.count <= 64 else { return nil }
        let seconds: Int
        if let number = digits(text[...], upTo: 18) {
            seconds = number
        } else if let moment = moment(text) {
            seconds = moment - now
        } else {
            return nil
        }
        return .seconds(min(max(seconds, 0), Int(longest / .seconds(1))))
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Reads a date, `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`,
    /// as seconds since 1970.
    package static func moment(_ text: String) -> Int? {
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" })
        switch parts.count {
        case 6 where parts[5] == "GMT": return moment(day: parts[1], month: parts[2], year: parts[3], time: parts[4])
        case 5: return moment(day: parts[2], month: parts[1], year: parts[4], time: parts[3])
        default: return nil
        }
    }

    private static func moment(day: Substring, month: Substring, year: Substring, time: Substring) -> Int? {
        guard let month = months.firstIndex(where: { $0 == month }), let day = digits(day, upTo: 2),
            (1...31).contains(day), var number = digits(year, upTo: 4)
        else { return nil }
        // A year of two digits is taken as a year between 1970 and 2069, because a server names a time close to now.
        if year.utf8.count == 2 { number += number < 70 ? 2000 : 1900 }
        let clock = time.split(separator: ":", omittingEmptySubsequences: false).map { digits($0, upTo: 2) }
        guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2], hour < 24,
            minute < 60, second <= 60
        else { return nil }
        return Calendar.day(year: number, month: month + 1, day: day) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    /// Reads a number of 1 to `count` digits; nil for any other text. `Int` alone would accept a sign too.
    private static func digits(_ text: Substring, upTo count: Int) -> Int? {
        guard (1...count).contains(text.utf8.count),
            text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
        else { return nil }
        return Int(text)
    }
}
