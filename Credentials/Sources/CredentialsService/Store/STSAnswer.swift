import EasySetupS3

/// Reads answers of STS. They are small XML documents whose elements have no attributes that matter, so they are
/// scanned for elements by name; stores differ in what is around them.
enum STSAnswer {
    /// The session of an answer; nil if one of its parts is missing.
    static func session(_ text: String) -> STSSession? {
        guard let key = element("AccessKeyId", in: text), let secret = element("SecretAccessKey", in: text),
            let token = element("SessionToken", in: text), let ends = element("Expiration", in: text).flatMap(seconds)
        else { return nil }
        return STSSession(
            keys: S3Keys(accessKey: key, secret: S3Secret(secret), sessionToken: S3Secret(token)),
            ends: ends
        )
    }

    /// The store's word for an error, as far as it is one: letters, digits, dots, at most 64.
    static func code(_ text: String) -> String {
        let code = (element("Code", in: text) ?? "").prefix(64)
        let isWord = code.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return isWord && !code.isEmpty ? String(code) : "no code"
    }

    /// The text of the first element of this name; nil if there is none, or it has elements inside.
    static func element(_ name: String, in text: String) -> String? {
        let parts = text.split(separator: "<\(name)>", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let end = parts[1].firstIndex(of: "<"), parts[1][end...].hasPrefix("</\(name)>") else {
            return nil
        }
        return unescaped(parts[1][..<end])
    }

    private static func unescaped(_ text: Substring) -> String? {
        var out = ""
        var rest = text
        while let start = rest.firstIndex(of: "&") {
            out += rest[..<start]
            guard let end = rest[start...].firstIndex(of: ";") else { return nil }
            let name = rest[rest.index(after: start)..<end]
            switch name {
            case "amp": out += "&"
            case "lt": out += "<"
            case "gt": out += ">"
            case "quot": out += "\""
            case "apos": out += "'"
            default:
                let isHex = name.hasPrefix("#x")
                guard name.hasPrefix("#"), let number = UInt32(name.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10),
                    let scalar = Unicode.Scalar(number)
                else { return nil }
                out.unicodeScalars.append(scalar)
            }
            rest = rest[rest.index(after: end)...]
        }
        return out + rest
    }

    /// The seconds since 1970 of a time such as `2026-11-30T05:49:59Z`, with or without digits behind the seconds.
    static func seconds(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z") else { return nil }
        for (place, sign) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")]
        where bytes[place] != sign.utf8.first { return nil }
        let fraction = bytes[19..<(bytes.count - 1)]
        guard
            fraction.isEmpty || fraction.first == UInt8(ascii: ".") && fraction.dropFirst().allSatisfy(digits.contains)
        else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            guard bytes[range].allSatisfy(digits.contains) else { return nil }
            return Int(String(decoding: bytes[range], as: UTF8.self))
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), 1_970...9_999 ~= year, 1...12 ~= month,
            1...31 ~= day, 0...23 ~= hour, 0...59 ~= minute, 0...60 ~= second
        else { return nil }
        // Days since 1970 of the civil calendar, counted in years that begin in March.
        let shifted = month > 2 ? year : year - 1
        let yearDays = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400
        let days = yearDays + (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1 - 719_468
        return ((days * 24 + hour) * 60 + minute) * 60 + second
    }

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
}
