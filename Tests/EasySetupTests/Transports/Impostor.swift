import EasySetupHandshake
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import TestSupport
import Testing

/// A server on loopback that is no relay, on a free port.
enum Impostor: Sendable {
    case silent
    case hangUp
    /// The server reads a request, sends this answer, and closes.
    case answer(String)
    /// The server shows this certificate and then stays silent.
    case tls(MadeCertificate, versions: ClosedRange<Int> = 12...13)

    func run<Result: Sendable>(_ body: @Sendable (Int) async throws -> Result) async throws -> Result {
        var context: NIOSSLContext?
        if case .tls(let made, let versions) = self {
            context = try .server(certificate: made.certificate, key: made.key) { configuration in
                configuration.minimumTLSVersion = versions.lowerBound < 12 ? .tlsv1 : .tlsv12
                if versions.upperBound < 12 { configuration.maximumTLSVersion = .tlsv11 }
            }
        }
        return try await LoopbackServer.run(tls: context, handler: { ImpostorHandler(self) }, body)
    }
}

private final class ImpostorHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let kind: Impostor

    init(_ kind: Impostor) { self.kind = kind }

    func channelActive(context: ChannelHandlerContext) {
        if case .hangUp = kind { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .answer(let text) = kind else { return }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).whenComplete { _ in channel.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// A certificate made by OpenSSL for one test.
struct MadeCertificate: Sendable {
    let certificate: String
    let key: String

    /// - Parameters:
    ///   - names: subject alternative names in OpenSSL's format; empty for a certificate without any.
    ///   - from: the start of validity, as `YYYYMMDDHHMMSSZ`.
    ///   - until: the end of validity.
    ///   - issuer: the certificate that signs this one; nil for a self-signed one.
    ///   - isAuthority: whether it may sign others; a self-signed one without names may do so anyhow.
    ///   - more: more extensions in OpenSSL's format.
    static func make(
        in folder: ScratchFolder,
        _ name: String,
        names: String? = "DNS:localhost",
        from: String = "20200101000000Z",
        until: String = "21000101000000Z",
        newkey: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        issuer: MadeCertificate? = nil,
        isAuthority: Bool? = nil,
        more: [String] = []
    ) async throws -> MadeCertificate {
        let base = folder.path + "/" + name
        let constraints = "basicConstraints = CA:\(isAuthority ?? (issuer == nil) ? "TRUE" : "FALSE")"
        let extensions = ([names.map { "subjectAltName = \($0)" } ?? constraints] + more).joined(separator: "\n")
        let configuration = try folder.file(
            "\(name).conf",
            """
            [ca]
            default_ca = one
            [one]
            database = \(base).txt
            rand_serial = yes
            new_certs_dir = \(folder.path)
            default_md = sha256
            policy = any
            x509_extensions = extensions
            [any]
            commonName = optional
            [extensions]
            \(extensions)
            """
        )
        _ = try folder.file("\(name).txt", "")
        let signer =
            issuer.map { ["-cert", $0.certificate, "-keyfile", $0.key] } ?? ["-selfsign", "-keyfile", "\(base).key"]
        try await openssl(
            ["req", "-new", "-newkey"] + newkey
                + ["-nodes", "-subj", "/CN=\(name)", "-keyout", "\(base).key", "-out", "\(base).csr"]
        )
        try await openssl(
            ["ca", "-batch", "-notext", "-config", configuration, "-in", "\(base).csr", "-out", "\(base).pem"]
                + ["-startdate", from, "-enddate", until] + signer
        )
        return MadeCertificate(certificate: "\(base).pem", key: "\(base).key")
    }

    /// The certificate together with those of its issuers.
    func sent(with issuers: [MadeCertificate], in folder: ScratchFolder) throws -> MadeCertificate {
        let chain = try ([self] + issuers).map { try String(contentsOfFile: $0.certificate, encoding: .utf8) }.joined()
        return MadeCertificate(certificate: try folder.file("\(UUID()).pem", chain), key: key)
    }

    private static func openssl(_ arguments: [String]) async throws {
        let process = try Running(["openssl"] + arguments, of: "/usr/bin/env")
        process.endInput()
        let code = await process.end()
        if code != 0 { Issue.record("openssl: \(await process.errors())") }
        try #require(code == 0)
    }
}
