import ArgumentParser
import EasySetupSeed
import Synchronization

/// The call of this program: its arguments, and the settings that variables and a file add to them.
struct Invocation: Sendable {
    let arguments: Arguments
    /// The settings that no option gives.
    let settings: [AppliedSetting]
    /// The file of settings that was looked for; nil if there was none to look for.
    let file: SettingsFile?

    /// Reads the settings of the command that the arguments name.
    init(_ arguments: Arguments) throws {
        self.arguments = arguments
        guard !arguments.asksForHelp else {
            (settings, file) = ([], nil)
            return
        }
        let all = Setting.tree(of: arguments.root)
        var faults = EnvironmentNames.unknown(EnvironmentNames.set, settings: all)
        let own = Setting.all(of: arguments.command, named: arguments.path)
        let (file, names) = Self.file(arguments, own: own, all: all)
        self.file = file
        var entries: [SettingsText.Entry] = []
        if let file {
            do throws(SettingsError) {
                if let bytes = try file.read() {
                    let text = SettingsText(reading: bytes, path: file.name, names: names)
                    entries = text.entries
                    faults += text.faults
                } else if !file.refusesLinks {
                    faults.append(.file(file.name, .missing))
                }
            } catch {
                faults.append(error)
            }
        }
        settings = Self.layered(own.filter { !arguments.given.contains($0.option) }, entries, file)
        guard !faults.isEmpty else { return }
        if let error = SettingsErrors.of(faults + valueFaults()) { throw error }
    }

    /// The settings that the environment and the entries of a file give.
    static func layered(
        _ settings: [Setting],
        _ entries: [SettingsText.Entry],
        _ file: SettingsFile?
    ) -> [AppliedSetting] {
        SettingsLayers.read(
            settings,
            variables: Variables.values(settings.map(\.variable)),
            file: entries,
            path: file?.name ?? ""
        )
        .map { absolute($0, file) }
    }

    /// The names that the user's file may give.
    static func userNames(_ all: [Setting]) -> SettingNames {
        let relay = all.filter { $0.option == Setting.fileOption && !$0.command.isEmpty }.map(\.command)
        return SettingNames(
            user: all.filter { !relay.contains($0.command) },
            relay: all.filter { relay.contains($0.command) }
        )
    }

    /// The file from which the command has settings, and the names that it may give.
    private static func file(_ arguments: Arguments, own: [Setting], all: [Setting]) -> (SettingsFile?, SettingNames) {
        let namesFile = { (setting: Setting) in setting.option == Setting.fileOption && !setting.command.isEmpty }
        if let option = own.first(where: namesFile) {
            let path = arguments.values(of: option.option).first ?? Variables.values([option.variable]).values.first
            let file = path.map { SettingsFile(path: PathArgument(argument: $0), refusesLinks: false) }
            return (file, SettingNames(own: own, among: all))
        }
        // A command that mends the file must work although a value in it is wrong.
        return (arguments.command is any MendsSettings.Type ? nil : SettingsFile.ofUser, userNames(all))
    }

    /// A path in a file is relative to the file's folder, and may begin with `~/`.
    private static func absolute(_ applied: AppliedSetting, _ file: SettingsFile?) -> AppliedSetting {
        guard applied.setting.isPath, case .line = applied.source, let file else { return applied }
        let values = applied.values.map { text in
            let bytes = PathArgument(argument: text).bytes
            if bytes.starts(with: Array("~/".utf8)), let home = Variables.home {
                return PathArgument.text(of: home + bytes.dropFirst())
            }
            return bytes.first == UInt8(ascii: "/") ? text : PathArgument.text(of: file.folder + bytes)
        }
        return AppliedSetting(setting: applied.setting, values: values, source: applied.source)
    }

    /// The arguments of this call for the parser: the command's name, the settings, and what was given.
    var texts: [String] {
        get throws(SettingsError) { try texts(with: settings) }
    }

    private func texts(with settings: [AppliedSetting]) throws(SettingsError) -> [String] {
        var added: [String] = []
        for setting in settings { added += try setting.arguments }
        let count = arguments.path.count
        return Array(arguments.texts[..<count]) + added + arguments.texts[count...]
    }

    /// Whether the output is for programs.
    var isJSON: Bool {
        arguments.texts.contains("--json")
            || settings.contains { $0.setting.option == "json" && (try? $0.arguments.isEmpty) == false }
    }

    /// Whether the environment asks for output for programs: for errors before the settings are read.
    static var wantsJSON: Bool {
        ["yes", "true", "on", "1"].contains(Variables.value("EASYSETUP_JSON")?.lowercased())
    }

    /// The place where an option of this call was given.
    func source(of option: String) -> SettingSource {
        if arguments.given.contains(option) { return .option("--" + option) }
        return settings.first { $0.setting.option == option }?.source ?? .standard
    }

    /// The error for a message of the parser about a setting that no option gave; nil if the message is about options.
    /// - Parameter message: a message without values.
    func error(for message: String) -> SettingsError? {
        fault(for: message, among: settings).map { .badValue($0.setting.source, $0.sentence) }
    }

    /// The setting that a message of the parser is about, and the message's sentence; nil if it is about none of these.
    private func fault(
        for message: String,
        among settings: [AppliedSetting]
    ) -> (setting: AppliedSetting, sentence: String)? {
        guard let sentence = Self.sentence(of: message, without: self.settings.flatMap(\.values)) else { return nil }
        for match in sentence.matches(of: /--([a-z][a-z-]*)/) {
            if let applied = settings.first(where: { $0.setting.option == match.1 }) { return (applied, sentence) }
        }
        return nil
    }

    /// The faults of the values that variables and the file give, as far as they can be told at once. The parser tells
    /// only the first, so a setting with a fault is left out, and the rest is parsed again.
    func valueFaults() -> [SettingsError] {
        var left = settings
        var found: [(setting: AppliedSetting, sentence: String)] = []
        // A message that names a setting that was left out may be about its absence, so it tells nothing.
        var dropped: Set<String> = []
        while let fault = firstFault(of: left) {
            left.removeAll { $0.setting == fault.setting.setting }
            if dropped.isDisjoint(with: Self.options(in: fault.sentence)) { found.append(fault) }
            dropped.insert(fault.setting.setting.option)
        }
        return found.flatMap { faults(of: $0.setting, $0.sentence, beside: left, without: dropped) }
    }

    /// The options that a sentence names, without their hyphens.
    private static func options(in sentence: String) -> [String] {
        sentence.matches(of: /--([a-z][a-z-]*)/).map { String($0.1) }
    }

    /// The faults of a setting: one for each of the values of a list that is wrong by itself, else that which was told.
    /// - Parameters:
    ///   - others: settings without a fault.
    ///   - dropped: the options of the settings that were left out.
    private func faults(
        of setting: AppliedSetting,
        _ sentence: String,
        beside others: [AppliedSetting],
        without dropped: Set<String>
    ) -> [SettingsError] {
        let missing = dropped.subtracting([setting.setting.option])
        var sentences: [String] = []
        for value in setting.values where setting.setting.kind == .list && setting.values.count > 1 {
            let alone = AppliedSetting(setting: setting.setting, values: [value], source: setting.source)
            guard let fault = firstFault(of: others + [alone]), fault.setting == alone else { continue }
            guard missing.isDisjoint(with: Self.options(in: fault.sentence)) else { continue }
            if !sentences.contains(fault.sentence) { sentences.append(fault.sentence) }
        }
        return (sentences.isEmpty ? [sentence] : sentences).map { .badValue(setting.source, $0) }
    }

    /// The first setting about which the parser complains, and its sentence; nil if it complains about none of these.
    private func firstFault(of settings: [AppliedSetting]) -> (setting: AppliedSetting, sentence: String)? {
        do {
            _ = try arguments.root.parseAsRoot(texts(with: settings))
            return nil
        } catch let error as SettingsError {
            guard case .badValue(let source, let sentence) = error else { return nil }
            return settings.first { $0.source == source && sentence.hasPrefix($0.setting.option) }
                .map { ($0, sentence) }
        } catch {
            let message = arguments.without(
                arguments.root.fullMessage(for: error),
                settings: self.settings.flatMap(\.values)
            )
            return fault(for: message, among: settings)
        }
    }

    /// The command of this call, from its arguments and settings.
    func command() throws -> any ParsableCommand { try arguments.root.parseAsRoot(texts) }

    /// The error in words for an error of the parser about these settings.
    func explained(_ error: any Error) -> any ExplainedError {
        if let error = SettingsErrors.of(valueFaults()) { return error }
        if let error = error as? any ExplainedError { return error }
        let message = arguments.without(arguments.root.fullMessage(for: error), settings: settings.flatMap(\.values))
        return self.error(for: message) ?? CommandError.usage
    }

    /// The settings that the file of this call may give, with the values in force.
    var shown: [ShownSetting] {
        let defaults = HelpText(
            arguments.root.helpMessage(for: arguments.command, columns: 1_000),
            of: arguments.root
        )
        .defaults
        return Setting.all(of: arguments.command, named: arguments.path).filter(\.isKept).map { setting in
            var applied = settings.first { $0.setting == setting }
            if arguments.given.contains(setting.option) {
                let opposite = "--no-" + setting.option
                let values =
                    setting.kind == .choice
                    ? [arguments.texts.contains(opposite) ? "no" : "yes"] : arguments.values(of: setting.option)
                applied = AppliedSetting(setting: setting, values: values, source: .option("--" + setting.option))
            }
            return ShownSetting(
                setting,
                name: setting.option,
                applied: applied,
                standard: defaults[setting.option] ?? nil
            )
        }
    }

    /// The sentence of a message of the parser, without the help and the usage below it. Nil if it repeats one of these
    /// values, which may be secrets.
    static func sentence(of message: String, without values: [String]) -> String? {
        var lines: [Substring] = []
        for line in message.split(separator: "\n") {
            if line.hasPrefix("Help:") || line.hasPrefix("Usage:") { break }
            lines.append(line)
        }
        var sentence = lines.joined(separator: "\n")
        if sentence.hasPrefix("Error: ") { sentence.removeFirst(7) }
        for value in values.sorted(by: { $0.count > $1.count }) {
            sentence = sentence.replacing(" '\(value)'", with: "")
        }
        // The parser's own messages end without a full stop.
        if let last = sentence.last, last.isLetter || last == "'" { sentence += "." }
        // A value may be a part of an option's name, as `forwarded` is.
        let words = sentence.replacing(/--[a-z-]+/, with: "")
        return values.allSatisfy { $0.count < 3 || !words.contains($0) } ? sentence : nil
    }

    // MARK: The call of this process

    private static let process = Mutex<Invocation?>(nil)

    /// The call of this process; nil before it is read, and in tests of single types.
    static var current: Invocation? {
        get { process.withLock { $0 } }
        set {
            process.withLock { $0 = newValue }
            SettingSources.current = Dictionary(
                (newValue?.settings ?? []).map { ($0.setting.option, $0.source) },
                uniquingKeysWith: { first, _ in first }
            )
        }
    }
}

/// A command that reads no settings from the user's file, because it shows and mends the file.
protocol MendsSettings {}
