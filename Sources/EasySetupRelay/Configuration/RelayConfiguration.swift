package import EasySetupRelayCore

/// The settings of a relay (`Protocol/operating.md`).
public struct RelayConfiguration: Sendable {
    /// The addresses to listen on. The relay starts only if it can listen on all of them. ``RelayServer/addresses``
    /// gives the addresses and ports that the system bound.
    public var listen: [ListenAddress]
    /// The certificate chain and key for TLS. Nil for plain TCP, as behind a proxy that does TLS, or on loopback.
    public var certificate: CertificateFiles?
    /// The file with the keys of the tokens by which devices come back. The relay creates it when it is missing. With
    /// nil, the relay makes a key that ends with the process, so devices can't come back to a restarted relay.
    public var keyFile: PathBytes?
    /// The web origins whose pages may connect, such as `https://example.org`; none by default. Devices send no origin.
    public var allowedOrigins: Set<String> = []
    /// The proxies that the relay trusts to report a device's address; none by default.
    public var trustedProxies = TrustedProxies.none
    /// The number of cores that the relay uses, 1 to 255. Each has a thread (`Protocol/operating.md`, "Cores").
    public var cores = 1
    /// The limits on connections and requests.
    public var connectionLimits = ConnectionLimits()
    /// The limits of rooms, meetings, addresses and frames.
    package var limits = Limits()
    /// The relay's clock; nil for the machine's clocks. A test sets a clock that it moves by hand, so that a slow
    /// machine reaches no time limit.
    package var clock: RelayClock?

    /// How long a device may show a code before it expires; 10 minutes by default.
    public var codeLifetime: Duration {
        get { limits.codeLifetime }
        set { limits.codeLifetime = newValue }
    }

    /// ``cores``, clamped to the allowed range.
    var coreCount: Int { min(max(1, cores), ConnectionID.loops) }

    /// The settings of a relay without TLS, whose token key ends with the process. By default it listens on a free port
    /// on loopback.
    public init(listen: [ListenAddress] = [ListenAddress(host: "127.0.0.1", port: 0)]) {
        self.listen = listen
    }
}
