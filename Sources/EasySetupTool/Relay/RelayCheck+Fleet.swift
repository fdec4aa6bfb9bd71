import EasySetupFleetStore
import EasySetupRelay

extension RelayCheck {
    /// The warning that others on this machine can read the password of Redis, which is in its address.
    /// - Parameters:
    ///   - source: the place where the address was given.
    ///   - file: the file of settings; nil without one.
    static func findings(
        ofPasswordIn addresses: [RedisAddress],
        from source: SettingSource,
        _ file: SettingsFile?
    ) -> [RelayFinding] {
        guard addresses.contains(where: { $0.account.password != nil }) else { return [] }
        let place: String
        switch source {
        case .option(let name): place = "an argument (\(name)), and every user of this machine can read those"
        case .line(_, let name):
            guard file?.isReadByAll == true else { return [] }
            place = "\(name), which every user of this machine can read"
        case .variable, .standard: return []
        }
        return [
            RelayFinding(
                .warning,
                .openFleetSecret,
                "The password for Redis is in \(place).",
                "Put it into a file of its own, and name that by --fleet-password-file."
            )
        ]
    }
}
