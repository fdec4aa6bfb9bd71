import EasySetupPairingSession
import NIOCore
import NIOTLS

/// Looks at the first bytes from the peer, which show whether the peer speaks TLS. All later bytes pass unread.
final class FirstBytesHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let isPlain: Bool
    private let isProxys: Bool
    private let attempt: Attempt
    private var isDone = false

    /// - Parameters:
    ///   - isPlain: whether the peer's address asks for a connection without TLS.
    ///   - isProxys: whether the peer is the proxy, not the relay.
    init(isPlain: Bool, isProxys: Bool = false, attempt: Attempt) {
        self.isPlain = isPlain
        self.isProxys = isProxys
        self.attempt = attempt
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isDone {
            isDone = true
            let bytes = unwrapInboundIn(data).readableBytesView.prefix(2)
            if isPlain {
                // These bytes begin a TLS alert or a TLS handshake, so the peer speaks TLS although the address has no
                // TLS.
                if bytes.elementsEqual([0x15, 0x03]) || bytes.elementsEqual([0x16, 0x03]) {
                    attempt.fail(.notARelay(.tls))
                }
            } else if bytes.count == 2, bytes.allSatisfy({ (0x20...0x7E).contains($0) }) {
                // The bytes are printable text, so the peer does not speak TLS. One flipped bit can't turn a TLS
                // record's first bytes into text.
                attempt.fail(isProxys ? .proxyFailed(.unreachable(.noTLS)) : .relayUnreachable(.noTLS))
            }
        }
        context.fireChannelRead(data)
    }
}

/// Makes the connection active for the later handlers once the relay's host is reached and, with TLS, has shown a
/// trusted certificate. The later handlers write nothing before, so a host without a trusted certificate receives no
/// data.
final class ArrivalHandler: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private let certificate: ShownCertificate?
    private let attempt: Attempt
    private let arrived: ((ChannelHandlerContext) -> Void)?
    private var isOver = false

    /// - Parameters:
    ///   - certificate: the certificate check; nil without TLS.
    ///   - arrived: called when the host is reached and, with TLS, has shown a trusted certificate.
    init(_ certificate: ShownCertificate?, attempt: Attempt, arrived: ((ChannelHandlerContext) -> Void)?) {
        self.certificate = certificate
        self.attempt = attempt
        self.arrived = arrived
    }

    func channelActive(context: ChannelHandlerContext) {
        attempt.phase = .securing
        if certificate == nil { open(context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let certificate, !attempt.hasArrived, case .handshakeCompleted? = event as? TLSUserEvent {
            if let fault = certificate.fault {
                isOver = true
                attempt.fail(.relayUntrusted(fault))
                context.fireErrorCaught(PairingError.relayUntrusted(fault))
                return context.close(promise: nil)
            }
            open(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let certificate {
            let failure = certificate.explained(error)
            if !attempt.hasArrived {
                attempt.fail(failure)
            } else if failure == .relayUnreachable(.clientCertificate) {
                // In TLS 1.3 a server refuses a client without a certificate only after the client's last message of
                // the handshake. No data reached the relay, so the attempt goes back to the phase `securing`, in which
                // a failed WebSocket is not replaced by long polling.
                attempt.phase = .securing
                attempt.fail(failure)
            }
        }
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !attempt.hasArrived { attempt.fail(.relayUnreachable(certificate == nil ? .cut : .tlsCut)) }
        context.fireChannelInactive()
    }

    private func open(_ context: ChannelHandlerContext) {
        guard !isOver else { return }
        attempt.phase = .arrived
        arrived?(context)
        context.fireChannelActive()
    }
}

/// Notes why TLS with a proxy failed: a fault of the proxy's certificate, or another error of the TLS handshake.
final class ProxyTLSHandler: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private let certificate: ShownCertificate
    private let attempt: Attempt
    private var isDone = false

    init(_ certificate: ShownCertificate, attempt: Attempt) {
        self.certificate = certificate
        self.attempt = attempt
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            isDone = true
            if let fault = certificate.fault {
                attempt.fail(.proxyFailed(.untrusted(fault)))
                return context.close(promise: nil)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let failure = certificate.explained(error)
        // In TLS 1.3 a server's refusal of a client without a certificate comes after the handshake; see
        // ``ArrivalHandler``.
        if !isDone || failure == .relayUnreachable(.clientCertificate) {
            switch failure.kind {
            case .relayUntrusted(let cause): attempt.fail(.proxyFailed(.untrusted(cause)))
            case .relayUnreachable(let cause): attempt.fail(.proxyFailed(.unreachable(cause)))
            case .notARelay: attempt.fail(.proxyFailed(.garbled))
            default: attempt.fail(failure)
            }
        }
        context.fireErrorCaught(error)
    }
}
