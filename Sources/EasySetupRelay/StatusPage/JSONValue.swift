/// A value of JSON, with the members of an object in their order.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case count(Int)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([(String, JSONValue)])

    package static func count(_ number: Int?) -> JSONValue { number.map { .count($0) } ?? .null }

    /// The value at a path such as `now.codes`; nil if there is none.
    subscript(path: String) -> JSONValue? {
        path.split(separator: ".").reduce(self) { value, name in
            guard case .object(let members)? = value else { return nil }
            return members.first { $0.0 == name }?.1
        }
    }

    /// The text of the value (RFC 8259).
    package var written: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .count(let value): String(value)
        case .number(let value): value.isFinite ? value.description : "null"
        case .text(let value): Self.quoted(value)
        case .list(let values): "[" + values.map(\.written).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { Self.quoted($0.0) + ":" + $0.1.written }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
