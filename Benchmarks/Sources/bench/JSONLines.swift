import Glibc

/// A file of JSON objects, one on each line. Each object is written to the file at once.
final class JSONLines {
    enum Field {
        case text(String)
        case number(Double)
        case boolean(Bool)
        case none
    }

    private let file: UnsafeMutablePointer<FILE>?

    /// - Parameter path: the file's path; nil writes nothing.
    init(_ path: String?) {
        file = path.flatMap { fopen($0, "w") }
    }

    deinit {
        if let file { fclose(file) }
    }

    func add(_ kind: String, _ fields: [(String, Field)]) {
        guard let file else { return }
        fputs(Self.line(kind, fields), file)
        fflush(file)
    }

    static func line(_ kind: String, _ fields: [(String, Field)]) -> String {
        let parts = ([("kind", .text(kind))] + fields).map { "\(quoted($0)):\(text($1))" }
        return "{\(parts.joined(separator: ","))}\n"
    }

    private static func text(_ field: Field) -> String {
        switch field {
        case .text(let text): quoted(text)
        case .number(let number): number.isFinite ? "\(number)" : "null"
        case .boolean(let value): "\(value)"
        case .none: "null"
        }
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case _ where scalar.value < 0x20: " "
            default: "\(scalar)"
            }
        }
        return "\"\(escaped.joined())\""
    }
}
