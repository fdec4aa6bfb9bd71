/// A value that a Redis server says in one piece: an answer to a command, or a message of a channel (RESP2, redis.io, "Redis
/// serialization protocol specification").
package enum RESPValue: Hashable, Sendable {
    /// A text with a length before it ("bulk string"): any bytes.
    case text([UInt8])
    /// A short text on a line of its own ("simple string"), such as `OK`.
    case line([UInt8])
    /// A refusal: its first word is a code, such as `WRONGPASS`.
    case error([UInt8])
    case number(Int64)
    case list([RESPValue])
    /// The absence of a text or of a list.
    case none
}

extension RESPValue {
    /// A text with these bytes of UTF-8.
    package static func text(_ text: String) -> RESPValue { .text(Array(text.utf8)) }

    /// A line with these bytes of UTF-8.
    package static func line(_ text: String) -> RESPValue { .line(Array(text.utf8)) }

    /// An error with these bytes of UTF-8.
    package static func error(_ text: String) -> RESPValue { .error(Array(text.utf8)) }

    /// How many bytes of content it has, without those that say its form.
    var byteCount: Int {
        switch self {
        case .text(let bytes), .line(let bytes), .error(let bytes): bytes.count
        case .number, .none: 0
        case .list(let values): values.reduce(0) { $0 + $1.byteCount }
        }
    }
}
