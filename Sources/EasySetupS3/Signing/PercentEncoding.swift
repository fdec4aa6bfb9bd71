/// Percent-encoding (RFC 3986, section 2.1) as signatures version 4 ask for it: everything but the unreserved characters
/// is encoded, with upper-case digits.
package enum PercentEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Encodes a name or a value of a query or a form.
    package static func component(_ text: String) -> String { encode(text, keepsSlash: false) }

    /// Encodes a path, whose slashes stay.
    package static func path(_ text: String) -> String { encode(text, keepsSlash: true) }

    private static func encode(_ text: String, keepsSlash: Bool) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            case UInt8(ascii: "/") where keepsSlash: bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
