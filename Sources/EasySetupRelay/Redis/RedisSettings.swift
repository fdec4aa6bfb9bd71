package import EasySetupFleetStore
package import NIOSSL

/// Where a relay's Redis is, and the files with what the relay needs to be let in. The address may have the password,
/// and a file keeps it out of settings that others read.
package struct RedisSettings: Sendable {
    package var address: RedisAddress
    /// Further servers, independent of the first. All relays have the same ones.
    package var others: [RedisAddress]
    /// A file with the password alone; white space at its end is not part of it.
    package var passwordFile: PathBytes?
    /// A file with the certificates (PEM) of the authorities to trust, in place of the system's.
    package var authorities: PathBytes?
    /// The relay's own certificate, for a server that asks for one.
    package var certificate: CertificateFiles?

    package init(
        _ address: RedisAddress,
        others: [RedisAddress] = [],
        passwordFile: PathBytes? = nil,
        authorities: PathBytes? = nil,
        certificate: CertificateFiles? = nil
    ) {
        self.address = address
        self.others = others
        self.passwordFile = passwordFile
        self.authorities = authorities
        self.certificate = certificate
    }

    /// The servers, without users and passwords.
    var servers: Set<String> { Set(([address] + others).map(\.description)) }

    /// Everything but passwords, by which a change is seen.
    var summary: [String] {
        let files = [passwordFile, authorities, certificate?.certificate, certificate?.key]
        return ([address] + others).map { "\($0)" } + files.map { $0?.description ?? "" }
    }
}

/// The content of the files that ``RedisSettings`` name.
package struct LoadedRedis: Sendable {
    /// The addresses, with the password.
    package let addresses: [RedisAddress]
    /// For the addresses with TLS; nil if there is none.
    package let tls: NIOSSLContext?
    /// The reason why the file of the certificate's private key is not secret; nil if it is.
    package let keyProblem: RelayError.SecrecyProblem?
}

extension RedisSettings {
    /// The size of the largest password file.
    static let maximumPasswordBytes = 1_024

    /// Reads the files. May block.
    package func load() throws(RedisSettingsError) -> LoadedRedis {
        var addresses = [address] + others
        if let passwordFile {
            guard addresses.allSatisfy({ $0.account.password == nil }) else { throw .twoPasswords }
            let password = try password(in: passwordFile)
            for index in addresses.indices { addresses[index].account.password = password }
        }
        guard addresses.allSatisfy({ $0.account.user == nil || $0.account.password != nil }) else { throw .noPassword }
        guard addresses.contains(where: \.isTLS) else {
            guard authorities == nil, certificate == nil else { throw .needlessCertificate }
            return LoadedRedis(addresses: addresses, tls: nil, keyProblem: nil)
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.shutdownTimeout = CertificateFiles.shutdownTimeout
        if let authorities { configuration.trustRoots = .certificates(try trusted(in: authorities)) }
        var keyProblem: RelayError.SecrecyProblem?
        if let certificate {
            do throws(RelayError) {
                configuration.certificateChain = try certificate.loadCertificates().map { .certificate($0) }
                let key = try certificate.loadKey()
                configuration.privateKey = .privateKey(key.0)
                keyProblem = key.1
            } catch {
                throw .certificate(error)
            }
        }
        do {
            return LoadedRedis(
                addresses: addresses,
                tls: try NIOSSLContext(configuration: configuration),
                keyProblem: keyProblem
            )
        } catch {
            guard let certificate else { throw .system }
            throw .certificate(.badCertificate(path: certificate.key.description, .mismatch))
        }
    }

    private func password(in path: PathBytes) throws(RedisSettingsError) -> RedisPassword {
        let file: OperatorFile
        do throws(RelayError.FileProblem) {
            file = try OperatorFile.read(path, limit: Self.maximumPasswordBytes)
        } catch {
            throw .password(path: path.description, error)
        }
        if let problem = file.secrecyProblem { throw .openPassword(path: path.description, problem) }
        var bytes = file.bytes
        while let last = bytes.last, [0x20, 0x09, 0x0A, 0x0D].contains(last) { bytes.removeLast() }
        guard let password = RedisPassword(bytes) else { throw .emptyPassword(path: path.description) }
        return password
    }

    private func trusted(in path: PathBytes) throws(RedisSettingsError) -> [NIOSSLCertificate] {
        do throws(RelayError) {
            return try CertificateFiles(certificate: path, key: path).loadCertificates()
        } catch {
            guard case .badCertificate(_, let problem) = error.kind else { throw .certificate(error) }
            throw .authorities(path: path.description, problem)
        }
    }
}
