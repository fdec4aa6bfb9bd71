import EasySetup
import EasySetupSeed

/// Errors in the arguments of `offer` and `join` that the argument parser does not find.
enum PairingUsage: ExplainedError, Equatable {
    /// No relay was given.
    case relayMissing
    /// The relay's address does not say by a scheme whether the connection has TLS.
    case schemeMissing
    /// The device's name has no visible character.
    case badName
    /// The picture of a link is wanted from a device that has none: it receives the seed, or the relay's address has a zone.
    case noLink
    /// No folder was given for the seed, and this user has no home folder.
    case storeMissing

    var name: String { self == .schemeMissing ? RelayAddressError.Code.unreadable.rawValue : "usage" }

    var cause: String? { self == .schemeMissing ? RelayAddressError.Cause.scheme.rawValue : nil }

    var description: String {
        switch self {
        case .relayMissing: "No relay is named."
        case .schemeMissing: "The relay's address does not begin with wss:// or ws://."
        case .badName: "The device's name has no visible text."
        case .noLink: "This device has no link, so there is no picture of its QR code."
        case .storeMissing: "No folder for the seed is named, and there is no home folder."
        }
    }

    var advice: String {
        switch self {
        case .relayMissing:
            """
            Name the same as on the other device: --relay wss://HOST, or once for all with easysetup config relay wss://HOST. \
            Where there is none yet, run one: easysetup relay --listen HOST:PORT.
            """
        case .schemeMissing:
            "Write wss://HOST or wss://HOST:PORT. A relay without TLS on this machine is ws://127.0.0.1:PORT."
        case .badName: "Name the device with --name, in 1 to 64 bytes."
        case .noLink:
            "Leave --png out, and type the code. Only a device that gives its seed has a link, and only where the relay's address has no zone (%eth0)."
        case .storeMissing: "Name it with --store, or by the variable EASYSETUP_STORE."
        }
    }

    var retryHelps: Bool { false }
}
