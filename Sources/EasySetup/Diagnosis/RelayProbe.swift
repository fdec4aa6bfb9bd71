package import EasySetupHandshake
package import EasySetupPairingSession
import EasySetupRelayProtocol
package import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// The facts of TLS with a relay whose certificate this device trusts.
package struct TLSFacts: Sendable {
    /// The version, as `1.3`.
    package let version: String
    /// The end of the certificate's validity in seconds since 1970.
    package let expires: Int
    /// This device's time in seconds since 1970.
    package let clock: Int
    /// The time for connecting and for the TLS handshake.
    package let took: Duration
}

/// Looks at a relay from outside, one part of the way at a time, with the transports and the proxy of a device.
package struct RelayProbe: Sendable {
    package let address: RelayAddress
    /// The proxy to the relay; nil where there is none.
    package let proxy: ProxyAddress?
    private let host: RelayHost
    private let roots: TrustedRoots
    private let proxies: ProxySettings
    private let limits: ClientLimits

    /// - Throws: an error of the proxy's address, of an IP address, or of the certificate authorities.
    package init(
        _ address: RelayAddress,
        trusting roots: TrustedRoots,
        by proxies: ProxySettings,
        limits: ClientLimits
    ) throws(PairingError) {
        self.address = address
        (self.roots, self.proxies, self.limits) = (roots, proxies, limits)
        proxy = try proxies.proxy(to: address)
        host = try RelayHost(address, trusting: roots, by: proxies)
    }

    /// Sets up TLS with the relay, and sends nothing.
    /// - Parameter address: the address to connect to; nil for any address of the host, or for the proxy.
    package func secure(at address: ProbedAddress?) async -> Result<TLSFacts, PairingError> {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let limit = TimeAmount(limits.connectTimeout)
        let attempt = Attempt(on: host.route)
        let promise = loop.makePromise(of: TLSFacts.self)
        let start = ContinuousClock.now
        let bootstrap = host.bootstrap(on: loop, timeout: limit, limits: limits).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let tls = NIOLoopBoundBox<NIOSSLClientHandler?>(nil, eventLoop: channel.eventLoop)
                tls.value = try host.prepare(channel, for: attempt, limits: limits) { _ in
                    guard let handler = tls.value, let certificate = handler.peerCertificate else { return }
                    promise.succeed(
                        TLSFacts(
                            version: handler.tlsVersion.map(Self.text) ?? "of an unknown version",
                            expires: Int(certificate.notValidAfter),
                            clock: Clock.seconds,
                            took: start.duration(to: .now)
                        )
                    )
                }
            }
        }
        let connecting =
            address.map { bootstrap.connect(to: $0.socket) }
            ?? bootstrap.connect(host: host.next.host, port: host.next.port)
        connecting.whenFailure { promise.fail($0) }
        connecting.whenSuccess { channel in
            let timer = channel.eventLoop.scheduleTask(in: limit) { attempt.giveUp(channel) }
            promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
            channel.closeFuture.whenComplete { _ in
                timer.cancel()
                promise.fail(ChannelError.eof)
            }
        }
        do {
            return .success(try await promise.futureResult.get())
        } catch {
            return .failure(await host.explained(attempt.failure(error), on: loop, limits: limits))
        }
    }

    private static func text(_ version: TLSVersion) -> String {
        switch version {
        case .tlsv1: "1.0"
        case .tlsv11: "1.1"
        case .tlsv12: "1.2"
        case .tlsv13: "1.3"
        }
    }

    /// A connection for HTTP requests.
    package func http() -> HTTPConnection { HTTPConnection(to: host, limits: limits) }

    /// A connection by long polling.
    package func longPolling() -> LongPollProbe { LongPollProbe(to: host, limits: limits) }

    /// Asks for a WebSocket, and reads the head of the answer alone.
    package func upgrade(timeout: Duration) async -> Result<HTTPAnswer, PairingError> {
        let http = http()
        defer { http.close() }
        return await http.get(
            RelayPath.webSocket,
            headers: [
                "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                // The key of RFC 6455, section 1.3: it needs not be secret, because nothing follows the answer.
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": Subprotocol.name,
            ],
            timeout: timeout
        )
    }

    /// Opens a WebSocket.
    package func webSocket() async -> Result<WebSocketProbe, PairingError> {
        await WebSocketProbe.open(to: host, limits: limits)
    }

    /// A client for a device that keeps its seed in memory. It connects by this transport.
    /// - Parameter used: called with the transport by which the relay has answered. After a WebSocket that fails, a
    ///   device takes long polling.
    package func client(
        _ name: DeviceName,
        store: MemorySeedStore,
        through transport: Transport,
        logger: Logger,
        used: @escaping @Sendable (Transport) -> Void
    ) -> PairingClient {
        let network = OneTransport(
            network: RelayNetwork(roots: roots, proxies: proxies),
            transport: transport,
            used: used
        )
        return PairingClient(
            name: name,
            platform: .current,
            store: store,
            limits: limits,
            system: ClientSystem(network: network),
            logger: logger
        )
    }
}

/// The system's network, in which every connection is tried by the same transport first.
private struct OneTransport: ClientNetwork {
    let network: RelayNetwork
    let transport: Transport
    let used: @Sendable (Transport) -> Void

    func connect(
        to relay: RelayAddress,
        through _: Transport,
        limits: ClientLimits,
        report: @escaping @Sendable (ConnectionReport) -> Void
    ) async throws(PairingError) -> any ClientConnection {
        try await network.connect(to: relay, through: transport, limits: limits) { [used] news in
            if case .through(let transport) = news { used(transport) }
            report(news)
        }
    }
}
