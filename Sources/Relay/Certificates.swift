import NIOSSL

/// Where a relay's certificate and key are, as PEM.
public struct CertificateFiles: Sendable, Equatable {
    /// The chain, the relay's own certificate first.
    public var certificate: String
    /// The private key of that certificate.
    public var key: String

    /// Two paths; nothing is read yet.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// Reads the files anew. Both are read each time, so that a renewed pair is taken together or not at all.
    func load() throws(RelayError) -> NIOSSLContext {
        let certificates = try read(certificate) { try NIOSSLCertificate.fromPEMFile($0) }
        guard !certificates.isEmpty else { throw .badCertificate(path: certificate, .unreadable) }
        let privateKey = try read(key) { try NIOSSLPrivateKey(file: $0, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) },
            privateKey: .privateKey(privateKey)
        )
        configuration.minimumTLSVersion = .tlsv12
        // WebSockets are HTTP/1.1; without this a client that offers HTTP/2 first might take silence for a yes.
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .badCertificate(path: key, .mismatch)
        }
    }

    private func read<Value>(_ path: String, _ parse: (String) throws -> Value) throws(RelayError) -> Value {
        // Asked first, because the library's error does not tell a missing file from one that makes no sense.
        if let cause = RelayError.Cause(reading: path) { throw .badCertificate(path: path, cause) }
        do {
            return try parse(path)
        } catch {
            throw .badCertificate(path: path, .unreadable)
        }
    }
}
