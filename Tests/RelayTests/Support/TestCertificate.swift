import Foundation
import Testing

@testable import Relay

extension RelayConfiguration {
    static func secured(by files: CertificateFiles) -> RelayConfiguration {
        var configuration = RelayConfiguration()
        configuration.certificate = files
        return configuration
    }
}

/// Makes a certificate of its own for `localhost`, and its key, in a folder; by `openssl`.
func makeCertificate(in folder: String, _ name: String) async throws -> CertificateFiles {
    let files = CertificateFiles(certificate: "\(folder)/\(name).pem", key: "\(folder)/\(name).key")
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    openssl.arguments =
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", files.key, "-out", files.certificate,
        ]
    openssl.standardError = FileHandle.nullDevice
    // Waiting must not keep a thread from the other tests.
    let status = try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Int32, any Error>) in
        openssl.terminationHandler = { ended.resume(returning: $0.terminationStatus) }
        do {
            try openssl.run()
        } catch {
            ended.resume(throwing: error)
        }
    }
    try #require(status == 0)
    return files
}
