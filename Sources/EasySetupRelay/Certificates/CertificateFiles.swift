import NIOSSL

/// Where a relay's certificate and key are, as PEM.
public struct CertificateFiles: Sendable, Equatable {
    /// The chain, the relay's own certificate first.
    public var certificate: PathBytes
    /// The private key of that certificate.
    public var key: PathBytes

    /// Two paths; nothing is read yet.
    public init(certificate: PathBytes, key: PathBytes) {
        self.certificate = certificate
        self.key = key
    }

    /// Two paths that are text; nothing is read yet.
    public init(certificate: String, key: String) {
        self.init(certificate: PathBytes(certificate), key: PathBytes(key))
    }
}

/// The certificate and key as read from the files at one time.
struct LoadedCertificate: Sendable {
    let context: NIOSSLContext
    /// The relay's own certificate first.
    let chain: [CertificateFacts]
    /// Why the private key is no secret, where it is none.
    let keyProblem: RelayError.SecrecyProblem?
}

extension CertificateFiles {
    /// A long chain has some ten thousand bytes.
    static let maximumByteCount = 256 * 1024

    /// Reads the files anew. Both are read each time, so that a renewed pair is taken together or not at all.
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
        // Asked before the private key is read: the library does not read every kind.
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
        // WebSockets are HTTP/1.1; without this a client that offers HTTP/2 first might take silence for a yes.
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
            // The mark of byte order that some editors put before a text would hide the first line from the library.
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

    /// PKCS #8 says it in the first line, the older form in a header.
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
