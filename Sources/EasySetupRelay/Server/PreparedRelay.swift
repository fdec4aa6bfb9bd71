import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import Logging

/// The things that a relay needs before it can listen: files read, keys made, addresses resolved. Making it may block, because
/// disks and name servers may be slow.
struct PreparedRelay: Sendable {
    /// The things that a relay among others needs.
    struct Fleet: Sendable {
        let redis: RedisKeeper
        let keys: FleetKeys
        let run: RunID

        fileprivate init(_ settings: RedisSettings, _ keys: TokenKeySet, logger: Logger) throws {
            var generator = SystemRandomNumberGenerator()
            do throws(RedisSettingsError) {
                redis = try RedisKeeper(settings, logger: logger)
            } catch {
                throw RelayError.badFleet(error)
            }
            self.keys = try FleetKeys(current: keys.current, others: keys.others)
            run = RunID(number: generator.next())
        }
    }

    let certificate: CertificateKeeper?
    let keys: TokenKeys
    /// Whether the relay has just made the keys, so that no token of an earlier run can be valid.
    let hasNewKeys: Bool
    let message: RelayMessage?
    let places: [Resolver.ResolvedAddress]
    let adminPlaces: [Resolver.ResolvedAddress]
    /// Nil for a relay alone.
    let fleet: Fleet?

    init(_ configuration: RelayConfiguration, clock: RelayClock, logger: Logger) throws {
        certificate = try configuration.certificate.map { files in
            try CertificateKeeper(files, clock: clock, logger: logger)
        }
        let loaded: (keys: TokenKeySet, isNew: Bool)
        if let path = configuration.keyFile {
            loaded = try KeyFile.load(path: path)
        } else {
            var generator = SystemRandomNumberGenerator()
            loaded = (.random(using: &generator), true)
        }
        keys = try TokenKeys(current: loaded.keys.current, others: loaded.keys.others)
        hasNewKeys = loaded.isNew
        message = try configuration.loadMessage()
        places = configuration.sockets.isEmpty ? try Resolver.places(configuration.listen) : []
        adminPlaces = try Resolver.places(configuration.admin.map { [$0] } ?? [])
        fleet = try configuration.fleet.map { settings in
            guard configuration.keyFile != nil else { throw RelayError.badFleet(.noKeyFile) }
            return try Fleet(settings, loaded.keys, logger: logger)
        }
    }
}
