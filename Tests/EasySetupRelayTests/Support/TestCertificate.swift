import Foundation
import TestSupport
import Testing

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

/// Arguments of `openssl` for the kinds of keys.
enum TestKey {
    static let p256 = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    static func curve(_ name: String) -> [String] { ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:\(name)"] }
    static func rsa(_ bits: Int) -> [String] { ["-newkey", "rsa:\(bits)"] }
    static let ed25519 = ["-newkey", "ed25519"]
}

/// Creates a self-signed certificate for `localhost` and its key in a folder, with `openssl`.
func makeCertificate(
    in folder: String,
    _ name: String,
    key: [String] = TestKey.p256,
    days: Int = 30,
    names: String? = "DNS:localhost",
    extensions: [String] = [],
    issuer: CertificateFiles? = nil
) async throws -> CertificateFiles {
    let files = CertificateFiles(certificate: "\(folder)/\(name).pem", key: "\(folder)/\(name).key")
    var arguments = ["req", "-x509"] + key + ["-nodes", "-days", "\(days)", "-subj", "/CN=\(name)"]
    for text in (names.map { ["subjectAltName=\($0)"] } ?? []) + extensions { arguments += ["-addext", text] }
    if let issuer { arguments += ["-CA", issuer.certificatePath, "-CAkey", issuer.keyPath] }
    try await openssl(arguments + ["-keyout", files.keyPath, "-out", files.certificatePath])
    return files
}

/// Runs `openssl` to its end.
func openssl(_ arguments: [String]) async throws {
    let openssl = Child()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    openssl.arguments = ["openssl"] + arguments
    openssl.standardError = .null
    openssl.standardOutput = .null
    // Waits without blocking a thread that other tests need.
    let status = try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Int32, any Error>) in
        do {
            try openssl.run()
            openssl.whenEnded { ended.resume(returning: $0) }
        } catch {
            ended.resume(throwing: error)
        }
    }
    try #require(status == 0, "openssl \(arguments)")
}
