/// Gathers settings from options, variables and the lines of a file. It opens nothing.
package struct SettingsReader: Sendable {
    /// A setting's values, and where they come from.
    package struct Found: Hashable, Sendable {
        /// The values; one, unless the setting may be given several times.
        package let values: [String]
        /// `option`, `variable` or `file`.
        package let source: String
    }

    /// The settings that were given, by name.
    package private(set) var found: [String: Found] = [:]

    /// Reads the options of the command line.
    package init(arguments: [String]) throws(SettingsFault) {
        var values: [String: [String]] = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                throw SettingsFault("There is an argument without an option in front. --help lists the options.")
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts.first ?? "")
            guard let setting = ProgramSetting.all.first(where: { $0.name == name }) else {
                throw SettingsFault("There is no such option. --help lists the options.")
            }
            guard !setting.isSecret else {
                throw SettingsFault(
                    "--\(name) would show a secret to every user of this machine: use \(setting.variable) or a file."
                )
            }
            if setting.value == nil {
                guard parts.count == 1 else { throw SettingsFault("--\(name) has no value.") }
                values[name, default: []].append("on")
            } else if parts.count == 2 {
                values[name, default: []].append(String(parts[1]))
            } else {
                guard let value = rest.popFirst() else { throw SettingsFault("--\(name) needs a value.") }
                values[name, default: []].append(value)
            }
        }
        for (name, values) in values { try put(name, values, "option") }
    }

    /// Adds what variables say of settings that have no option.
    package mutating func add(variables: [String: String]) throws(SettingsFault) {
        for setting in ProgramSetting.all where !setting.isCommand || setting.name == "config" {
            guard let text = variables[setting.variable], found[setting.name] == nil else { continue }
            let lines = text.split(separator: "\n").map(String.init)
            try put(setting.name, setting.isRepeated ? lines : [text], "variable")
        }
        // A misspelt name would otherwise be a setting that does nothing.
        for name in variables.keys where name.hasPrefix(ProgramSetting.variablePrefix) {
            guard ProgramSetting.all.contains(where: { $0.variable == name }) else {
                throw SettingsFault("\(name) is the name of no setting.")
            }
        }
    }

    /// Adds what a file says of settings that have neither. A line is empty, a comment after `#`, or `name = value`.
    package mutating func add(file text: String) throws(SettingsFault) {
        var values: [String: [String]] = [:]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = Self.trimmed(line)
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                Self.trimmed($0)
            }
            guard parts.count == 2, let setting = ProgramSetting.all.first(where: { $0.name == parts[0] }),
                !setting.isCommand
            else { throw SettingsFault("Line \(index + 1) of the file of settings has no setting.") }
            values[setting.name, default: []].append(parts[1])
        }
        for (name, values) in values where found[name] == nil { try put(name, values, "file") }
    }

    private mutating func put(_ name: String, _ values: [String], _ source: String) throws(SettingsFault) {
        guard let setting = ProgramSetting.all.first(where: { $0.name == name }) else { return }
        guard setting.isRepeated || values.count == 1 else { throw SettingsFault("\(name) is set more than once.") }
        found[name] = Found(values: values, source: source)
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        String(
            text.drop { $0 == " " || $0 == "\t" || $0 == "\r" }.reversed().drop {
                $0 == " " || $0 == "\t" || $0 == "\r"
            }.reversed()
        )
    }

    // MARK: Values

    /// The value of a setting; nil if it was not given.
    package func text(_ name: String) -> String? { found[name]?.values.first }

    /// The values of a setting that may be given several times.
    package func texts(_ name: String) -> [String] { found[name]?.values ?? [] }

    /// Whether a setting that is on or off is on.
    package func isOn(_ name: String) throws(SettingsFault) -> Bool {
        switch text(name) {
        case nil, "off", "no", "false": return false
        case "on", "yes", "true": return true
        default: throw SettingsFault("\(name) is on or off.")
        }
    }

    /// A whole number within a range.
    package func number(_ name: String, _ range: ClosedRange<Int>, _ usual: Int) throws(SettingsFault) -> Int {
        guard let text = text(name) else { return usual }
        guard let number = Int(text), range.contains(number) else {
            throw SettingsFault("\(name) is a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }
}
