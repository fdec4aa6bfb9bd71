import SyncSeed

/// What can be wrong with the arguments of `offer` and `join` beyond what the parser of arguments sees.
enum PairingUsage: ExplainedError, Equatable {
    /// A typed code says where to meet at a relay, but not at which.
    case relayMissing
    /// Nothing is left of the device's name.
    case badName

    var name: String { "usage" }

    var description: String {
        switch self {
        case .relayMissing: "A typed code needs the relay's address."
        case .badName: "The device's name has no visible text."
        }
    }

    var advice: String {
        switch self {
        case .relayMissing: "Name it with --relay wss://HOST: the same as on the other device."
        case .badName: "Name the device with --name, in 1 to 64 bytes."
        }
    }

    var retryHelps: Bool { false }
}
