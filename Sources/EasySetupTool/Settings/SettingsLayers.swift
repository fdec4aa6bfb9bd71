import Configuration
import Synchronization

/// A setting that a variable or a file gives.
struct AppliedSetting: Equatable, Sendable {
    let setting: Setting
    /// The values, as text: one, or several of a list.
    let values: [String]
    let source: SettingSource

    /// The setting as arguments for the parser of the command line, so that one parser checks every value.
    var arguments: [String] {
        get throws(SettingsError) {
            switch setting.kind {
            case .value, .list: values.map { "--\(setting.option)=\($0)" }
            case .flag: try isOn ? ["--\(setting.option)"] : []
            case .choice: [try isOn ? "--\(setting.option)" : "--no-\(setting.option)"]
            }
        }
    }

    /// The value of a flag.
    private var isOn: Bool {
        get throws(SettingsError) {
            switch values.first?.lowercased() {
            case "yes", "true", "on", "1": true
            case "no", "false", "off", "0": false
            default: throw .badValue(source, "\(setting.option) is yes or no.")
            }
        }
    }
}

/// The layers below the options: the environment, and below it the file.
enum SettingsLayers {
    /// The settings that a layer gives, each from the upper one that has it.
    /// - Parameters:
    ///   - settings: the settings to look for.
    ///   - variables: the environment, without empty variables.
    ///   - file: the entries of the file, and its path.
    static func read(
        _ settings: [Setting],
        variables: [String: String],
        file: [SettingsText.Entry],
        path: String
    ) -> [AppliedSetting] {
        let lines = Dictionary(uniqueKeysWithValues: file.map { ($0.setting, $0) })
        let entries = file.map { entry in
            let content: ConfigContent =
                entry.setting.kind == .list ? .stringArray(entry.values) : .string(entry.values[0])
            return (AbsoluteConfigKey(key(entry.setting)), ConfigValue(content, isSecret: true))
        }
        let finder = SourceFinder()
        // Every value is marked as secret, so that the library's own log, which a variable switches on, has none.
        let reader = ConfigReader(
            providers: [
                EnvironmentVariablesProvider(environmentVariables: variables, secretsSpecifier: .all),
                InMemoryProvider(name: path, values: Dictionary(uniqueKeysWithValues: entries)),
            ],
            accessReporter: finder
        )
        return settings.compactMap { setting in
            let key = ConfigKey(key(setting))
            let values =
                setting.kind == .list
                ? reader.stringArray(forKey: key, isSecret: true)
                : reader.string(forKey: key, isSecret: true).map { [$0] }
            guard let values else { return nil }
            let source: SettingSource =
                finder.layer == 0 ? .variable(setting.variable) : .line(lines[setting]?.line ?? 0, of: path)
            return AppliedSetting(setting: setting, values: setting.whole(values), source: source)
        }
    }

    private static func key(_ setting: Setting) -> [String] { ["easysetup"] + setting.words }
}

/// Learns from the configuration library which layer gave the last value.
private final class SourceFinder: AccessReporter {
    private let found = Atomic(0)

    /// The index of the layer among the providers.
    var layer: Int { found.load(ordering: .relaxed) }

    func report(_ event: AccessEvent) {
        let index = event.providerResults.firstIndex { (try? $0.result.get())?.value != nil }
        found.store(index ?? 0, ordering: .relaxed)
    }
}
