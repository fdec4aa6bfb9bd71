import EasySetupPairingSession
import NIOCore
import NIOPosix
import NIOSSL

extension RelayHost {
    /// The certificate check of a connection that only reads a server's certificates.
    struct ChainReading: Sendable {
        /// Whether the connection reads the proxy's certificates, not the relay's.
        let isProxys: Bool
        let told: @Sendable ([NIOSSLCertificate]) -> Void
    }

    /// The error with a more exact cause, found in all certificates that the server sends. Returns `error` itself if
    /// its cause is plain from the server's first certificate, or if the other certificates can't be read.
    ///
    /// SwiftNIO SSL gives only the first certificate of a certificate chain that BoringSSL rejects. This function reads
    /// the others from a second connection, which refuses every certificate, so no data are sent on it.
    func explained(_ error: PairingError, on loop: any EventLoop, limits: ClientLimits) async -> PairingError {
        switch error.kind {
        case .relayUntrusted(.unknownAuthority), .relayUntrusted(.chainIncomplete), .relayUntrusted(.unfitFrom):
            let fault = await fault(isProxys: false, on: loop, limits: limits)
            return fault.map { .relayUntrusted($0) } ?? error
        case .proxyFailed(.untrusted(.unknownAuthority)), .proxyFailed(.untrusted(.chainIncomplete)),
            .proxyFailed(.untrusted(.unfitFrom)):
            let fault = await fault(isProxys: true, on: loop, limits: limits)
            return fault.map { .proxyFailed(.untrusted($0)) } ?? error
        default: return error
        }
    }

    private func fault(isProxys: Bool, on loop: any EventLoop, limits: ClientLimits) async -> Untrusted? {
        let sent = loop.makePromise(of: [NIOSSLCertificate].self)
        let hurry = TimeAmount(limits.upgradeTimeout)
        let reading = ChainReading(isProxys: isProxys) { sent.succeed($0) }
        let connection = bootstrap(on: loop, timeout: hurry, limits: limits)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try self.prepare(channel, for: Attempt(on: route), limits: limits, reading: reading)
                }
            }
            .connect(host: next.host, port: next.port)
        connection.whenFailure { _ in sent.succeed([]) }
        connection.whenSuccess { channel in
            let timer = channel.eventLoop.scheduleTask(in: hurry) { channel.close(promise: nil) }
            channel.closeFuture.whenComplete { _ in
                timer.cancel()
                sent.succeed([])
            }
        }
        guard let chain = try? await sent.futureResult.get(), !chain.isEmpty else { return nil }
        return SentChain(chain).fault(authorities: roots(ofProxy: isProxys).authorities, now: Clock.seconds)
    }
}
