import Foundation

/// A JSON value of any kind.
package enum JSON: Decodable, Equatable, Sendable {
    case null, boolean(Bool), integer(Int), number(Double), string(String), array([JSON]), object([String: JSON])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    /// The value's type, as JSON Schema names it.
    var type: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// The members of an object; empty for any other value.
    package var members: [String: JSON] {
        if case .object(let members) = self { members } else { [:] }
    }

    /// The elements of an array; empty for any other value.
    var elements: [JSON] {
        if case .array(let elements) = self { elements } else { [] }
    }
}

/// A JSON Schema, as far as `docs/json-events.schema.json` uses the language: it describes what the program writes with
/// `--json`.
package struct JSONSchema: Sendable {
    /// A member that does not fit the schema, and its place.
    package struct Violation: Error, CustomStringConvertible {
        package let description: String
    }

    private let root: JSON

    /// - Parameter text: the text of a schema.
    package init(_ text: String) throws {
        root = try JSONDecoder().decode(JSON.self, from: Data(text.utf8))
    }

    /// The schema of this project's program.
    package static let events = Result {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let file = folder.appending(path: "../../docs/json-events.schema.json")
        return try JSONSchema(String(contentsOf: file, encoding: .utf8))
    }

    /// Checks a line of the program's standard output. A line that is no JSON object is not an event, and is let be.
    package static func check(line: String) throws {
        guard line.hasPrefix("{"), let value = try? JSONDecoder().decode(JSON.self, from: Data(line.utf8)) else {
            return
        }
        try events.get().check(value)
    }

    /// The schemas of the single events, by their names in the schema.
    package var definitions: [String: JSON] { root.members["$defs"]?.members ?? [:] }

    /// - Throws: a ``Violation`` if the value does not fit.
    package func check(_ value: JSON) throws { try check(value, root, "") }

    private func check(_ value: JSON, _ schema: JSON, _ path: String) throws {
        for (keyword, rule) in schema.members.sorted(by: { $0.key < $1.key }) {
            guard let problem = try problem(of: value, keyword, rule, schema, path) else { continue }
            throw Violation(description: "\(path.isEmpty ? "/" : path): \(problem)")
        }
    }

    private func problem(
        of value: JSON,
        _ keyword: String,
        _ rule: JSON,
        _ schema: JSON,
        _ path: String
    ) throws -> String? {
        switch (keyword, rule) {
        case ("$schema", _), ("title", _), ("description", _), ("$defs", _): break
        case ("$ref", .string(let name)):
            guard let next = definitions[String(name.dropFirst("#/$defs/".count))] else { return "no \(name)" }
            try check(value, next, path)
        case ("anyOf", .array(let choices)): return anyOf(value, choices, path)
        case ("const", _): return value == rule ? nil : "not \(rule)"
        case ("enum", .array(let allowed)): return allowed.contains(value) ? nil : "\(value) is none of \(allowed)"
        case ("type", .string(let type)): return value.type == type ? nil : "\(value) is no \(type)"
        case ("type", .array(let types)):
            return types.contains(.string(value.type)) ? nil : "\(value) is none of \(types)"
        case ("minimum", .integer(let least)):
            if case .integer(let number) = value, number < least { return "\(number) is less than \(least)" }
        case ("items", _):
            for (index, element) in value.elements.enumerated() { try check(element, rule, "\(path)/\(index)") }
        case ("required", .array(let names)):
            let missing = names.filter { if case .string(let name) = $0 { value.members[name] == nil } else { true } }
            return missing.isEmpty ? nil : "\(missing) is missing"
        case ("additionalProperties", .boolean(false)):
            let unknown = Set(value.members.keys).subtracting(
                schema.members["properties"]?.members.keys.map { $0 } ?? []
            )
            return unknown.isEmpty ? nil : "\(unknown.sorted()) is unknown"
        case ("properties", .object(let properties)):
            for (name, member) in value.members.sorted(by: { $0.key < $1.key }) {
                if let next = properties[name] { try check(member, next, "\(path)/\(name)") }
            }
        default: return "the schema has \(keyword), which this reader does not know"
        }
        return nil
    }

    /// Nil if one of the schemas fits. Otherwise the problems with the schemas of the same event, because those with
    /// all other events say nothing.
    private func anyOf(_ value: JSON, _ choices: [JSON], _ path: String) -> String? {
        var problems: [String] = []
        for choice in choices {
            do {
                return try {
                    try check(value, choice, path); return nil
                }()
            } catch { problems.append("\(error)") }
        }
        let near = problems.filter { !$0.hasPrefix("\(path)/event:") }
        return near.isEmpty ? "no event of the schema: \(value)" : near.joined(separator: "; ")
    }
}
