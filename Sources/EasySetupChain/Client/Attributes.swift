#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Turns values of an app into the attributes of an object and back: each member of the value at the top is an attribute,
/// written as JSON. So two devices that change different members both have both changes.
package enum Attributes {
    /// The attributes of a value.
    /// - Throws: ``ChainError/Code/content`` if the value has no members.
    package static func encoded(_ value: some Encodable) throws(ChainError) -> [String: [UInt8]] {
        do {
            let members = try JSONDecoder().decode([String: JSONValue].self, from: encoder.encode(value))
            return try members.mapValues { Array(try encoder.encode($0)) }
        } catch {
            throw .content
        }
    }

    /// The value of attributes.
    /// - Throws: ``ChainError/Code/content`` if they are not those of such a value.
    package static func decoded<Value: Decodable>(_ attributes: [String: [UInt8]]) throws(ChainError) -> Value {
        do {
            let members = try attributes.mapValues { try JSONDecoder().decode(JSONValue.self, from: Data($0)) }
            return try JSONDecoder().decode(Value.self, from: encoder.encode(members))
        } catch {
            throw .content
        }
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

/// Any JSON value, with whole numbers kept whole.
private enum JSONValue: Codable {
    case null
    case bool(Bool)
    case signed(Int64)
    case unsigned(UInt64)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case members([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Int64.self) {
            self = .signed(number)
        } else if let number = try? value.decode(UInt64.self) {
            self = .unsigned(number)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([JSONValue].self) {
            self = .list(list)
        } else {
            self = .members(try value.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .bool(let bool): try value.encode(bool)
        case .signed(let number): try value.encode(number)
        case .unsigned(let number): try value.encode(number)
        case .number(let number): try value.encode(number)
        case .text(let text): try value.encode(text)
        case .list(let list): try value.encode(list)
        case .members(let members): try value.encode(members)
        }
    }
}
