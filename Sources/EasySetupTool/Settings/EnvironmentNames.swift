import FoundationEssentials

/// The environment variables whose names begin with that of this program.
enum EnvironmentNames {
    private static let prefix = "EASYSETUP_"

    /// The variables of the build (`Package.swift`), which may be set in the same shell.
    private static let ofBuild: Set = ["EASYSETUP_FUZZ", "EASYSETUP_SODIUM"]

    /// The names of the variables that are set and not empty.
    static var set: [String] {
        ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix(prefix) && Variables.value($0) != nil }.sorted()
    }

    /// The faults of variables that belong to no setting, because each was probably meant for one.
    /// - Parameters:
    ///   - names: the names of the variables that are set.
    ///   - settings: the settings of all commands.
    static func unknown(_ names: [String], settings: [Setting]) -> [SettingsError] {
        let known = settings.map(\.variable)
        return names.filter { !known.contains($0) && !ofBuild.contains($0) && !isOfService($0) }
            .map { .unknown(.variable($0), nearest: nearest(to: $0, among: known)) }
    }

    /// The variable that was probably meant: by a typing error, or by the right words with or without the name of a
    /// command, as in `EASYSETUP_RELAY_LOG_LEVEL` and `EASYSETUP_LISTEN`.
    static func nearest(to name: String, among known: [String]) -> String? {
        if let near = Nearest.name(to: name, among: known) { return near }
        let rest = name.dropFirst(prefix.count)
        let tail = rest.firstIndex(of: "_").map { rest[rest.index(after: $0)...] }
        for words in [tail, rest].compactMap(\.self) where words.count > 2 {
            let meant = known.filter { variable in
                let own = variable.dropFirst(prefix.count)
                return own == words || own.hasSuffix("_" + words)
            }
            if let meant = meant.min(by: { ($0.count, $0) < ($1.count, $1) }) { return meant }
        }
        return nil
    }

    /// Whether Kubernetes sets the variable in every container, for a service whose name begins with `easysetup`.
    private static func isOfService(_ name: String) -> Bool {
        let ofService = /EASYSETUP_(\w+_)?SERVICE_(HOST|PORT)(_\w+)?/
        let ofPort = /EASYSETUP_(\w+_)?PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?/
        return name.wholeMatch(of: ofService) != nil || name.wholeMatch(of: ofPort) != nil
    }
}
