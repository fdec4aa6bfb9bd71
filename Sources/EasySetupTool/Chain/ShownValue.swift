import EasySetupText

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A text of another device on one line of a person's screen.
enum ShownLine {
    /// A text without what a line has no room for or what could move the cursor, with an ellipsis where it is cut.
    static func text(_ text: String, limit: Int = 200) -> String {
        let beginning = String(text.unicodeScalars.prefix(4 * limit))
        let cleaned = ShownText.cleaned(beginning, maximumByteCount: limit)
        let isWhole =
            beginning.utf8.count == text.utf8.count
            && ShownText.cleaned(beginning, maximumByteCount: beginning.utf8.count + 1) == cleaned
        return isWhole ? cleaned : cleaned + "…"
    }
}

/// The value of an attribute, as it is told.
struct ShownValue {
    let bytes: [UInt8]

    /// The value as text; nil if it is none. No text has a zero byte.
    private var text: String? { bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self) }

    /// The value on a line of a list.
    var line: String {
        guard let text else { return "(\(bytes.count.counted("byte")))" }
        return "\"\(ShownLine.text(text, limit: 60))\""
    }

    /// The value on a terminal, without what could move the cursor; nil if it is no text.
    var screen: String? {
        guard let text else { return nil }
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control where scalar != "\n" && scalar != "\t", .format: continue
            default: out.append(scalar)
            }
        }
        return String(out) + (out.last == "\n" || out.isEmpty ? "" : "\n")
    }

    /// The member of an attribute in an event: `text`, or `base64` of bytes that are no text.
    var member: JSONValue.Member {
        text.map { .init("text", .string($0)) } ?? .init("base64", .string(Data(bytes).base64EncodedString()))
    }
}

extension [String: [UInt8]] {
    /// The attributes in an event, in the order of their names.
    var json: JSONValue {
        .list(
            sorted { $0.key < $1.key }.map {
                .object([.init("name", .string($0.key)), ShownValue(bytes: $0.value).member])
            }
        )
    }

    /// The attributes on a line of a list.
    var line: String {
        isEmpty
            ? "(no attributes)"
            : sorted { $0.key < $1.key }.map {
                "\(ShownLine.text($0.key, limit: 40)): \(ShownValue(bytes: $0.value).line)"
            }
            .joined(separator: "  ")
    }
}
