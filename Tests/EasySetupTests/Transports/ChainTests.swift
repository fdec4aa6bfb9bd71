import EasySetupHandshake
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetup

/// Faults in a certificate chain behind the server's own certificate, with real sockets and real certificates.
@Suite("Certificate chains", .inTurn, .timeLimit(.minutes(60))) struct ChainTests {
    private let folder = ScratchFolder()

    private func failure(
        _ made: MadeCertificate,
        trusting authority: MadeCertificate?,
        versions: ClosedRange<Int> = 12...13,
        limits: ClientLimits = .unhurried
    ) async throws -> PairingError? {
        try await Impostor.tls(made, versions: versions).run { port in
            try await offerFailure(
                at: RelayAddress(url: "wss://localhost:\(port)"),
                roots: TrustedRoots(
                    pemFile: try (authority?.certificate ?? MadeCertificate.loopback.get().certificate)
                ),
                limits: limits
            )
        }
    }

    private func root(_ name: String = "root", until: String = "21000101000000Z") async throws -> MadeCertificate {
        try await MadeCertificate.make(in: folder.path, name, names: nil, until: until)
    }

    private func intermediate(
        _ name: String = "middle",
        by issuer: MadeCertificate,
        from: String = "20200101000000Z",
        until: String = "21000101000000Z"
    ) async throws -> MadeCertificate {
        try await MadeCertificate.make(
            in: folder.path,
            name,
            names: nil,
            from: from,
            until: until,
            issuer: issuer,
            isAuthority: true
        )
    }

    @Test("An intermediate authority that has expired, or is not valid yet, is reported with its name and its day")
    func times() async throws {
        let root = try await root()
        let over = try await intermediate("over", by: root, until: "20200131120000Z")
        let early = try await intermediate("early", by: root, from: "20990101000000Z")
        for (middle, cause, words) in [
            (over, "expired", "authority \"over\", whose own certificate expired on 2020-01-31 12:00 UTC."),
            (
                early, "not-yet-valid",
                "authority \"early\", whose own certificate is not valid yet: it begins on 2099-01-01"
            ),
        ] {
            let leaf = try await MadeCertificate.make(in: folder.path, "leaf-\(cause)", issuer: middle)
            let sent = try leaf.sent(with: [middle], in: folder)
            for versions in [12...12, 12...13] {
                let failure = try await failure(sent, trusting: root, versions: versions)
                #expect(failure?.cause == cause)
                #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "")")
            }
        }
        // If both the relay's own certificate and its issuer's have expired, the error names the relay's own.
        let leaf = try await MadeCertificate.make(in: folder.path, "leaf", until: "20200131120000Z", issuer: over)
        let failure = try await failure(try leaf.sent(with: [over], in: folder), trusting: root)
        #expect(failure?.description == "The relay's certificate expired on 2020-01-31 12:00 UTC.")
    }

    @Test("The second of two intermediate authorities is checked too, in whatever order they come")
    func deep() async throws {
        let root = try await root()
        let upper = try await intermediate("upper", by: root, until: "20200131120000Z")
        let lower = try await intermediate("lower", by: upper)
        let leaf = try await MadeCertificate.make(in: folder.path, "leaf", issuer: lower)
        for issuers in [[lower, upper], [upper, lower], [lower, upper, root]] {
            let failure = try await failure(try leaf.sent(with: issuers, in: folder), trusting: root)
            #expect(failure?.cause == "expired")
            #expect(failure?.description.contains("\"upper\"") == true)
        }
    }

    @Test("An expired authority on this device is reported as this device's") func ownAuthority() async throws {
        let root = try await root(until: "20200131120000Z")
        let middle = try await intermediate(by: root)
        let leaf = try await MadeCertificate.make(in: folder.path, "leaf", issuer: middle)
        let failure = try await failure(try leaf.sent(with: [middle], in: folder), trusting: root)
        #expect(failure?.cause == "expired")
        #expect(failure?.description.contains("\"root\"") == true)
        #expect(failure?.advice.contains("--ca-file") == true)
    }

    @Test("A missing intermediate authority is reported, as far as it can be known") func missing() async throws {
        let root = try await root()
        let middle = try await intermediate(by: root)
        let known = try await MadeCertificate.make(
            in: folder.path,
            "known",
            issuer: middle,
            more: ["authorityInfoAccess = caIssuers;URI:http://ca.example/middle.crt"]
        )
        let error = try await failure(known, trusting: root)
        #expect(error == .relayUntrusted(.chainIncomplete(issuer: "middle")))
        // The client can't tell an unknown intermediate from an unknown root, so the advice names both.
        let plain = try await MadeCertificate.make(in: folder.path, "plain", issuer: middle)
        let other = try await failure(plain, trusting: root)
        #expect(other == .relayUntrusted(.unknownAuthority(issuer: "middle")))
        #expect(other?.advice.contains("intermediate") == true)
        // When the server sends the intermediate too, the only fault of the certificate chain is the unknown root.
        let whole = try await failure(try known.sent(with: [middle], in: folder), trusting: nil)
        #expect(whole == .relayUntrusted(.unknownAuthority(issuer: "root")))
        let rooted = try await failure(try known.sent(with: [middle, root], in: folder), trusting: nil)
        #expect(rooted == .relayUntrusted(.unknownAuthority(issuer: "root")))
    }

    @Test(
        "A file of authorities with an intermediate one or the relay's own certificate, without the root, is reported as such"
    )
    func rootMissing() async throws {
        let root = try await root()
        let middle = try await intermediate(by: root)
        let lower = try await intermediate("lower", by: middle)
        let leaf = try await MadeCertificate.make(in: folder.path, "leaf", issuer: middle)
        let deep = try await MadeCertificate.make(in: folder.path, "deep", issuer: lower)
        let missing = PairingError.relayUntrusted(.rootMissing(authority: "middle", issuer: "root"))
        #expect(try await failure(leaf.sent(with: [middle], in: folder), trusting: middle) == missing)
        #expect(try await failure(leaf, trusting: middle) == missing)
        #expect(try await failure(leaf.sent(with: [middle, root], in: folder), trusting: middle) == missing)
        #expect(try await failure(deep.sent(with: [lower, middle], in: folder), trusting: middle) == missing)
        // The file holds both intermediate authorities: the upper one lacks its issuer.
        let both = try lower.sent(with: [middle], in: folder)
        #expect(try await failure(deep, trusting: both) == missing)
        let own = try await failure(leaf, trusting: leaf)
        #expect(own == .relayUntrusted(.rootMissing(authority: "leaf", issuer: "middle")))
        #expect(missing.cause == "unknown-authority")
        #expect(missing.advice == "Put the certificate of \"root\" into the file of --ca-file, too.")
        // With the root in the file, the certificate is trusted. This server never answers the request.
        let whole = try middle.sent(with: [root], in: folder)
        var limits = ClientLimits.unhurried
        (limits.upgradeTimeout, limits.connectTimeout, limits.callTimeout) = (
            .milliseconds(100), .seconds(60), .milliseconds(100)
        )
        #expect(try await failure(leaf, trusting: whole, limits: limits) == .relayUnreachable(.noAnswer))
    }

    @Test("An authority that was made anew under its old name is reported as another") func madeAnew() async throws {
        let root = try await root()
        let anew = try await MadeCertificate.make(in: folder.path, "anew", subject: "root", names: nil)
        let other = PairingError.relayUntrusted(.otherAuthority("root"))
        let leaf = try await MadeCertificate.make(in: folder.path, "leaf", issuer: anew)
        for versions in [12...12, 12...13] {
            let failure = try await failure(leaf, trusting: root, versions: versions)
            #expect(failure == other)
        }
        // With key identifiers, BoringSSL sees that the issuer has another key, and so does not check the signature.
        let keyed = try await MadeCertificate.make(
            in: folder.path,
            "keyed",
            subject: "root",
            names: nil,
            more: ["subjectKeyIdentifier = hash"]
        )
        let old = try await MadeCertificate.make(
            in: folder.path,
            "old",
            subject: "root",
            names: nil,
            more: ["subjectKeyIdentifier = hash"]
        )
        let byKeyed = ["authorityKeyIdentifier = keyid:always"]
        let direct = try await MadeCertificate.make(in: folder.path, "direct", issuer: keyed, more: byKeyed)
        #expect(try await failure(direct, trusting: old) == other)
        let middle = try await MadeCertificate.make(
            in: folder.path,
            "middle",
            names: nil,
            issuer: keyed,
            isAuthority: true,
            more: byKeyed
        )
        let below = try await MadeCertificate.make(in: folder.path, "below", issuer: middle)
        #expect(try await failure(try below.sent(with: [middle], in: folder), trusting: old) == other)
        // A certificate with a critical extension that BoringSSL does not know, signed by a trusted authority.
        let odd = try await MadeCertificate.make(
            in: folder.path,
            "odd",
            issuer: root,
            more: ["1.2.3.4 = critical, DER:0500"]
        )
        #expect(try await failure(odd, trusting: root) == .relayUntrusted(.unfitFrom(authority: "root")))
        // A self-signed certificate that was made anew with another key.
        let own = try await MadeCertificate.make(in: folder.path, "own", subject: "relay")
        let ownAnew = try await MadeCertificate.make(in: folder.path, "own-anew", subject: "relay")
        #expect(try await failure(ownAnew, trusting: own) == .relayUntrusted(.otherAuthority("relay")))
    }

    @Test("A proxy's chain is explained as a relay's is") func proxys() async throws {
        let root = try await root()
        let over = try await intermediate("over", by: root, until: "20200131120000Z")
        let leaf = try await MadeCertificate.make(in: folder.path, "proxy", names: "IP:127.0.0.1", issuer: over)
        let roots = TrustedRoots(pemFile: root.certificate)
        try await ConnectProxy.run(to: 1, tls: try leaf.sent(with: [over], in: folder)) { proxy, port in
            let address = try #require(RelayAddress(host: "relay.test", port: 1, isPlain: false))
            let settings = ProxySettings.proxy(try ProxyAddress(url: "https://127.0.0.1:\(port)"), roots: roots)
            let failure = try await offerFailure(at: address, roots: roots, by: settings)
            guard case .proxyFailed(.untrusted(.expired(_, _, .sent("over"))))? = failure?.kind else {
                Issue.record("\(String(describing: failure))")
                return
            }
            // The client sends no request to a proxy with such a certificate, neither on the first connection nor on
            // the second, by which it reads the certificate chain.
            #expect(proxy.heads.isEmpty)
        }
    }

    @Test(
        "Files of authorities may have a byte order mark, line ends of DOS, and paths that are no UTF-8"
    )
    func forms() async throws {
        let made = try await MadeCertificate.make(in: folder.path, "relay")
        let text = try String(contentsOfFile: made.certificate, encoding: .utf8)
        for form in ["\u{FEFF}" + text, text.replacing("\n", with: "\r\n"), "Subject: x\n" + text] {
            let path = Array((folder.path + "/ca-").utf8) + [0xFF, 0xC3, 0x28]
            try path.withUnsafeBytes { bytes in
                let name = Array(bytes) + [0]
                let file = name.withUnsafeBytes {
                    open($0.bindMemory(to: CChar.self).baseAddress!, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
                }
                try #require(file >= 0)
                try FileHandle(fileDescriptor: file, closeOnDealloc: true).write(contentsOf: Data(form.utf8))
            }
            try await Impostor.tls(made).run { port in
                // The client accepts the certificate. It then sends its request, which this server never answers.
                var limits = ClientLimits.unhurried
                (limits.upgradeTimeout, limits.connectTimeout, limits.callTimeout) = (
                    .milliseconds(100), .seconds(60), .milliseconds(100)
                )
                limits.reachTimeout = .zero
                let client = PairingClient(
                    name: DeviceName(cleaning: "one")!,
                    store: MemorySeedStore(.random()),
                    roots: TrustedRoots(pemPath: path),
                    proxies: .none,
                    limits: limits
                )
                let address = try RelayAddress(url: "wss://localhost:\(port)")
                let failure = try await Watch(client.offer(at: address) { _ in .decline }).failure()
                #expect(failure == .relayUnreachable(.noAnswer))
            }
        }
    }
}
