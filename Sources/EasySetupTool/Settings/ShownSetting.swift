import ArgumentParser

/// A setting with the value in force, as `easysetup config` and `easysetup relay --check` show it.
struct ShownSetting {
    let setting: Setting
    /// The setting's name in the file.
    let name: String
    /// The values; empty if there is none, and no default.
    let values: [String]
    let source: SettingSource

    /// Makes what is shown of a setting.
    /// - Parameters:
    ///   - applied: the setting as a variable, a file or an option gives it; nil for the default.
    ///   - standard: the default.
    init(_ setting: Setting, name: String, applied: AppliedSetting?, standard: String?) {
        self.setting = setting
        self.name = name
        values = (applied?.values ?? standard.map { [$0] } ?? []).map(Self.withoutSecrets)
        source = applied?.source ?? .standard
    }

    /// A value without a user name and a password in a URL. A link or a seed, which is no setting, is not shown at all.
    static func withoutSecrets(_ value: String) -> String {
        let small = value.lowercased()
        guard !["easysetup-seed:", "easysetup:", "easysetup+plain:"].contains(where: small.contains) else {
            return "(not shown)"
        }
        guard let scheme = value.firstRange(of: "://") else { return value }
        let authority = value[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let end = authority.lastIndex(of: "@") else { return value }
        return value[..<scheme.upperBound] + String(value[value.index(after: end)...])
    }

    /// The lines of a file that would give the same, each with its source; a comment for a default.
    var rows: [(line: String, source: String)] {
        let line = { (value: String) in
            let bytes = setting.isPath ? PathArgument(argument: value).bytes : Array(value.utf8)
            return String(decoding: SettingsText.line(name, bytes), as: UTF8.self)
        }
        switch source {
        case .line(let number, _): return values.map { (line($0), "line \(number)") }
        case .option, .variable: return values.map { (line($0), source.text) }
        case .standard: break
        }
        guard let value = values.first else { return [("# \(name)", "no default")] }
        return [("# " + line(value), "default")]
    }

    /// The rows as lines, with all sources in one column. The caller names the file.
    static func table(_ shown: [ShownSetting]) -> [String] {
        let rows = shown.flatMap(\.rows)
        let width = min(rows.map(\.line.count).max() ?? 0, 60)
        return rows.map { $0.line + String(repeating: " ", count: max(0, width - $0.line.count)) + "  # " + $0.source }
    }

    /// The members of the event for programs.
    var members: [(String, JSONValue)] {
        let value: JSONValue =
            setting.kind == .list
            ? .list(values.map(JSONValue.string)) : values.first.map(JSONValue.string) ?? .null
        var members: [(String, JSONValue)] = [
            ("name", .string(name)), ("value", value), ("source", .string(kind)),
            ("variable", .string(setting.variable)),
        ]
        if case .line(let line, let file) = source { members += [("file", .string(file)), ("line", .integer(line))] }
        return members
    }

    private var kind: String {
        switch source {
        case .option: "option"
        case .variable: "variable"
        case .line: "file"
        case .standard: "default"
        }
    }
}
