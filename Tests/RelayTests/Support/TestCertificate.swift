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
func makeCertificate(in folder: String, _ name: String) throws -> CertificateFiles {
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
    try openssl.run()
    openssl.waitUntilExit()
    try #require(openssl.terminationStatus == 0)
    return files
}
