import ArgumentParser
import EasySetupFleetStore
import EasySetupRelay

/// Options of a relay that serves together with others (`Protocol/operating.md`, "Several relays").
struct FleetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The Redis that it shares with other relays, as redis://10.0.0.1; may be given several times.",
            discussion: """
                Devices at different relays can then pair. All relays have the same --key-file. With sentinels it is \
                redis+sentinel://10.0.0.1,10.0.0.2,10.0.0.3/NAME, and with TLS rediss://. Of several servers each has a part of \
                the rooms, and any of them may fail; all relays name the same ones.
                """,
            valueName: "address"
        ),
        transform: RedisAddress.init(argument:)
    )
    var fleet: [RedisAddress] = []

    @Option(
        help: ArgumentHelp("A file with the password for Redis; others can read one in an address.", valueName: "file")
    )
    var fleetPasswordFile: PathArgument?

    @Option(
        help: ArgumentHelp(
            "The certificates, PEM, of the authorities to trust for Redis, in place of the system's.",
            valueName: "file"
        )
    )
    var fleetAuthorities: PathArgument?

    @Option(help: ArgumentHelp("The relay's own certificate for a Redis that asks for one, PEM.", valueName: "file"))
    var fleetCertificate: PathArgument?

    @Option(help: ArgumentHelp("That certificate's private key, PEM.", valueName: "file"))
    var fleetKey: PathArgument?

    func validate() throws {
        guard (fleetCertificate == nil) == (fleetKey == nil) else {
            throw ValidationError("--fleet-certificate and --fleet-key go together.")
        }
        guard fleet.count <= Self.servers else {
            throw ValidationError("--fleet is given at most \(Self.servers) times.")
        }
        guard Set(fleet.map(\.description)).count == fleet.count else {
            throw ValidationError("--fleet names a server twice.")
        }
        let hasFiles = fleetPasswordFile != nil || fleetAuthorities != nil || fleetCertificate != nil
        guard !fleet.isEmpty || !hasFiles else {
            throw ValidationError(
                "--fleet-password-file, --fleet-authorities, --fleet-certificate and --fleet-key need --fleet."
            )
        }
    }

    /// The most servers of Redis.
    static let servers = 8

    /// The settings of the fleet; nil for a relay alone.
    var settings: RedisSettings? {
        fleet.first.map { address in
            var certificate: CertificateFiles?
            if let fleetCertificate, let fleetKey {
                certificate = CertificateFiles(
                    certificate: PathBytes(bytes: fleetCertificate.bytes),
                    key: PathBytes(bytes: fleetKey.bytes)
                )
            }
            return RedisSettings(
                address,
                others: Array(fleet.dropFirst()),
                passwordFile: fleetPasswordFile.map { PathBytes(bytes: $0.bytes) },
                authorities: fleetAuthorities.map { PathBytes(bytes: $0.bytes) },
                certificate: certificate
            )
        }
    }
}

extension RedisAddress {
    /// Parses the argument like ``init(url:)``.
    /// - Throws: `ValidationError`, which says what is wrong. It repeats nothing of the argument, which may have a
    ///   password.
    init(argument: String) throws {
        do throws(RedisAddressError) {
            try self.init(url: argument)
        } catch {
            throw ValidationError("The address of Redis cannot be used: \(error.words).")
        }
    }
}
