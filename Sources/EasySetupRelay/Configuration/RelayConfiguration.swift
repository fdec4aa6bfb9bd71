public import CoreMetrics
package import EasySetupRelayCore
public import EasySetupRelayProtocol

/// The settings of a relay; `Protocol/operating.md` describes them.
public struct RelayConfiguration: Sendable {
    /// The addresses to listen on. The relay starts only if it can listen on all of them. ``RelayServer/addresses``
    /// gives the addresses and ports that the system bound.
    public var listen: [ListenAddress]
    /// Descriptors of TCP sockets that already listen, which a service manager opened. If there are any, the relay
    /// serves on them in place of ``listen``, and closes them when it ends.
    public var sockets: [CInt] = []
    /// The certificate chain and key for TLS. Nil for plain TCP, as behind a proxy that does TLS, or on loopback.
    public var certificate: CertificateFiles?
    /// The file with the keys that authenticate the tokens by which devices come back. The relay creates the file if it
    /// is missing. If this is nil, the relay makes a key that ends with the process, so devices can't come back after a
    /// restart.
    public var keyFile: PathBytes?
    /// A sentence for the people at devices, such as an announcement of maintenance; nil for none. Devices show it as the
    /// relay's words.
    public var message: RelayMessage?
    /// A file with such a sentence, in place of ``message``. The relay reads it when it starts and at a reload. An empty
    /// file is no message.
    public var messageFile: PathBytes?
    /// The web origins whose pages may connect, such as `https://example.org`; none by default. Devices send no origin.
    public var allowedOrigins: Set<String> = []
    /// The proxies that the relay trusts to report a device's address; none by default.
    public var trustedProxies = TrustedProxies.none
    /// The number of cores that the relay uses, 1 to 255. Each has a thread (`Protocol/operating.md`, "Cores").
    public var cores = 1
    /// The address of the admin port, which has a status page, metrics and health for the operator; nil for none. It
    /// asks for no password, so it should be an address of loopback.
    public var admin: ListenAddress?
    /// Where the relay records its metrics every ``metricsInterval``, such as `MetricsSystem.factory` of a program that
    /// exports them; nil for nowhere. The admin port needs none.
    public var metrics: (any MetricsFactory)?
    /// How often the relay records its ``metrics``: 10 seconds by default.
    public var metricsInterval = Duration.seconds(10)
    /// Called for each pairing that has ended, such as to make a span of swift-distributed-tracing; nil by default. It is
    /// called on an event loop of the relay, so it must not block. It names no device.
    public var pairingEnded: (@Sendable (EndedPairing) -> Void)?
    /// The limits on connections and requests.
    public var connectionLimits = ConnectionLimits()
    /// The limits on rooms, meetings, address prefixes and frames.
    package var limits = Limits()
    /// The limits that only a relay among others has.
    package var sharing = SharingLimits()
    /// The Redis that this relay shares with others, so that devices at different relays can pair; nil for a relay alone.
    /// All relays have the same ``keyFile``.
    package var fleet: RedisSettings?
    /// The clock that the relay uses; nil for the machine's clocks. A test sets a clock that the test moves by hand, so
    /// that a time limit never passes because the machine is slow.
    package var clock: RelayClock?

    /// How long a code is valid after the relay has issued the code's slot (its public part); 10 minutes by default.
    public var codeLifetime: Duration {
        get { limits.codeLifetime }
        set { limits.codeLifetime = newValue }
    }

    /// ``cores``, clamped to the allowed range.
    var coreCount: Int { min(max(1, cores), ConnectionID.loops) }

    /// Makes the settings of a relay without TLS, with a token key that ends with the process. By default the relay
    /// listens on a free port on loopback.
    public init(listen: [ListenAddress] = [ListenAddress(host: "127.0.0.1", port: 0)]) {
        self.listen = listen
    }
}

extension RelayConfiguration {
    /// The names of the settings that differ in another configuration and that a running relay can't change.
    func needingStart(_ other: RelayConfiguration) -> [String] {
        var (own, others) = (connectionLimits, other.connectionLimits)
        (own.drainTime, others.drainTime) = (.zero, .zero)
        // With other cores or sockets the system's limit of open files leaves another number of connections.
        if cores != other.cores || listen != other.listen || admin != other.admin {
            others.connections = own.connections
        }
        var (limits, otherLimits) = (limits, other.limits)
        (limits.codeLifetime, otherLimits.codeLifetime) = (.zero, .zero)
        let changed = [
            ("listen", Set(listen) != Set(other.listen)),
            ("tls-certificate", (certificate == nil) != (other.certificate == nil)),
            ("key-file", keyFile != nil && other.keyFile == nil), ("cores", cores != other.cores),
            ("admin", admin != other.admin),
            ("fleet", fleet?.servers != other.fleet?.servers),
            ("code-lifetime", codeLifetime != other.codeLifetime),
            ("limit or memory", own != others || limits != otherLimits || sharing != other.sharing),
        ]
        return changed.filter(\.1).map(\.0)
    }
}
