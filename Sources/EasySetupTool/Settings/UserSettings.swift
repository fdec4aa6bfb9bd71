import ArgumentParser
import EasySetupSeed

/// A command that can check values beyond what the argument parser does.
protocol ChecksSettings {
    func checkSettings() throws
}

/// The settings of this user: the environment and the user's file.
struct UserSettings {
    private let root: any ParsableCommand.Type
    private let file: SettingsFile
    private let names: SettingNames

    init() throws {
        guard let file = SettingsFile.ofUser else { throw ConfigError.noHome }
        guard let root = Invocation.current?.arguments.root else { throw CommandError.internal }
        (self.root, self.file) = (root, file)
        names = Invocation.userNames(Setting.tree(of: root))
    }

    /// The file's path as text for a person.
    var name: String { file.name }

    /// Whether the file exists.
    var isThere: Bool { (try? file.read()) != nil }

    /// The setting of a name that a person has typed.
    func setting(_ name: String) throws -> Setting {
        do throws(SettingsError) {
            return try names.setting(name, at: .option(""))
        } catch {
            switch error {
            case .misplaced(_, let place): throw ConfigError.misplaced(place)
            case .unknown(_, let nearest): throw ConfigError.noSetting(nearest: nearest)
            default: throw error
            }
        }
    }

    /// All settings with the values in force, in the order of their names.
    func shown() throws -> [ShownSetting] {
        let applied = try applied()
        return names.settings.map { name, setting in
            ShownSetting(
                setting,
                name: name,
                applied: applied.first { $0.setting == setting },
                standard: standard(setting)
            )
        }
    }

    func shown(_ setting: Setting, _ name: String) throws -> ShownSetting {
        let applied = try applied().first { $0.setting == setting }
        return ShownSetting(setting, name: name, applied: applied, standard: standard(setting))
    }

    private func applied() throws -> [AppliedSetting] {
        var entries: [SettingsText.Entry] = []
        if let bytes = try file.read() {
            let text = SettingsText(reading: bytes, path: file.name, names: names)
            if let error = SettingsErrors.of(text.faults) { throw error }
            entries = text.entries
        }
        return Invocation.layered(names.settings.map(\.setting), entries, file)
    }

    private func standard(_ setting: Setting) -> String? {
        switch setting.option {
        case "store" where setting.command.isEmpty: Variables.store.map { PathArgument.text(of: $0.bytes) }
        case "name" where setting.command.isEmpty: Host.name
        default:
            owner(of: setting).flatMap { command, _ in
                HelpText(root.helpMessage(for: command, columns: 1_000), of: root).defaults[setting.option] ?? nil
            }
        }
    }

    /// A command that has the setting as an option: one that needs no other argument, because the value is checked by
    /// parsing a call of the command.
    private func owner(of setting: Setting) -> (command: any ParsableCommand.Type, path: [String])? {
        let all: [(command: any ParsableCommand.Type, path: [String])] = Self.commands(root, [])
        let owners = all.filter { command, path in
            Setting.all(of: command, named: path).contains(setting) && !Setting.namesFile(command)
        }
        return owners.first(where: { (try? root.parseAsRoot($0.path)) != nil }) ?? owners.first
    }

    private static func commands(
        _ command: any ParsableCommand.Type,
        _ path: [String]
    ) -> [(any ParsableCommand.Type, [String])] {
        [(command, path)]
            + command.configuration.subcommands.flatMap { commands($0, path + [$0.configuration.commandName ?? ""]) }
    }

    /// Checks every value that a variable or the file gives.
    func check() throws {
        let applied = try applied()
        var faults: [SettingsError] = []
        for one in applied {
            do {
                try check(one, with: applied)
            } catch let error as SettingsError {
                faults.append(error)
            } catch let error as ConfigError {
                faults.append(.badValue(one.source, error.description))
            }
        }
        if let error = SettingsErrors.of(faults) { throw error }
    }

    /// Checks a value as the command that has the option does.
    private func check(_ applied: AppliedSetting, with others: [AppliedSetting]) throws {
        guard let (_, path) = owner(of: applied.setting) else { throw CommandError.internal }
        // Whether a relay's address may be one without TLS is a setting of its own.
        let companions = others.filter { applied.setting.option == "relay" && $0.setting.option == "allow-plain" }
        let texts = try path + companions.flatMap { try $0.arguments } + applied.arguments
        do {
            let command = try root.parseAsRoot(texts)
            if let command = command as? any ChecksSettings { try command.checkSettings() }
        } catch let error as any ExplainedError {
            throw ConfigError.badValue(
                "\(error.description) \(CommandAdvice.settings[error.name] ?? error.commandAdvice)"
            )
        } catch {
            guard let message = Invocation.sentence(of: root.fullMessage(for: error), without: applied.values) else {
                throw ConfigError.badValue("The value does not fit \(applied.setting.option).")
            }
            throw ConfigError.badValue(message)
        }
    }

    /// Keeps a value in the file.
    func keep(_ name: String, _ setting: Setting, _ values: [String]) throws {
        let bytes = try values.map { text in
            let bytes = PathArgument(argument: text).bytes
            guard !bytes.isEmpty else { throw ConfigError.badValue("The value is empty.") }
            guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                throw ConfigError.badValue("The value has a line end or another control character in it.")
            }
            return setting.isPath ? Variables.absolute(bytes) : bytes
        }
        let applied = AppliedSetting(
            setting: setting,
            values: bytes.map(PathArgument.text),
            source: .option("easysetup config \(name)")
        )
        try check(applied, with: (try? self.applied()) ?? [])
        let lines = bytes.map { SettingsText.line(name, $0) }
        try file.update { old in
            var text = old.map { SettingsText.lines($0).map(Array.init) } ?? [Self.heading, []]
            let index = text.firstIndex { SettingsText.name(in: $0[...]) == name }
            text.removeAll { SettingsText.name(in: $0[...]) == name }
            if text.last?.isEmpty == false { text.append([]) }
            text.insert(contentsOf: lines, at: index ?? text.count - 1)
            let new = Array(text.joined(separator: [UInt8(ascii: "\n")]))
            _ = try SettingsText(new, path: file.name, names: names)
            return new
        }
    }

    private static let heading = Array("# Settings of easysetup, one a line. `easysetup config` lists them.".utf8)

    /// Takes a setting out of the file, and also a line with a name that is no setting.
    /// - Returns: whether the file had it.
    func unset(_ name: String) throws -> Bool {
        if (try? file.read())?.map({ SettingsText.lines($0) })?.contains(where: { SettingsText.name(in: $0) == name })
            != true
        {
            _ = try setting(name)
            return false
        }
        try file.update { old in
            let lines = SettingsText.lines(old ?? []).filter { SettingsText.name(in: $0) != name }
            return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
        }
        return true
    }
}
