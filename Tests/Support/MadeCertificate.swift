import Foundation
import Testing

/// A certificate that OpenSSL made for tests, and its key: the paths of two PEM files.
package struct MadeCertificate: Sendable {
    package let certificate: String
    package let key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// A certificate for 127.0.0.1 and localhost, which devices may trust as an authority. It is made once for each
    /// test run, in a temporary folder that the tests don't remove.
    package static let loopback: Result<MadeCertificate, any Error> = Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "easysetup-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let plan = try Plan(
            in: folder.path,
            "127.0.0.1",
            names: "IP:127.0.0.1,DNS:localhost",
            more: ["basicConstraints = CA:TRUE"]
        )
        for command in plan.commands {
            let process = Child.openssl(command)
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0, "openssl \(command)")
        }
        return plan.made
    }

    /// Makes a certificate, and its key, in files of `folder`.
    ///
    /// - Parameters:
    ///   - subject: the common name; nil for `name`, which the files have.
    ///   - names: the subject alternative names in OpenSSL's format; nil for a certificate without any.
    ///   - from: the start of validity, as `YYYYMMDDHHMMSSZ`.
    ///   - until: the end of validity, in the same form.
    ///   - days: the validity in days from now; if it is not nil, `from` and `until` have no effect.
    ///   - issuer: the certificate that signs this one; nil for a self-signed certificate.
    ///   - isAuthority: whether a certificate without names may sign others; nil means that only a self-signed one may.
    ///   - more: further extensions in OpenSSL's format.
    package static func make(
        in folder: String,
        _ name: String,
        subject: String? = nil,
        names: String? = "DNS:localhost",
        from: String = "20200101000000Z",
        until: String = "21000101000000Z",
        days: Int? = nil,
        newkey: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        issuer: MadeCertificate? = nil,
        isAuthority: Bool? = nil,
        more: [String] = []
    ) async throws -> MadeCertificate {
        let plan = try Plan(
            in: folder,
            name,
            subject: subject,
            names: names,
            validity: days.map { ["-days", "\($0)"] } ?? ["-startdate", from, "-enddate", until],
            newkey: newkey,
            issuer: issuer,
            isAuthority: isAuthority,
            more: more
        )
        for command in plan.commands { try await openssl(command) }
        return plan.made
    }

    /// The certificate and those of its issuers in one new file, as a server sends them.
    package func sent(with issuers: [MadeCertificate], in folder: ScratchFolder) throws -> MadeCertificate {
        let chain = try ([self] + issuers).map { try String(contentsOfFile: $0.certificate, encoding: .utf8) }.joined()
        return MadeCertificate(certificate: try folder.file("\(UUID()).pem", chain), key: key)
    }
}

/// The OpenSSL commands for one certificate. The initializer writes the files that they read.
private struct Plan {
    let made: MadeCertificate
    let commands: [[String]]

    init(
        in folder: String,
        _ name: String,
        subject: String? = nil,
        names: String?,
        validity: [String] = ["-startdate", "20200101000000Z", "-enddate", "21000101000000Z"],
        newkey: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        issuer: MadeCertificate? = nil,
        isAuthority: Bool? = nil,
        more: [String] = []
    ) throws {
        let base = folder + "/" + name
        let constraints = "basicConstraints = CA:\(isAuthority ?? (issuer == nil) ? "TRUE" : "FALSE")"
        let extensions = ([names.map { "subjectAltName = \($0)" } ?? constraints] + more).joined(separator: "\n")
        let configuration = """
            [ca]
            default_ca = one
            [one]
            database = \(base).txt
            rand_serial = yes
            new_certs_dir = \(folder)
            default_md = sha256
            policy = any
            x509_extensions = extensions
            [any]
            commonName = optional
            [extensions]
            \(extensions)
            """
        try Data(configuration.utf8).write(to: URL(filePath: base + ".conf"))
        try Data().write(to: URL(filePath: base + ".txt"))
        let signer =
            issuer.map { ["-cert", $0.certificate, "-keyfile", $0.key] } ?? ["-selfsign", "-keyfile", base + ".key"]
        made = MadeCertificate(certificate: base + ".pem", key: base + ".key")
        commands = [
            ["req", "-new", "-newkey"] + newkey
                + ["-nodes", "-subj", "/CN=\(subject ?? name)", "-keyout", made.key, "-out", base + ".csr"],
            ["ca", "-batch", "-notext", "-config", base + ".conf", "-in", base + ".csr", "-out", made.certificate]
                + validity + signer,
        ]
    }
}

extension Child {
    fileprivate static func openssl(_ arguments: [String]) -> Child {
        let process = Child()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardInput = .null
        process.standardOutput = .null
        process.standardError = .null
        return process
    }
}

/// Runs `openssl` to its end, and throws if it fails.
package func openssl(_ arguments: [String]) async throws {
    let process = try Running(["openssl"] + arguments, of: "/usr/bin/env")
    process.endInput()
    let code = await process.end()
    let errors = await process.errors()
    try #require(code == 0, "openssl \(arguments): \(errors)")
}
