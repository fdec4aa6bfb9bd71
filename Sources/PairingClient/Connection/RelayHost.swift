import Handshake
import NIOCore
import NIOPosix
import NIOSSL

/// Where a relay answers, and how its host is reached: with TLS where the address says so.
struct RelayHost: Sendable {
    let address: RelayAddress
    private let context: NIOSSLContext?

    init(_ address: RelayAddress, trusting roots: TrustedRoots) throws(PairingError) {
        self.address = address
        context = address.isPlain ? nil : try roots.context()
    }

    /// Opens TCP connections on this loop.
    ///
    /// - Parameter timeout: for TCP alone.
    func bootstrap(on loop: any EventLoop, timeout: TimeAmount) -> ClientBootstrap {
        ClientBootstrap(group: loop).connectTimeout(timeout).channelOption(.tcpOption(.tcp_nodelay), value: 1)
    }

    /// Puts TLS in front of what is added later, where it is wanted.
    func secure(_ channel: any Channel) throws {
        guard let context else { return }
        let name = isName ? address.host : nil
        try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: name))
    }

    private var isName: Bool {
        (try? SocketAddress(ipAddress: address.host, port: 0)) == nil
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
