/// A member of a JSON object in a command's output.
enum JSONValue: Equatable, Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral
{
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case list([JSONValue])
    case object([Member])
    case null

    /// A member of an object within a value.
    struct Member: Equatable, Sendable {
        let name: String
        let value: JSONValue

        init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int) { self = .integer(value) }
    init(booleanLiteral value: Bool) { self = .boolean(value) }

    /// The JSON text of an object on one line, without a line end.
    static func line(_ members: [(String, JSONValue)]) -> String {
        "{" + members.map { "\(quoted($0.0)):\($0.1.text)" }.joined(separator: ",") + "}"
    }

    private var text: String {
        switch self {
        case .string(let value): Self.quoted(value)
        case .integer(let value): String(value)
        case .boolean(let value): value ? "true" : "false"
        case .list(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
        case .object(let members): Self.line(members.map { ($0.name, $0.value) })
        case .null: "null"
        }
    }

    /// A JSON string. More control characters are escaped than JSON requires, so that a line is safe on a terminal,
    /// whatever text the other device sent.
    private static func quoted(_ value: String) -> String {
        // Nearly all values, some of them long, have nothing to escape.
        if value.utf8.allSatisfy({ 0x20..<0x7F ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            return "\"" + value + "\""
        }
        var out = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || isLineEnd(scalar):
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    /// Whether a scalar is U+2028 or U+2029, which some readers of JSON take for line ends.
    private static func isLineEnd(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value == 0x2028 || scalar.value == 0x2029
    }
}
