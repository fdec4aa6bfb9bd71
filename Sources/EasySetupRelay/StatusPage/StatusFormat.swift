/// How the status page writes a number. ``StatusScript`` writes numbers in the same ways, under the same names.
enum StatusFormat: String, CaseIterable, Sendable {
    case count, bytes, milliseconds, ratio, span, day, time, word

    /// The text of a value; nil where there is none.
    func text(_ value: JSONValue?) -> String? {
        switch value {
        case .count(let number)?: text(Double(number))
        case .number(let number)?: text(number)
        case .text(let text)?: text
        case .null?, .bool?, .list?, .object?, nil: nil
        }
    }

    func text(_ value: Double) -> String {
        switch self {
        case .count, .word: Self.thousands(value)
        case .bytes:
            value < 0x1p30 ? Self.oneDigit(value / 0x1p20) + " MiB" : Self.oneDigit(value / 0x1p30) + " GiB"
        case .milliseconds: Self.oneDigit(value * 1000) + " ms"
        // Only what is full is at 100 %.
        case .ratio: "\(value < 1 ? min(99, Int((value * 100).rounded())) : Int(value * 100)) %"
        case .span: Self.span(Int(value))
        case .day: UTCDay.text(Int64(value))
        case .time: Self.time(Int(value))
        }
    }

    private static func thousands(_ value: Double) -> String {
        let digits = Array(String(Int(value.rounded())))
        return digits.indices.reduce("") { text, place in
            let isBetween = place > 0 && (digits.count - place) % 3 == 0
            return text + (isBetween ? "," : "") + String(digits[place])
        }
    }

    private static func oneDigit(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// The two largest units of a time.
    private static func span(_ seconds: Int) -> String {
        switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3600: "\(seconds / 60) min"
        case ..<86_400: "\(seconds / 3600) h \(seconds / 60 % 60) min"
        default: "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
        }
    }

    private static func time(_ seconds: Int) -> String {
        let parts = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60]
        return parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":") + " UTC"
    }
}
