import EasySetupRelayProtocol
import Foundation
import NIOSSL
import TestSupport
import Testing

@testable import EasySetupRelay

/// The relay with TLS. The tests make certificates with `openssl`.
@Suite("TLS of a relay", .inTurn, .timeLimit(.minutes(60))) struct TLSTests {
    @Test("A device gets in over TLS, and only if it trusts the certificate") func deviceGetsTLS() async throws {
        try await withFolder { folder in
            let files = try await makeCertificate(in: folder, "one")
            let other = try await makeCertificate(in: folder, "other")
            try await withRelay(.secured(by: files)) { _, port in
                let device = try await TestDevice.connect(port: port, trusting: files.certificatePath)
                try await device.hangUp()
                await #expect(throws: (any Error).self) {
                    try await TestDevice.connect(port: port, trusting: other.certificatePath)
                }
            }
        }
    }

    @Test("A connection that never finishes its handshake is closed", arguments: ["", "\u{16}", "\u{16}\u{3}\u{1}"])
    func connectionNeverFinishes(_ beginning: String) async throws {
        try await withFolder { folder in
            var configuration = RelayConfiguration.secured(by: try await makeCertificate(in: folder, "relay"))
            configuration.connectionLimits.openingTime = .milliseconds(500)
            try await withRelay(configuration) { _, port in
                let answer = try await exchange(beginning, port: port)
                #expect(answer == "")
            }
        }
    }

    @Test("A client that speaks TLS to a port without it, and one that fails at TLS, are counted by their names")
    func failures() async throws {
        try await withFolder { folder in
            let files = try await makeCertificate(in: folder, "relay")
            let other = try await makeCertificate(in: folder, "other")
            let count = { (server: RelayServer, outcome: String) in
                let name = MetricsTests.name("connection_failures_total{outcome=\"\(outcome)\"}")
                return try await MetricsTests.scrape(server)[name]
            }
            try await withRelay(MetricsTests.configuration) { server, port in
                await #expect(throws: (any Error).self) {
                    try await TestDevice.connect(port: port, trusting: files.certificatePath)
                }
                try await until { try await count(server, "tls-at-plain-port") == 1 }
                #expect(try await count(server, "refused-request") == 0)
                _ = try await exchange("NOTHING\r\n\r\n", port: port)
                #expect(try await count(server, "refused-request") == 1)
            }
            var configuration = MetricsTests.configuration
            configuration.certificate = files
            try await withRelay(configuration) { server, port in
                await #expect(throws: (any Error).self) {
                    try await TestDevice.connect(port: port, trusting: other.certificatePath)
                }
                try await until { try await count(server, "tls-failed") == 1 }
                _ = try await exchange("GET / HTTP/1.1\r\n\r\n", port: port)
                try await until { try await count(server, "tls-failed") == 2 }
            }
        }
    }

    @Test("A renewed certificate counts for new connections, and old ones go on") func renewedCertificateCounts()
        async throws
    {
        try await withFolder { folder in
            let files = try await makeCertificate(in: folder, "relay")
            var configuration = RelayConfiguration.secured(by: files)
            // On a clock that stands still, the renewed certificate would not be valid yet.
            configuration.clock = .system()
            try await withRelay(configuration) { server, port in
                let old = try await TestDevice.connect(port: port, trusting: files.certificatePath)
                let renewed = try await makeCertificate(in: folder, "renewed")
                try replace(files.certificatePath, by: renewed.certificatePath)
                try replace(files.keyPath, by: renewed.keyPath)
                await server.reload()
                let new = try await TestDevice.connect(port: port, trusting: renewed.certificatePath)
                try await old.send(.offer(slotLength: 0, work: nil))
                try await new.send(.offer(slotLength: 0, work: nil))
                #expect(await old.nextFrame()?.isOffered == true)
                #expect(await new.nextFrame()?.isOffered == true)
            }
        }
    }

    @Test("An unreadable new certificate leaves the old one, and the relay logs it") func unreadableNewCertificate()
        async throws
    {
        try await withFolder { folder in
            let files = try await makeCertificate(in: folder, "relay")
            let original = try String(contentsOfFile: files.certificatePath, encoding: .utf8)
            let trusted = folder + "/trusted.pem"
            try original.write(toFile: trusted, atomically: true, encoding: .utf8)
            let log = LogKeeper()
            try await withRelay(.secured(by: files), logger: log.logger) { server, port in
                try "nonsense".write(toFile: files.certificatePath, atomically: true, encoding: .utf8)
                await server.reload()
                let device = try await TestDevice.connect(port: port, trusting: trusted)
                try await device.hangUp()
            }
            #expect(log.lines.contains { $0.contains("certificate not changed") })
        }
    }

    @Test("A certificate and a key that don't fit are refused") func otherKey() async throws {
        try await withFolder { folder in
            let one = try await makeCertificate(in: folder, "one")
            let two = try await makeCertificate(in: folder, "two")
            let mixed = CertificateFiles(certificate: one.certificatePath, key: two.keyPath)
            #expect(throws: RelayError.badCertificate(path: two.keyPath, .mismatch)) { try mixed.load() }
            let missing = CertificateFiles(certificate: folder + "/none", key: one.keyPath)
            #expect(throws: RelayError.badCertificate(path: folder + "/none", .file(.missing))) { try missing.load() }
            let swapped = CertificateFiles(certificate: one.keyPath, key: one.certificatePath)
            #expect(throws: RelayError.badCertificate(path: one.keyPath, .otherContent("a private key"))) {
                try swapped.load()
            }
        }
    }
}

private func replace(_ path: String, by other: String) throws {
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.copyItem(atPath: other, toPath: path)
}
