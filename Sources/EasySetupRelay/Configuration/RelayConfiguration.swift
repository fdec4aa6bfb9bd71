package import EasySetupRelayCore

/// What an operator decides about a relay (`Protocol/operating.md`).
public struct RelayConfiguration: Sendable {
    /// Where it listens: at all of these, or it does not start. ``RelayServer/addresses`` tells what was bound.
    public var listen: [ListenAddress]
    /// Nil for plain TCP: behind a proxy that does TLS, or on loopback.
    public var certificate: CertificateFiles?
    /// The file with the key of the tokens, made when it is missing. Nil draws a key that ends with the process: devices
    /// cannot come back to a relay that was started again.
    public var keyFile: PathBytes?
    /// Web origins that may connect, as `https://example.org`; none by default. Devices send no origin.
    public var allowedOrigins: Set<String> = []
    /// Proxies that are believed about a device's address; nobody by default.
    public var trustedProxies = TrustedProxies.none
    /// How many cores it serves with, 1 to 255; each has a thread of its own (`Protocol/operating.md`, "Cores").
    public var cores = 1
    /// What is borne from connections.
    public var connectionLimits = ConnectionLimits()
    /// Everything that the rendezvous holds devices to.
    package var limits = Limits()
    /// The clock of the rendezvous; nil for the machine's clocks. A test sets a clock that it moves by hand, so that no time limit of the
    /// rendezvous is reached because a machine is slow.
    package var clock: RelayClock?

    /// How long a code lives: 10 minutes.
    public var codeLifetime: Duration {
        get { limits.codeLifetime }
        set { limits.codeLifetime = newValue }
    }

    /// ``cores``, where it is a number that can be.
    var coreCount: Int { min(max(1, cores), ConnectionID.loops) }

    /// A plain relay with a key of its own, on loopback and a free port if nothing else is said.
    public init(listen: [ListenAddress] = [ListenAddress(host: "127.0.0.1", port: 0)]) {
        self.listen = listen
    }
}
