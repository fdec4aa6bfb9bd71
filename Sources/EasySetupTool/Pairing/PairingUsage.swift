import EasySetupSeed

/// What can be wrong with the arguments of `offer` and `join` beyond what the parser of arguments sees.
enum PairingUsage: ExplainedError, Equatable {
    /// Nothing says at which relay the devices meet.
    case relayMissing
    /// Nothing is left of the device's name.
    case badName
    /// No folder is named for the seed, and this user has no home where it could be.
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
            "Name it with --relay wss://HOST, or by the variable EASYSETUP_RELAY: the same as on the other device."
        case .badName: "Name the device with --name, in 1 to 64 bytes."
        case .storeMissing: "Name it with --store, or by the variable EASYSETUP_STORE."
        }
    }

    var retryHelps: Bool { false }
}
