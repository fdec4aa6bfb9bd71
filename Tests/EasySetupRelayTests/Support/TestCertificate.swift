import TestSupport

@testable import EasySetupRelay

extension RelayConfiguration {
    static func secured(by files: CertificateFiles) -> RelayConfiguration {
        var configuration = RelayConfiguration()
        configuration.certificate = files
        return configuration
    }
}

extension CertificateFiles {
    /// The paths as text, for `openssl` and Foundation.
    var certificatePath: String { "\(certificate)" }
    var keyPath: String { "\(key)" }
}

extension KeyFile {
    static func load(path: String, ways: [Way] = Way.allCases) throws(RelayError) -> (keys: TokenKeySet, isNew: Bool) {
        try load(path: PathBytes(path), ways: ways)
    }

    static func read(path: String) throws(RelayError) -> TokenKeySet { try read(path: PathBytes(path)) }
}

/// The arguments of `openssl` for each kind of key.
enum TestKey {
    static let p256 = curve("prime256v1")
    static func curve(_ name: String) -> [String] { ["ec", "-pkeyopt", "ec_paramgen_curve:\(name)"] }
    static func rsa(_ bits: Int) -> [String] { ["rsa:\(bits)"] }
    static let ed25519 = ["ed25519"]
}

/// Makes a certificate for `localhost` and its key in a folder. A certificate without names may sign others.
func makeCertificate(
    in folder: String,
    _ name: String,
    key: [String] = TestKey.p256,
    days: Int = 30,
    names: String? = "DNS:localhost",
    extensions: [String] = [],
    issuer: CertificateFiles? = nil
) async throws -> CertificateFiles {
    let made = try await MadeCertificate.make(
        in: folder,
        name,
        names: names,
        days: days,
        newkey: key,
        issuer: issuer.map { MadeCertificate(certificate: $0.certificatePath, key: $0.keyPath) },
        isAuthority: names == nil,
        more: extensions
    )
    return CertificateFiles(certificate: made.certificate, key: made.key)
}
