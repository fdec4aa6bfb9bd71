public import ArgumentParser
public import EasySetupRelay

/// Options that say which proxies are trusted to tell a device's address (`Protocol/operating.md`, "Behind a proxy").
struct ProxyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A proxy that is believed about devices' addresses, as 127.0.0.1 or 10.0.0.0/8; may be given several times.",
            discussion: "Say with --forwarded-header or --proxy-protocol how it tells them.",
            valueName: "address"
        )
    )
    var trustedProxy: [AddressBlock] = []

    @Option(
        help: ArgumentHelp(
            "The header that these proxies write.",
            discussion: "The other one is not read: a proxy passes it on as a client made it up.",
            valueName: "header"
        )
    )
    var forwardedHeader: ForwardedHeader?

    @Flag(
        inversion: .prefixedNo,
        help: "These proxies begin each connection with a PROXY header, version 2; no others may connect."
    )
    var proxyProtocol: Bool?

    func validate() throws {
        let isTold = forwardedHeader != nil || proxyProtocol == true
        guard trustedProxy.isEmpty == !isTold else {
            throw ValidationError(
                isTold
                    ? "--forwarded-header and --proxy-protocol need --trusted-proxy."
                    : "--trusted-proxy needs --forwarded-header or --proxy-protocol."
            )
        }
    }

    var trusted: TrustedProxies {
        TrustedProxies(at: trustedProxy, header: forwardedHeader, usesProxyProtocol: proxyProtocol ?? false)
    }
}

extension AddressBlock: ExpressibleByArgument {
    /// Parses the argument like ``init(_:)``.
    public init?(argument: String) {
        self.init(argument)
    }
}

extension ForwardedHeader: ExpressibleByArgument {}
