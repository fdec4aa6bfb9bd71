import Foundation
import TestSupport
import Testing

@testable import EasySetupFleetStore
@testable import EasySetupRelay

@Suite("Settings of a Redis") struct RedisSettingsTests {
    private let scratch = ScratchFolder()

    private func secret(_ text: String, mode: Int = 0o600) throws -> PathBytes {
        let path = try scratch.file("password-\(UUID())", text)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return PathBytes(path)
    }

    private func load(
        _ url: String,
        password: PathBytes? = nil,
        authorities: PathBytes? = nil,
        certificate: CertificateFiles? = nil
    ) throws(RedisSettingsError) -> LoadedRedis {
        guard let address = try? RedisAddress(url: url) else { throw .system }
        return try RedisSettings(
            address,
            passwordFile: password,
            authorities: authorities,
            certificate: certificate
        ).load()
    }

    @Test("The password is the file's, without white space at its end") func passwordFile() throws {
        let loaded = try load("redis://relay@store.example", password: secret("top secret\r\n\n"))
        #expect(loaded.addresses[0].account.password?.bytes == Array("top secret".utf8))
        #expect(loaded.tls == nil)
        var dumped = ""
        dump(loaded, to: &dumped)
        #expect(!dumped.contains("secret") && !dumped.contains("116"))
    }

    @Test("A password that is no secret, or none, is refused") func badPasswords() throws {
        let url = "redis://store.example"
        for mode in [0o604, 0o620, 0o646] {
            let path = try secret("word", mode: mode)
            #expect(throws: RedisSettingsError.openPassword(path: path.description, .openToOthers)) {
                try load(url, password: path)
            }
        }
        let empty = try secret(" \n")
        #expect(throws: RedisSettingsError.emptyPassword(path: empty.description)) { try load(url, password: empty) }
        let long = try secret(String(repeating: "a", count: 1_025))
        #expect(throws: RedisSettingsError.password(path: long.description, .tooLarge(limit: 1_024))) {
            try load(url, password: long)
        }
        let none = PathBytes(scratch.path + "/none")
        #expect(throws: RedisSettingsError.password(path: none.description, .missing)) { try load(url, password: none) }
        let good = try secret("word")
        #expect(throws: RedisSettingsError.twoPasswords) { try load("redis://:topsecret@a", password: good) }
        #expect(throws: RedisSettingsError.noPassword) { try load("redis://relay@a") }
        #expect(throws: RedisSettingsError.noPassword) { try load("rediss://relay@a") }
    }

    @Test("Certificates are read for TLS alone") func certificates() throws {
        let made = try MadeCertificate.loopback.get()
        let (certificate, key) = (PathBytes(made.certificate), PathBytes(made.key))
        let files = CertificateFiles(certificate: certificate, key: key)
        let both = try load("rediss://a", authorities: certificate, certificate: files)
        #expect(both.tls != nil && both.keyProblem == nil)
        #expect(try load("rediss://a").tls != nil)
        #expect(throws: RedisSettingsError.needlessCertificate) { try load("redis://a", authorities: certificate) }
        #expect(throws: RedisSettingsError.needlessCertificate) { try load("redis://a", certificate: files) }
        let text = PathBytes(try scratch.file("text.pem", "no certificate"))
        #expect(throws: RedisSettingsError.authorities(path: text.description, .unreadable)) {
            try load("rediss://a", authorities: text)
        }
        #expect(throws: RedisSettingsError.certificate(.badCertificate(path: text.description, .unreadable))) {
            try load("rediss://a", certificate: CertificateFiles(certificate: text, key: key))
        }
        #expect(throws: RedisSettingsError.certificate(.badCertificate(path: text.description, .unreadable))) {
            try load("rediss://a", certificate: CertificateFiles(certificate: certificate, key: text))
        }
    }

    @Test("No error has a part of a password") func errors() throws {
        let errors: [RedisSettingsError] = [
            .twoPasswords, .noPassword, .needlessCertificate, .password(path: "/p", .missing),
            .emptyPassword(path: "/p"),
            .openPassword(path: "/p", .foreignOwner), .authorities(path: "/p", .empty),
            .certificate(.badCertificate(path: "/p", .mismatch)), .system,
        ]
        for error in errors {
            #expect(error.description.hasSuffix("."))
            #expect(!error.description.contains("topsecret"))
        }
    }
}
