import ArgumentParser
import EasySetupSeed

/// `easysetup config`: shows the settings of this user, and keeps them in a file.
struct ConfigCommand: AsyncParsableCommand, MendsSettings {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show the settings in force, keep one, or drop one.",
        discussion: """
            Without a name it lists all settings, each with the place that gave it. An option beats a variable, a variable beats \
            the file, the file beats the default. With a name it shows one setting, with a name and a value it keeps the value in \
            the file, easysetup/config in $XDG_CONFIG_HOME, else in ~/.config. A relay has a file of its own: relay --config.
            """
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "The setting's name, such as relay.")
    var name: String?

    @Argument(help: "The value to keep.")
    var value: [String] = []

    @Flag(help: "Take the setting out of the file.")
    var unset = false

    func validate() throws {
        guard !unset || (name != nil && value.isEmpty) else {
            throw ValidationError("--unset takes the name of a setting, and no value.")
        }
    }

    func run() async throws {
        try await common.run { output in
            let file = try UserSettings()
            guard let name else { return try list(file, output) }
            if unset {
                let isThere = try file.unset(name)
                return output.event(
                    "unset",
                    [("file", .string(file.name)), ("was_there", .boolean(isThere))],
                    people: isThere ? "\(name) is no longer in \(file.name)." : "\(file.name) does not have it."
                )
            }
            let setting = try file.setting(name)
            if value.isEmpty { return try show(file.shown(setting, name), output) }
            guard value.count == 1 || setting.kind == .list else { throw ConfigError.oneValue }
            try file.keep(name, setting, value)
            let shown = try file.shown(setting, name)
            output.event("kept", shown.members, people: "\(name) is in \(file.name).")
            if case .variable(let variable) = shown.source {
                output.say("But \(variable) is set, and a variable beats the file.")
            }
        }
    }

    private func show(_ shown: ShownSetting, _ output: Output) {
        let isNone = shown.values.isEmpty
        output.event("setting", shown.members, people: isNone ? nil : shown.values.joined(separator: "\n"))
        if isNone, output.form == .people { output.prompt("\(shown.name) is not set, and has no default.\n") }
    }

    private func list(_ file: UserSettings, _ output: Output) throws {
        let all = try file.shown()
        output.say("# \(file.name)" + (file.isThere ? "" : " (not there)"), isVerbatim: true)
        for line in ShownSetting.table(all) { output.say(line, isVerbatim: true) }
        for shown in all { output.event("setting", shown.members, people: nil) }
        // A wrong value is shown like the others, and then named.
        try file.check()
    }
}
