import EasySetupPairingSession

/// The times in a store's XML: `2026-11-29T22:05:24Z`, with up to nine digits of a fraction (ISO 8601).
enum StoreTimestamp {
    /// Milliseconds since 1970; nil for a text of another form, and for a time before 1970.
    static func milliseconds(_ text: String) -> UInt64? {
        let bytes = Array(text.utf8)
        guard (20...30).contains(bytes.count), bytes.last == UInt8(ascii: "Z") else { return nil }
        for (index, mark) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")] as [(Int, Unicode.Scalar)] {
            guard bytes[index] == UInt8(ascii: mark) else { return nil }
        }
        guard let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
            year >= 1970, (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var fraction = 0
        let rest = bytes[19...].dropLast()
        if !rest.isEmpty {
            guard rest.first == UInt8(ascii: "."), rest.count > 1, number(rest.dropFirst()) != nil else { return nil }
            for place in 0..<3 {
                fraction = fraction * 10 + (place + 1 < rest.count ? Int(rest[20 + place] - UInt8(ascii: "0")) : 0)
            }
        }
        let days = Calendar.day(year: year, month: month, day: day)
        return UInt64((days * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000 + fraction)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}
