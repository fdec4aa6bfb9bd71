import EasySetupHandshake
import EasySetupPairingSession
import NIOCore
import NIOPosix
import NIOSSL

/// The relay's host and the way to it: through a proxy where one is set, with TLS where the address says so.
struct RelayHost: Sendable {
    let address: RelayAddress
    private let roots: TrustedRoots
    private let context: NIOSSLContext?
    private let proxy: ProxyAddress?
    private let proxyRoots: TrustedRoots
    private let proxyContext: NIOSSLContext?

    /// - Throws: an error of the proxy's address, of an IP address, or of the certificate authorities. The initialiser
    ///   checks all three without sending anything.
    init(_ address: RelayAddress, trusting roots: TrustedRoots, by proxies: ProxySettings) throws(PairingError) {
        self.address = address
        self.roots = roots
        proxy = try proxies.proxy(to: address)
        context = address.isPlain ? nil : try roots.context(isTunnelled: proxy != nil && address.serverName == nil)
        proxyContext = proxy?.isTLS == true ? try Self.proxyContext(proxies.roots) : nil
        proxyRoots = proxies.roots
        if let fault = Unreachable(addressOf: next.host) {
            throw proxy == nil ? .relayUnreachable(fault) : .proxyFailed(.unreachable(fault))
        }
    }

    private static func proxyContext(_ roots: TrustedRoots) throws(PairingError) -> NIOSSLContext {
        do throws(PairingError) {
            return try roots.context()
        } catch {
            guard case .relayUntrusted(let cause) = error.kind else { throw error }
            throw .proxyFailed(.untrusted(cause))
        }
    }

    /// Makes the SwiftNIO bootstrap that opens TCP connections on this event loop.
    ///
    /// - Parameter timeout: the time for the lookup and the TCP connection, without the proxy's tunnel and TLS.
    func bootstrap(on loop: any EventLoop, timeout: TimeAmount, limits: ClientLimits) -> ClientBootstrap {
        ClientBootstrap(group: loop)
            .resolver(HostResolver(loop: loop, patience: TimeAmount(limits.otherFamilyTimeout)))
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
    }

    /// The hosts on the way to the relay.
    var route: Route { Route(relay: address.host, proxy: proxy?.host) }

    /// The host and port to which TCP connects: the proxy's if there is one, or else the relay's.
    var next: (host: String, port: Int) { proxy.map { ($0.host, $0.port) } ?? (address.host, address.port) }

    /// Adds the handlers for the proxy's tunnel and for TLS to a new channel. Handlers that are added later see a
    /// channel that becomes active when the relay's host is reached and, with TLS, has shown a trusted certificate.
    ///
    /// - Parameters:
    ///   - reading: a certificate check that replaces the normal one: it reads the certificates and refuses them all.
    ///   - arrived: called when the channel becomes active for the later handlers.
    /// - Returns: the handler of TLS with the relay; nil without TLS.
    @discardableResult
    func prepare(
        _ channel: any Channel,
        for attempt: Attempt,
        limits: ClientLimits,
        reading: ChainReading? = nil,
        arrived: ((ChannelHandlerContext) -> Void)? = nil
    ) throws -> NIOSSLClientHandler? {
        // A channel exists only after the host's addresses were found, so the lookup is done.
        attempt.resolved()
        let pipeline = channel.pipeline.syncOperations
        if let proxy {
            if let proxyContext {
                let tls = try tlsHandler(proxyContext, proxy.serverName, reading, isProxys: true)
                let watch = ProxyTLSHandler(
                    ShownCertificate(tls, host: proxy.host, roots: proxyRoots),
                    attempt: attempt
                )
                let first = FirstBytesHandler(isPlain: false, isProxys: true, attempt: attempt)
                try pipeline.addHandlers([first, tls, watch])
            }
            try pipeline.addHandler(
                TunnelHandler(through: proxy, to: address.authorityWithoutZone, limits: limits, attempt: attempt)
            )
        }
        let first = FirstBytesHandler(isPlain: context == nil, attempt: attempt)
        try pipeline.addHandler(first)
        var tls: NIOSSLClientHandler?
        if let context {
            let handler = try tlsHandler(context, address.serverName, reading, isProxys: false)
            try pipeline.addHandler(handler)
            tls = handler
        }
        let certificate = tls.map { ShownCertificate($0, host: address.host, roots: roots, isTunnelled: proxy != nil) }
        try pipeline.addHandler(ArrivalHandler(certificate, attempt: attempt, arrived: arrived))
        return tls
    }

    private func tlsHandler(
        _ context: NIOSSLContext,
        _ name: String?,
        _ reading: ChainReading?,
        isProxys: Bool
    ) throws -> NIOSSLClientHandler {
        guard let reading, reading.isProxys == isProxys else {
            return try NIOSSLClientHandler(context: context, serverHostname: name)
        }
        return try NIOSSLClientHandler(context: context, serverHostname: name) { certificates, verdict in
            reading.told(certificates)
            verdict.succeed(NIOSSLVerificationResult.failed)
        }
    }

    /// The certificate authorities that are trusted for the proxy, or for the relay.
    func roots(ofProxy isProxys: Bool) -> TrustedRoots { isProxys ? proxyRoots : roots }
}

extension RelayAddress {
    /// The server name that TLS sends and checks; nil for an IP address.
    fileprivate var serverName: String? { RelayHost.serverName(host) }
}

extension ProxyAddress {
    fileprivate var serverName: String? { RelayHost.serverName(host) }
}

extension RelayHost {
    /// The host name for TLS; nil for an IP address. The dot that ends an absolute name is removed, because no
    /// certificate contains it.
    fileprivate static func serverName(_ host: String) -> String? {
        guard IPAddress.bytes(host) == nil else { return nil }
        return host.hasSuffix(".") ? String(host.dropLast()) : host
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
