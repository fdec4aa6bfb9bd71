import EasySetupSeed

/// Errors in the arguments of `offer` and `join` that the argument parser does not find.
enum PairingUsage: ExplainedError, Equatable {
    /// No relay was given.
    case relayMissing
    /// The device's name has no visible character.
    case badName
    /// No folder was given for the seed, and this user has no home folder.
    case storeMissing

    var name: String { "usage" }

    var description: String {
        switch self {
        case .relayMissing: "No relay is named."
        case .badName: "The device's name has no visible text."
        case .storeMissing: "No folder for the seed is named, and there is no home folder."
        }
    }

    var advice: String {
        switch self {
        case .relayMissing:
            "Name the same as on the other device: --relay wss://HOST, or once for all with easysetup config relay wss://HOST."
        case .badName: "Name the device with --name, in 1 to 64 bytes."
        case .storeMissing: "Name it with --store, or by the variable EASYSETUP_STORE."
        }
    }

    var retryHelps: Bool { false }
}
