import ArgumentParser
import Handshake
import Logging
import PairingClient

/// What `offer` and `join` have in common.
struct PairingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("What this device is called on the other screen.", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "A PEM file with the authorities to trust for the relay, instead of the system's.",
            valueName: "file"
        )
    )
    var caFile: PathArgument?

    @Flag(help: "Allow a relay without TLS on another machine. For a network of your own only.")
    var allowPlain = false

    /// The client of the library, for this device.
    func client(_ store: any SeedStore) throws -> PairingClient {
        let text = name ?? Host.name
        guard let name = DeviceName(cleaning: text) else {
            throw PairingUsage.badName
        }
        return PairingClient(
            name: name,
            store: store,
            roots: caFile.map { TrustedRoots(pemFile: $0.text) } ?? .system,
            logger: Logger(label: "easysetup.client")
        )
    }

    /// The relay that an address names.
    func address(_ url: String) throws -> RelayAddress {
        try RelayAddress(url: url, allowPlain: allowPlain)
    }
}
