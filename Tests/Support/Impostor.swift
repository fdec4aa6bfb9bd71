import NIOCore
import NIOPosix
package import NIOSSL

/// A server on loopback that is no relay. It listens on a free port.
package enum Impostor: Sendable {
    case silent
    case hangUp
    /// The server reads a request, sends this answer, and closes.
    case answer(String)
    /// The server reads a request, sends this beginning of an answer, and keeps the connection open.
    case stall(String)
    /// The server shows this certificate and then stays silent.
    case tls(MadeCertificate, versions: ClosedRange<Int> = 12...13)
    /// The server shows this certificate, and refuses clients that have no certificate.
    case tlsForClients(MadeCertificate, maximum: TLSVersion)

    /// Runs the server as long as `body` runs. `body` gets the server's port.
    /// - Parameter connected: a function that the server calls when a client has connected.
    package func run<Result: Sendable>(
        connected: @escaping @Sendable () -> Void = {},
        _ body: @Sendable (Int) async throws -> Result
    ) async throws -> Result {
        var context: NIOSSLContext?
        if case .tls(let made, let versions) = self {
            context = try .server(certificate: made.certificate, key: made.key) { configuration in
                configuration.minimumTLSVersion = versions.lowerBound < 12 ? .tlsv1 : .tlsv12
                if versions.upperBound < 12 { configuration.maximumTLSVersion = .tlsv11 }
            }
        } else if case .tlsForClients(let made, let maximum) = self {
            context = try .server(certificate: made.certificate, key: made.key) { configuration in
                configuration.maximumTLSVersion = maximum
                configuration.certificateVerification = .noHostnameVerification
                configuration.trustRoots = .file(made.certificate)
            }
        }
        return try await LoopbackServer.run(tls: context, handler: { ImpostorHandler(self, connected) }, body)
    }
}

private final class ImpostorHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let kind: Impostor
    private let connected: @Sendable () -> Void

    init(_ kind: Impostor, _ connected: @escaping @Sendable () -> Void) {
        self.kind = kind
        self.connected = connected
    }

    func channelActive(context: ChannelHandlerContext) {
        connected()
        if case .hangUp = kind { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .stall(let text) = kind {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }
        guard case .answer(let text) = kind else { return }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).whenComplete { _ in channel.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
