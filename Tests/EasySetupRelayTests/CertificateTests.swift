import EasySetupRelayCore
import Foundation
import NIOCore
import NIOEmbedded
import NIOSSL
import SeededRandom
import Synchronization
import TestSupport
import Testing

@testable import EasySetupRelay

/// The relay's warnings about its certificate, and its choice between the old certificate and a new one. The tests make
/// certificates with `openssl`.
@Suite("Certificates of a relay", .inTurn, .timeLimit(.minutes(60))) struct CertificateTests {
    static let day: Int64 = 24 * 60 * 60

    // MARK: Kinds of keys

    @Test(
        "A kind of key is refused if devices can't use it, or if it is too short to be safe",
        arguments: [
            ("p256", TestKey.p256, PublicKeyKind.p256, true), ("p384", TestKey.curve("secp384r1"), .p384, true),
            ("p521", TestKey.curve("secp521r1"), .p521, false), ("ed25519", TestKey.ed25519, .other("Ed25519"), false),
            ("koblitz", TestKey.curve("secp256k1"), .other("ECDSA of another curve"), false),
            ("rsa512", TestKey.rsa(512), .rsa(bits: 512), false),
            ("rsa1024", TestKey.rsa(1024), .rsa(bits: 1024), true),
            ("rsa2047", TestKey.rsa(2047), .rsa(bits: 2047), true),
            ("rsa2048", TestKey.rsa(2048), .rsa(bits: 2048), true),
            ("rsa3072", TestKey.rsa(3072), .rsa(bits: 3072), true),
        ]
    )
    func kindKeyRefused(
        _ name: String,
        _ key: [String],
        _ kind: PublicKeyKind,
        _ isTakenByDevices: Bool
    ) async throws {
        try await withFolder { folder in
            let files = try await makeCertificate(in: folder, name, key: key)
            if let problem = kind.problem {
                #expect(throws: RelayError.badCertificate(path: files.certificatePath, problem)) { try files.load() }
            } else {
                #expect(try files.load().chain[0].key == kind)
            }
            let isWeak = if case .weakKey = kind.problem { true } else { false }
            #expect(isWeak == ["rsa512", "rsa1024", "rsa2047"].contains(name))
            // Any other key is refused if a client of SwiftNIO SSL with default settings does not accept it.
            let isTaken = (try? handshake(files)) ?? false
            #expect(isTaken == isTakenByDevices)
            #expect(isWeak || isTaken == (kind.problem == nil))
        }
    }

    @Test("The kind of a key is found in any certificate, and in nothing else") func kindKeyFound() async throws {
        try await withFolder { folder in
            let files = try await makeCertificate(in: folder, "one")
            let der = try NIOSSLCertificate.fromPEMFile(files.certificatePath)[0].toDERBytes()
            #expect(PublicKeyKind(certificate: der) == .p256)
            for count in 0..<100 { #expect(PublicKeyKind(certificate: Array(der.prefix(count))) == nil) }
            // Whatever byte is changed, the parser must not read beyond the end.
            var random = SplitMix(state: 1)
            for _ in 0..<20_000 {
                var changed = der
                changed[Int(random.next() % UInt64(der.count))] = UInt8(truncatingIfNeeded: random.next())
                _ = PublicKeyKind(certificate: changed)
                _ = CertificateFacts.isForServers(extendedKeyUsage: changed)
                _ = CertificateFacts.maySign(keyUsage: changed)
            }
        }
    }

    // MARK: What is said

    @Test("Only times are warnings, each with its day") func timesAreWarnings() async throws {
        try await withFolder { folder in
            let files = try await makeCertificate(in: folder, "one", days: 30)
            let loaded = try files.load()
            let (from, to) = (loaded.chain[0].notBefore, loaded.chain[0].notAfter)
            func said(_ now: Int64) -> [CertificateWarning] { loaded.warnings(now: now, authorities: []) }
            #expect(said(from - 1) == [.notYetValid(position: 1, day: UTCDay.text(from))])
            #expect(said(from) == [])
            #expect(said(to - CertificateWarning.soon) == [])
            #expect(said(to - CertificateWarning.soon + 1) == [.expiresSoon(position: 1, day: UTCDay.text(to))])
            #expect(said(to) == [.expiresSoon(position: 1, day: UTCDay.text(to))])
            #expect(said(to + 1) == [.expired(position: 1, day: UTCDay.text(to))])
            #expect(loaded.problem(now: from - 1) == .notYetValid(UTCDay.text(from)))
            #expect(loaded.problem(now: to) == nil)
            #expect(loaded.problem(now: to + 1) == .expired(UTCDay.text(to)))
        }
    }

    @Test(
        "A time is shown with its day",
        arguments: [
            (0, "1970-01-01"), (951_782_400, "2000-02-29"), (1_900_000_000, "2030-03-17"),
            (32_503_679_999, "2999-12-31"),
            (253_402_300_799, "9999-12-31"), (-1, "1969-12-31"),
        ] as [(Int64, String)]
    )
    func timeShownDay(_ seconds: Int64, _ day: String) {
        #expect(UTCDay.text(seconds) == day)
    }

    @Test(
        "Names and purposes of a certificate are checked",
        arguments: [
            ("good", TestKey.p256, "DNS:localhost", [], []), ("address", TestKey.p256, "IP:127.0.0.1", [], []),
            ("nameless", TestKey.p256, nil, [], [.noNames]),
            ("mail", TestKey.p256, "email:a@example.org", [], [.noNames]),
            ("client", TestKey.p256, "DNS:localhost", ["extendedKeyUsage=clientAuth"], [.notForServers]),
            ("both", TestKey.p256, "DNS:localhost", ["extendedKeyUsage=clientAuth,serverAuth"], []),
            ("any", TestKey.p256, "DNS:localhost", ["extendedKeyUsage=anyExtendedKeyUsage"], []),
            ("authority", TestKey.rsa(2048), "DNS:localhost", ["keyUsage=critical,keyCertSign"], [.mayNotSign]),
            ("enciphers", TestKey.rsa(2048), "DNS:localhost", ["keyUsage=keyEncipherment"], [.mayNotSign]),
            ("signs", TestKey.p256, "DNS:localhost", ["keyUsage=digitalSignature,keyCertSign"], []),
        ] as [(String, [String], String?, [String], [CertificateWarning])]
    )
    func namesPurposesCertificate(
        _ name: String,
        _ key: [String],
        _ names: String?,
        _ extensions: [String],
        _ expected: [CertificateWarning]
    ) async throws {
        try await withFolder { folder in
            let files = try await makeCertificate(in: folder, name, key: key, names: names, extensions: extensions)
            let loaded = try files.load()
            #expect(loaded.warnings(now: loaded.chain[0].notBefore + Self.day, authorities: []) == expected)
        }
    }

    @Test("A certificate whose key usage forbids signatures is refused where the TLS library refuses it")
    func certificateWhoseKey()
        async throws
    {
        try await withFolder { folder in
            let files = try await makeCertificate(in: folder, "authority", extensions: ["keyUsage=keyCertSign"])
            #expect(throws: RelayError.badCertificate(path: files.certificatePath, .unfitUsage)) { try files.load() }
        }
    }

    @Test("A chain in wrong order, and one whose end is unknown, are warnings") func chains() async throws {
        try await withFolder { folder in
            let root = try await makeCertificate(in: folder, "root", names: nil)
            let middle = try await makeCertificate(in: folder, "middle", names: nil, issuer: root)
            let leaf = try await makeCertificate(in: folder, "leaf", issuer: middle)
            let authorities: Set = [try root.load().chain[0].subject]
            func said(_ files: CertificateFiles...) throws -> [CertificateWarning] {
                let text = try files.map { try String(contentsOfFile: $0.certificatePath, encoding: .utf8) }.joined()
                let chain = folder + "/chain.pem"
                try text.write(toFile: chain, atomically: true, encoding: .utf8)
                let loaded = try CertificateFiles(certificate: chain, key: files[0].keyPath).load()
                return loaded.warnings(now: loaded.chain[0].notBefore + Self.day, authorities: authorities)
            }
            #expect(try said(leaf, middle) == [])
            #expect(try said(leaf, middle, root) == [])
            #expect(try said(leaf) == [.unknownIssuer])
            #expect(try said(leaf, root) == [.brokenChain(position: 2)])
            #expect(try said(leaf, root, middle) == [.brokenChain(position: 2), .brokenChain(position: 3)])
            // An authority that was made anew has the same name, but another key.
            try FileManager.default.createDirectory(atPath: folder + "/anew", withIntermediateDirectories: false)
            let anew = try await makeCertificate(in: folder + "/anew", "middle", names: nil, issuer: root)
            #expect(try said(leaf, anew) == [.brokenChain(position: 2)])
        }
    }

    @Test(
        "A private key that others may read is used, and the relay warns of it",
        arguments: [0o640, 0o644, 0o660, 0o666]
    )
    func privateKeyOthers(_ mode: Int) async throws {
        try await withFolder { folder in
            let files = try await makeCertificate(in: folder, "one")
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: files.keyPath)
            let loaded = try files.load()
            let isFine = mode == 0o640 && geteuid() == 0
            let said = loaded.warnings(now: loaded.chain[0].notBefore + Self.day, authorities: [])
            #expect(said == (isFine ? [] : [.keyOpenToOthers]))
        }
    }

    // MARK: What is no certificate

    @Test("A file that can't be used is refused with its reason") func fileCaUsed() async throws {
        try await withFolder { folder in
            let good = try await makeCertificate(in: folder, "one")
            let pem = try String(contentsOfFile: good.certificatePath, encoding: .utf8)
            let key = try String(contentsOfFile: good.keyPath, encoding: .utf8)
            func problem(certificate: String, key: String) throws -> RelayError.CertificateProblem? {
                let files = CertificateFiles(certificate: folder + "/c", key: folder + "/k")
                try certificate.write(toFile: files.certificatePath, atomically: true, encoding: .utf8)
                try key.write(toFile: files.keyPath, atomically: true, encoding: .utf8)
                do {
                    _ = try files.load()
                    return nil
                } catch {
                    if case .badCertificate(_, let problem) = error.kind { return problem }
                    throw error
                }
            }
            #expect(try problem(certificate: pem, key: key) == nil)
            #expect(try problem(certificate: "", key: key) == .empty)
            #expect(try problem(certificate: pem, key: " \r\n") == .empty)
            #expect(try problem(certificate: "nonsense", key: key) == .unreadable)
            #expect(try problem(certificate: key, key: key) == .otherContent("a private key"))
            #expect(try problem(certificate: pem, key: pem) == .otherContent("a certificate"))
            #expect(try problem(certificate: String(pem.dropLast(40)), key: key) == .unreadable)
            let ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
            #expect(try problem(certificate: pem, key: ssh) == .otherContent("an OpenSSH key"))
            for (form, isKey) in [
                (["x509", "-in", good.certificatePath], false), (["pkey", "-in", good.keyPath], true),
                (["rsa", "-in", folder + "/rsa"], true),
            ] {
                if form[0] == "rsa" { try await openssl(["genrsa", "-out", folder + "/rsa", "2048"]) }
                try await openssl(form + ["-outform", "DER", "-out", folder + "/der"])
                let files = CertificateFiles(
                    certificate: isKey ? good.certificatePath : folder + "/der",
                    key: isKey ? folder + "/der" : good.keyPath
                )
                #expect(throws: RelayError.badCertificate(path: folder + "/der", .binary)) { try files.load() }
            }
            try await openssl(
                ["pkcs12", "-export", "-in", good.certificatePath, "-inkey", good.keyPath, "-passout", "pass:"]
                    + ["-out", folder + "/p12"]
            )
            let bundle = CertificateFiles(certificate: folder + "/p12", key: folder + "/p12")
            #expect(throws: RelayError.badCertificate(path: folder + "/p12", .binary)) { try bundle.load() }
            try await openssl(["req", "-new", "-key", good.keyPath, "-subj", "/CN=x", "-out", folder + "/csr"])
            let request = try String(contentsOfFile: folder + "/csr", encoding: .utf8)
            #expect(try problem(certificate: request, key: key) == .otherContent("a request for a certificate"))
            // Some editors and systems write byte order marks and line ends of CR and LF.
            #expect(try problem(certificate: "\u{FEFF}" + pem, key: "\u{FEFF}" + key) == nil)
            let dos = { (text: String) in text.replacing("\n", with: "\r\n") }
            #expect(try problem(certificate: dos(pem), key: dos(key)) == nil)
            #expect(try problem(certificate: "Subject: CN=one\n" + pem, key: "Bag Attributes\n" + key) == nil)
            for form in [["pkcs8", "-topk8"], ["ec"]] {
                try await openssl(
                    form + ["-in", good.keyPath, "-out", folder + "/e", "-passout", "pass:secret"]
                        + (form[0] == "ec" ? ["-aes128"] : [])
                )
                let encrypted = try String(contentsOfFile: folder + "/e", encoding: .utf8)
                #expect(try problem(certificate: pem, key: encrypted) == .encryptedKey)
            }
            let large = String(repeating: pem, count: 1 + CertificateFiles.maximumByteCount / pem.utf8.count)
            let limit = CertificateFiles.maximumByteCount
            #expect(try problem(certificate: large, key: key) == .file(.tooLarge(limit: limit)))
        }
    }

    // MARK: While it runs

    @Test("A certificate is checked each day, and the relay warns again") func dailyCheck() async throws {
        try await withFolder { folder in
            let files = try await makeCertificate(in: folder, "one", days: 30)
            let to = try files.load().chain[0].notAfter
            let loop = EmbeddedEventLoop()
            let log = LogKeeper()
            // The relay starts nine days before the certificate expires.
            let start = to - 9 * Self.day
            let clock = RelayClock {
                let passed = Int64(loop.now.uptimeNanoseconds / 1_000_000_000)
                return Moment(monotonic: .seconds(passed), utcSeconds: start + passed)
            }
            let keeper = try CertificateKeeper(files, clock: clock, logger: log.logger, authorities: [])
            let watch = keeper.watch(on: loop)
            var said: [Int] = []
            for _ in 0..<12 {
                let before = log.lines.count
                loop.advanceTime(by: .hours(24))
                said.append(log.lines.count - before)
            }
            watch.cancel()
            #expect(said == [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
            let day = UTCDay.text(to)
            #expect(log.lines[0].contains("warning") && log.lines[0].contains("expires soon"))
            #expect(log.lines.last!.contains("has expired"))
            #expect(log.lines.allSatisfy { $0.contains(day) && $0.contains(files.certificatePath) })
        }
    }

    @Test("A certificate that no device can accept now does not replace one that devices accept")
    func certificateDeviceAccept() async throws {
        try await withFolder { folder in
            let files = try await makeCertificate(in: folder, "live", days: 30)
            let short = try await makeCertificate(in: folder, "short", days: 10)
            let log = LogKeeper()
            let now = Mutex(try files.load().chain[0].notBefore + 20 * Self.day)
            let clock = RelayClock { Moment(monotonic: .zero, utcSeconds: now.withLock { $0 }) }
            let keeper = try CertificateKeeper(files, clock: clock, logger: log.logger, authorities: [])
            #expect(log.lines.isEmpty)
            let first = keeper.context

            // At this time, the new certificate has expired, and the old one has not.
            try replace(files, by: short)
            keeper.reload()
            #expect(keeper.context === first)
            #expect(log.lines.count == 1)
            #expect(log.lines[0].contains("error certificate not changed") && log.lines[0].contains("has expired"))

            // Now the old certificate has expired too. The relay takes the new one, because it is no worse.
            now.withLock { $0 += 20 * Self.day }
            keeper.reload()
            #expect(keeper.context !== first)
            #expect(log.lines.last!.contains("the certificate has expired"))

            // The relay takes a valid certificate in place of any other.
            now.withLock { $0 -= 35 * Self.day }
            let second = keeper.context
            try replace(files, by: try await makeCertificate(in: folder, "other", days: 30))
            keeper.reload()
            #expect(keeper.context !== second)
        }
    }

    @Test("An expired certificate is a warning at the start, and is used all the same") func expiredCertificateWarning()
        async throws
    {
        try await withFolder { folder in
            let files = try await makeCertificate(in: folder, "one", days: 30)
            let end = try files.load().chain[0].notAfter
            let log = LogKeeper()
            let clock = RelayClock { Moment(monotonic: .zero, utcSeconds: end + 1) }
            var configuration = RelayConfiguration.secured(by: files)
            configuration.clock = clock
            let server = RelayServer(configuration: configuration, logger: log.logger)
            let running = Task { try await server.run() }
            _ = try await server.port
            #expect(log.lines.contains { $0.contains("warning the certificate has expired") })
            running.cancel()
            try await running.value
        }
    }

    private func replace(_ files: CertificateFiles, by other: CertificateFiles) throws {
        for (path, new) in [(files.certificatePath, other.certificatePath), (files.keyPath, other.keyPath)] {
            try Data(contentsOf: URL(filePath: new)).write(to: URL(filePath: path))
        }
    }
}

/// Whether a TLS handshake between a client and a server of SwiftNIO SSL succeeds, in memory. The client trusts the
/// certificate.
private func handshake(_ files: CertificateFiles) throws -> Bool {
    let server = TLSConfiguration.makeServerConfiguration(
        certificateChain: try NIOSSLCertificate.fromPEMFile(files.certificatePath).map { .certificate($0) },
        privateKey: .privateKey(try NIOSSLPrivateKey(file: files.keyPath, format: .pem))
    )
    var client = TLSConfiguration.makeClientConfiguration()
    client.trustRoots = .file(files.certificatePath)
    let ends = [EmbeddedChannel(), EmbeddedChannel()]
    let isDone = Done()
    try ends[0].pipeline.syncOperations.addHandler(
        NIOSSLServerHandler(context: try NIOSSLContext(configuration: server))
    )
    try ends[1].pipeline.syncOperations.addHandlers([
        try NIOSSLClientHandler(context: try NIOSSLContext(configuration: client), serverHostname: "localhost"), isDone,
    ])
    let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
    for end in ends { end.connect(to: address, promise: nil) }
    var moved = true
    while moved {
        moved = false
        for (from, to) in [(ends[0], ends[1]), (ends[1], ends[0])] {
            while let bytes = try from.readOutbound(as: ByteBuffer.self) {
                moved = true
                try to.writeInbound(bytes)
            }
        }
    }
    for end in ends {
        end.close(promise: nil)
        // After the peer has gone, SwiftNIO SSL waits this long for the peer's close.
        end.embeddedEventLoop.advanceTime(by: .seconds(60))
    }
    return isDone.isDone
}

private final class Done: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    var isDone = false

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if "\(event)".contains("handshakeCompleted") { isDone = true }
    }
}
