import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupHandshake
import Logging

/// The options that say where the relay is, and whom to believe about it.
struct RelayOptions: SharedOptions {
    @Option(
        help: ArgumentHelp(
            "The relay where the devices meet, as wss://HOST[:PORT].",
            valueName: "url"
        )
    )
    var relay: String?

    @Option(
        help: ArgumentHelp(
            "A PEM file with the authorities to trust for the relay, instead of the system's.",
            valueName: "file"
        )
    )
    var caFile: PathArgument?

    /// The authorities to trust for the relay.
    var roots: TrustedRoots { caFile.map { TrustedRoots(pemPath: $0.bytes) } ?? .system }

    /// The relay's address from the option or a setting.
    func address(allowPlain: Bool) throws -> RelayAddress {
        guard let relay else { throw PairingUsage.relayMissing }
        return try SettingSources.checked("relay") { try Self.address(relay, allowPlain: allowPlain) }
    }

    /// Reads a relay's address. It must have a scheme, although the library takes a bare host for one with TLS: a person
    /// who writes `127.0.0.1:8080` usually means a relay without TLS.
    static func address(_ text: String, allowPlain: Bool) throws -> RelayAddress {
        guard text.contains("://") else { throw PairingUsage.schemeMissing }
        return try RelayAddress(url: text, allowPlain: allowPlain)
    }
}

/// The common options of `offer` and `join`.
struct PairingOptions: SharedOptions {
    @OptionGroup var target: RelayOptions

    @Option(help: ArgumentHelp("What this device is called on the other screen.", valueName: "name"))
    var name: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Allow a relay without TLS on another machine. For a network of your own only."
    )
    var allowPlain: Bool?

    /// Whether a relay without TLS on another machine is allowed.
    var allowsPlain: Bool { allowPlain ?? false }

    /// Checks the values that the argument parser takes as they are.
    func check() throws {
        try checkName()
        if target.relay != nil { _ = try address() }
    }

    /// Checks the device's name.
    func checkName() throws { _ = try deviceName }

    private var deviceName: DeviceName {
        get throws {
            try SettingSources.checked("name") {
                guard let name = DeviceName(cleaning: name ?? Host.name) else { throw PairingUsage.badName }
                return name
            }
        }
    }

    /// Makes the EasySetup client for this device.
    func client(_ store: any SeedStore) throws -> PairingClient {
        PairingClient(
            name: try deviceName,
            store: store,
            roots: target.roots,
            logger: Logger(label: "easysetup.client")
        )
    }

    /// The address of the relay at which the devices meet.
    func address() throws -> RelayAddress { try target.address(allowPlain: allowsPlain) }

    /// The facts about this device that ``Screen`` needs.
    func part(
        _ place: PairingSide,
        at relay: RelayAddress,
        role: Role?,
        gives: Gift = .seed
    ) -> Screen.Part {
        Screen.Part(
            role: role,
            place: place,
            relay: relay.authority,
            command: command(at: relay),
            name: (try? deviceName)?.description ?? "",
            gives: gives.scope,
            device: gives.device
        )
    }

    /// The complete command to run on the other device, as words.
    private func command(at relay: RelayAddress) -> [String] {
        // The default ports are left out.
        let usual = relay.isPlain ? 80 : 443
        let host = relay.host.contains(":") ? "[\(relay.host)]" : relay.host
        let place = relay.port == usual ? host : relay.authority
        var words = [Host.program, "join", "--relay", "\(relay.isPlain ? "ws" : "wss")://\(place)"]
        if relay.isPlain, !relay.isLoopback { words.append("--allow-plain") }
        var quoted = words.map { Host.quoted($0) }
        if let caFile = target.caFile { quoted += ["--ca-file", Host.quoted(caFile.bytes)] }
        return quoted
    }
}
