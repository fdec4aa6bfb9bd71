package import NIOCore
import NIOPosix
package import NIOSSL
import Testing

/// A server that a test runs on loopback and a free port, in place of a relay or a proxy.
package enum LoopbackServer {
    /// Runs the server as long as `body` runs. `body` gets the server's port.
    /// - Parameters:
    ///   - tls: the TLS context; nil for a server without TLS.
    ///   - handler: makes the handler of one connection.
    package static func run<Result: Sendable>(
        tls: NIOSSLContext? = nil,
        handler: @escaping @Sendable () -> any ChannelHandler,
        _ body: @Sendable (_ port: Int) async throws -> Result
    ) async throws -> Result {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(handler())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let result = try await body(try #require(server.localAddress?.port))
            try await server.close()
            return result
        } catch {
            try? await server.close()
            throw error
        }
    }
}

extension NIOSSLContext {
    /// The TLS context of a server with this certificate.
    package static func server(
        certificate: String,
        key: String,
        _ change: (inout TLSConfiguration) -> Void = { _ in }
    ) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        )
        change(&configuration)
        return try NIOSSLContext(configuration: configuration)
    }
}
