import NIOSSL

/// The paths of a relay's certificate chain and private key, both PEM files.
public struct CertificateFiles: Sendable, Equatable {
    /// The certificate chain, the relay's own certificate first.
    public var certificate: PathBytes
    /// The private key of that certificate.
    public var key: PathBytes

    /// Stores two paths; the files are not read yet.
    public init(certificate: PathBytes, key: PathBytes) {
        self.certificate = certificate
        self.key = key
    }

    /// Stores two paths given as text; the files are not read yet.
    public init(certificate: String, key: String) {
        self.init(certificate: PathBytes(certificate), key: PathBytes(key))
    }
}

/// A certificate and its key, both read at one time.
struct LoadedCertificate: Sendable {
    let context: NIOSSLContext
    /// The chain, the relay's own certificate first.
    let chain: [CertificateFacts]
    /// Why other users can read or change the private key; nil when it is secret.
    let keyProblem: RelayError.SecrecyProblem?
}

extension CertificateFiles {
    /// The size limit of a file; a long chain has about ten thousand bytes.
    static let maximumByteCount = 256 * 1024

    /// Reads both files again, so that a renewed pair is taken together or not at all.
    func load() throws(RelayError) -> LoadedCertificate {
        let (certificates, _) = try read(certificate, .certificate) { bytes in
            let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
            guard !certificates.isEmpty else { throw RelayError.CertificateProblem.unreadable }
            return certificates
        }
        var chain: [CertificateFacts] = []
        for certificate in certificates {
            guard let facts = CertificateFacts(certificate) else {
                throw .badCertificate(path: self.certificate.description, .unreadable)
            }
            chain.append(facts)
        }
        // Checked before the private key is read, because the library does not read every key type.
        if let kind = chain[0].key.unfitKind { throw .badCertificate(path: certificate.description, .unfitKey(kind)) }
        let (privateKey, keyFile) = try read(key, .privateKey) { bytes in
            if isEncrypted(bytes) { throw RelayError.CertificateProblem.encryptedKey }
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) },
            privateKey: .privateKey(privateKey)
        )
        configuration.minimumTLSVersion = .tlsv12
        // WebSockets need HTTP/1.1. Without this, a client that offers HTTP/2 first might take a missing answer for
        // consent.
        configuration.applicationProtocols = ["http/1.1"]
        do {
            let context = try NIOSSLContext(configuration: configuration)
            return LoadedCertificate(context: context, chain: chain, keyProblem: keyFile.secrecyProblem)
        } catch {
            throw .badCertificate(path: key.description, .mismatch)
        }
    }

    private func read<Value>(
        _ path: PathBytes,
        _ wanted: PEMContent.Wanted,
        _ parse: ([UInt8]) throws -> Value
    ) throws(RelayError) -> (Value, OperatorFile) {
        do {
            let file = try OperatorFile.read(path, limit: Self.maximumByteCount)
            // Some editors write a byte order mark, which would hide the first line from the library.
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

    /// Whether the key has a passphrase. PKCS #8 tells it in the first line, the older format in a header.
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
