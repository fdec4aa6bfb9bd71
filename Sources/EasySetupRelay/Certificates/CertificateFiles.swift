import NIOCore
import NIOSSL

/// The paths of two PEM files: one with a relay's certificate chain, one with the private key.
public struct CertificateFiles: Sendable, Equatable {
    /// The path of the file with the certificate chain, in which the relay's own certificate is the first.
    public var certificate: PathBytes
    /// The path of the file with the private key of the relay's own certificate.
    public var key: PathBytes

    /// Stores two paths. The relay reads the files when it starts.
    public init(certificate: PathBytes, key: PathBytes) {
        self.certificate = certificate
        self.key = key
    }

    /// Stores two paths that are given as text. The relay reads the files when it starts.
    public init(certificate: String, key: String) {
        self.init(certificate: PathBytes(certificate), key: PathBytes(key))
    }
}

/// A certificate chain and its private key, which were read from their files at the same time.
struct LoadedCertificate: Sendable {
    let context: NIOSSLContext
    /// The properties of each certificate in the certificate chain, the relay's own certificate first.
    let chain: [CertificateFacts]
    /// The reason why the file does not keep the private key secret: other users can read or replace it. Nil if it is
    /// secret.
    let keyProblem: RelayError.SecrecyProblem?
}

extension CertificateFiles {
    /// The size of the largest certificate or key file that the relay accepts, in bytes. A long certificate chain has
    /// about ten thousand.
    static let maximumByteCount = 256 * 1024
    /// How long the relay waits for the peer's `close_notify` (RFC 8446, 6.1) when it closes a TLS connection. With
    /// SwiftNIO's default of 5 s, a device that has vanished would delay the relay's end.
    static let shutdownTimeout = TimeAmount.seconds(1)

    /// Reads both files. A reload reads both files again, so that a renewed certificate is never used with an old key.
    func load() throws(RelayError) -> LoadedCertificate {
        let certificates = try loadCertificates()
        var chain: [CertificateFacts] = []
        for certificate in certificates {
            guard let facts = CertificateFacts(certificate) else {
                throw .badCertificate(path: self.certificate.description, .unreadable)
            }
            chain.append(facts)
        }
        // The type of the certificate's key is checked before the file with the private key is read, because BoringSSL
        // can't parse private keys of every type.
        if let problem = chain[0].key.problem { throw .badCertificate(path: certificate.description, problem) }
        // A certificate whose key usage forbids digital signatures is refused, unless its key is an RSA key. For an RSA
        // key the relay only logs a warning: BoringSSL accepts the certificate, because old TLS versions could use an
        // RSA key without a signature.
        if !chain[0].maySign, !chain[0].key.isRSA { throw .badCertificate(path: certificate.description, .unfitUsage) }
        let (privateKey, keyProblem) = try loadKey()
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) },
            privateKey: .privateKey(privateKey)
        )
        configuration.minimumTLSVersion = .tlsv12
        // WebSockets need HTTP/1.1. If the relay did not answer a client's list of protocols (ALPN), a client that
        // offers HTTP/2 first might take that for consent to HTTP/2.
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = Self.shutdownTimeout
        do {
            let context = try NIOSSLContext(configuration: configuration)
            return LoadedCertificate(context: context, chain: chain, keyProblem: keyProblem)
        } catch {
            throw .badCertificate(path: key.description, .mismatch)
        }
    }

    /// Reads the certificates alone, at least one.
    func loadCertificates() throws(RelayError) -> [NIOSSLCertificate] {
        try read(certificate, .certificate) { bytes in
            let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
            guard !certificates.isEmpty else { throw RelayError.CertificateProblem.unreadable }
            return certificates
        }.0
    }

    /// Reads the private key alone, and says why its file does not keep it secret.
    func loadKey() throws(RelayError) -> (NIOSSLPrivateKey, RelayError.SecrecyProblem?) {
        let (privateKey, file) = try read(key, .privateKey) { bytes in
            if isEncrypted(bytes) { throw RelayError.CertificateProblem.encryptedKey }
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        }
        return (privateKey, file.secrecyProblem)
    }

    private func read<Value>(
        _ path: PathBytes,
        _ wanted: PEMContent.Wanted,
        _ parse: ([UInt8]) throws -> Value
    ) throws(RelayError) -> (Value, OperatorFile) {
        do {
            let file = try OperatorFile.read(path, limit: Self.maximumByteCount)
            // Some editors write a byte order mark at the start of a file. With it, BoringSSL would not recognize the
            // first line of a PEM file.
            let text = file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(file.bytes.dropFirst(3)) : file.bytes
            guard !text.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) else {
                throw RelayError.CertificateProblem.empty
            }
            do {
                return (try parse(text), file)
            } catch let problem as RelayError.CertificateProblem where problem != .unreadable {
                throw problem
            } catch {
                throw PEMContent(text).problem(wanted: wanted)
            }
        } catch let problem as RelayError.FileProblem {
            throw .badCertificate(path: path.description, .file(problem))
        } catch let problem as RelayError.CertificateProblem {
            throw .badCertificate(path: path.description, problem)
        } catch {
            throw .badCertificate(path: path.description, .unreadable)
        }
    }

    /// Whether the private key is encrypted under a passphrase. The first line of a PEM block in PKCS #8 format says
    /// so, or a header in the older format.
    private func isEncrypted(_ pem: [UInt8]) -> Bool {
        pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----".utf8) || pem.contains("Proc-Type: 4,ENCRYPTED".utf8)
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String.UTF8View) -> Bool {
        let text = Array(text)
        guard count >= text.count else { return false }
        return (0...count - text.count).contains {
            self[$0] == text[0] && self[$0..<$0 + text.count].elementsEqual(text)
        }
    }
}
