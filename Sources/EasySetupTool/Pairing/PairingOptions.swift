import ArgumentParser
import EasySetup
import EasySetupHandshake
import Logging

/// The common options of `offer` and `join`.
struct PairingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The relay where the devices meet, as wss://HOST[:PORT]; EASYSETUP_RELAY where this is not given.",
            valueName: "url"
        )
    )
    var relay: String?

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

    /// Makes the EasySetup client for this device.
    func client(_ store: any SeedStore) throws -> PairingClient {
        let text = name ?? Host.name
        guard let name = DeviceName(cleaning: text) else {
            throw PairingUsage.badName
        }
        return PairingClient(
            name: name,
            store: store,
            roots: caFile.map { TrustedRoots(pemPath: $0.bytes) } ?? .system,
            logger: Logger(label: "easysetup.client")
        )
    }

    /// The address of the relay at which the devices meet.
    func address() throws -> RelayAddress {
        guard let url = relay ?? Variables.value("EASYSETUP_RELAY") else { throw PairingUsage.relayMissing }
        return try RelayAddress(url: url, allowPlain: allowPlain)
    }

    /// The facts about this device that ``Screen`` needs.
    func part(_ place: PairingSide, at relay: RelayAddress, role: Role?) -> Screen.Part {
        Screen.Part(role: role, place: place, relay: relay.authority, command: command(at: relay))
    }

    /// The complete command to run on the other device.
    private func command(at relay: RelayAddress) -> String {
        // The default ports are left out.
        let usual = relay.isPlain ? 80 : 443
        let host = relay.host.contains(":") ? "[\(relay.host)]" : relay.host
        let place = relay.port == usual ? host : relay.authority
        var words = [Host.program, "join", "--relay", "\(relay.isPlain ? "ws" : "wss")://\(place)"]
        if relay.isPlain, !relay.isLoopback { words.append("--allow-plain") }
        var quoted = words.map { Host.quoted($0) }
        if let caFile { quoted += ["--ca-file", Host.quoted(caFile.bytes)] }
        return quoted.joined(separator: " ")
    }
}
