import EasySetupSeed

/// A wrong use of `easysetup config`.
enum ConfigError: ExplainedError {
    /// The name is that of no setting.
    case noSetting(nearest: String?)
    /// The name is that of an option that can't be kept.
    case misplaced(SettingsError.Place)
    /// Several values are given for a setting that has one.
    case oneValue
    /// There is no home folder.
    case noHome
    /// The value does not fit; the sentence says what would.
    case badValue(String)

    var name: String { self.isValue ? "bad-setting" : "usage" }

    private var isValue: Bool {
        if case .badValue = self { true } else { false }
    }

    var description: String {
        switch self {
        case .noSetting: "No setting has that name."
        case .misplaced(.relay): "That is a setting of the relay."
        case .misplaced: "That is an option of a single call, which is not kept."
        case .oneValue: "That setting has one value."
        case .noHome: "There is no home folder to keep settings in."
        case .badValue(let sentence): sentence
        }
    }

    var advice: String {
        switch self {
        case .noSetting(let nearest?): "Did you mean \(nearest)?"
        case .noSetting, .oneValue: "easysetup config lists the settings."
        case .misplaced(.relay): "It belongs into the file of easysetup relay --config."
        case .misplaced: "Give the option with the call."
        case .noHome: "Set HOME or XDG_CONFIG_HOME."
        case .badValue: "Nothing was kept."
        }
    }

    var retryHelps: Bool { false }
}
