import EasySetupHandshake
import EasySetupSeed
import Foundation
import NIOSSL
import TestSupport
import Testing

@testable import EasySetup

/// Certificates and authorities for which a relay is not trusted.
extension CauseTests {
    @Test("A server that wants a client certificate is reported as such, in both versions of TLS and in nginx's words")
    func clientCertificate() async throws {
        let made = try await MadeCertificate.make(in: folder.path, "picky")
        let roots = TrustedRoots(pemFile: made.certificate)
        for version in [TLSVersion.tlsv12, .tlsv13] {
            try await Impostor.tlsForClients(made, maximum: version).run { port in
                let failure = try await self.failure(at: "wss://localhost:\(port)", roots: roots)
                #expect(failure == .relayUnreachable(.clientCertificate), "\(version)")
                #expect(failure?.retryHelps == false)
            }
        }
        let page = "<center>No required SSL certificate was sent</center>"
        let answer =
            "HTTP/1.1 400 Bad Request\r\nContent-Length: \(page.utf8.count)\r\nConnection: close\r\n\r\n\(page)"
        try await Impostor.answer(answer).run { port in
            try await fails(at: "ws://127.0.0.1:\(port)", .relayUnreachable(.clientCertificate))
        }
    }

    @Test("A certificate that is not for servers is reported as such") func uses() async throws {
        let authority = try await MadeCertificate.make(in: folder.path, "authority", names: nil)
        for (name, issuer, more) in [
            ("signs", nil, "keyUsage = critical, keyCertSign"), ("code", authority, "extendedKeyUsage = codeSigning"),
            ("leaf", authority, "keyUsage = critical, keyCertSign"),
        ] {
            let made = try await MadeCertificate.make(in: folder.path, name, issuer: issuer, more: [more])
            try await OpenSSLServer.run(made) { port in
                let roots = TrustedRoots(pemFile: (issuer ?? made).certificate)
                try await fails(at: "wss://localhost:\(port)", roots: roots, .relayUntrusted(.wrongUse))
            }
        }
        // The client accepts a certificate with the right uses. It then sends its request, which this server never
        // answers.
        let good = try await MadeCertificate.make(
            in: folder.path,
            "good",
            issuer: authority,
            more: ["keyUsage = digitalSignature", "extendedKeyUsage = clientAuth, serverAuth"]
        )
        try await Impostor.tls(good).run { port in
            let roots = TrustedRoots(pemFile: authority.certificate)
            try await fails(at: "wss://localhost:\(port)", roots: roots, .relayUnreachable(.noAnswer), limits: hasty)
        }
    }

    @Test("TLS versions and kinds of keys that devices do not accept are reported as a mismatch") func mismatch()
        async throws
    {
        let old = try await MadeCertificate.make(in: folder.path, "old")
        let odd = try await MadeCertificate.make(in: folder.path, "odd", newkey: ["ed25519"])
        let spelt = try await MadeCertificate.make(
            in: folder.path,
            "spelt",
            newkey: ["ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"]
        )
        try await OpenSSLServer.run(spelt) { port in
            let roots = try own()
            try await fails(at: "wss://localhost:\(port)", roots: roots, .relayUnreachable(.tlsMismatch))
        }
        for (made, versions) in [(old, 10...11), (odd, 12...13)] {
            try await Impostor.tls(made, versions: versions).run { port in
                let roots = TrustedRoots(pemFile: made.certificate)
                try await fails(at: "wss://localhost:\(port)", roots: roots, .relayUnreachable(.tlsMismatch))
            }
        }
    }

    @Test("The error of an expired certificate, or of one that is not valid yet, has the time") func times()
        async throws
    {
        let over = try await MadeCertificate.make(in: folder.path, "over", until: "20200131120000Z")
        let early = try await MadeCertificate.make(in: folder.path, "early", from: "20990101000000Z")
        try await Impostor.tls(over).run { port in
            let failure = try await self.failure(
                at: "wss://localhost:\(port)",
                roots: TrustedRoots(pemFile: over.certificate)
            )
            #expect(failure?.cause == "expired")
            #expect(failure?.description == "The relay's certificate expired on 2020-01-31 12:00 UTC.")
            #expect(failure?.advice.contains("clock says 20") == true)
        }
        try await Impostor.tls(early).run { port in
            let failure = try await self.failure(
                at: "wss://localhost:\(port)",
                roots: TrustedRoots(pemFile: early.certificate)
            )
            #expect(failure?.cause == "not-yet-valid")
            #expect(failure?.description.contains("2099-01-01 00:00 UTC, and this device's clock says 20") == true)
        }
    }

    @Test("An expired authority is reported, not its certificate's issuer") func authorityOver() async throws {
        let authority = try await MadeCertificate.make(
            in: folder.path,
            "authority",
            names: nil,
            until: "20200131120000Z"
        )
        let made = try await MadeCertificate.make(in: folder.path, "leaf", issuer: authority)
        try await Impostor.tls(made).run { port in
            let roots = TrustedRoots(pemFile: authority.certificate)
            try await fails(at: "wss://localhost:\(port)", roots: roots, cause: "expired")
        }
    }

    @Test(
        "A certificate with another name, without names, with names that don't count, or with an address as a name is reported"
    ) func names() async throws {
        let other = try await MadeCertificate.make(
            in: folder.path,
            "other",
            names: "DNS:other.example,DNS:*.example,IP:192.0.2.7"
        )
        try await Impostor.tls(other).run { port in
            let roots = TrustedRoots(pemFile: other.certificate)
            let names = ["other.example", "*.example", "192.0.2.7"]
            for host in ["localhost", "127.0.0.1"] {
                let failure = try await self.failure(at: "wss://\(host):\(port)", roots: roots)
                #expect(failure == .relayUntrusted(.wrongName(host: host, names: names)))
            }
        }
        let misplaced = try await MadeCertificate.make(
            in: folder.path,
            "misplaced",
            names: "DNS:a.example,DNS:127.0.0.1"
        )
        try await Impostor.tls(misplaced).run { port in
            let failure = try await self.failure(
                at: "wss://127.0.0.1:\(port)",
                roots: TrustedRoots(pemFile: misplaced.certificate)
            )
            #expect(failure == .relayUntrusted(.addressAsName(host: "127.0.0.1")))
            #expect(failure?.cause == "wrong-name" && failure?.advice.contains("IP:127.0.0.1") == true)
        }
        let nameless = try await MadeCertificate.make(in: folder.path, "localhost", names: nil)
        try await Impostor.tls(nameless).run { port in
            let roots = TrustedRoots(pemFile: nameless.certificate)
            try await fails(at: "wss://localhost:\(port)", roots: roots, .relayUntrusted(.noNames))
            try await fails(at: "wss://127.0.0.1:\(port)", roots: roots, .relayUntrusted(.noNames))
        }
    }

    @Test("A certificate that signed itself is told from one of an unknown authority") func issuers() async throws {
        let authority = try await MadeCertificate.make(in: folder.path, "A \u{1B}[31mFirm", names: nil)
        let made = try await MadeCertificate.make(in: folder.path, "leaf", issuer: authority)
        let roots = try own()
        try await Impostor.tls(made).run { port in
            let failure = try await self.failure(at: "wss://localhost:\(port)", roots: roots)
            // Control characters from a certificate must not reach the terminal.
            #expect(failure == .relayUntrusted(.unknownAuthority(issuer: "A 31mFirm")))
        }
        try await Impostor.tls(authority).run { port in
            try await fails(at: "wss://localhost:\(port)", roots: roots, .relayUntrusted(.selfSigned))
        }
    }

    @Test("Unusable files of authorities are found before anything is sent") func files() async throws {
        let text = try folder.file("text.pem", "no certificate\n")
        let empty = try folder.file("empty.pem", "")
        let good = try String(contentsOfFile: MadeCertificate.loopback.get().certificate, encoding: .utf8)
        let damaged = try folder.file("damaged.pem", good + good.replacing("MII", with: "MIJ"))
        let cut = try folder.file("cut.pem", good + good.prefix(200))
        let (loop, dangling) = (folder.path + "/loop.pem", folder.path + "/dangling.pem")
        try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: loop)
        try FileManager.default.createSymbolicLink(atPath: dangling, withDestinationPath: folder.path + "/none.pem")
        for (path, fault) in [
            (folder.path + "/none.pem", Untrusted.FileFault.missing), (text, .noCertificate), (empty, .empty),
            (damaged, .damaged), (cut, .damaged), (loop, .leadsNowhere), (dangling, .leadsNowhere),
            (folder.path, .noFile), (try MadeCertificate.loopback.get().key, .noCertificate),
        ] {
            let failure = try await self.failure(at: "wss://127.0.0.1:1", roots: TrustedRoots(pemFile: path))
            #expect(failure == .relayUntrusted(.authoritiesUnreadable(path: path, fault)))
        }
    }
}
