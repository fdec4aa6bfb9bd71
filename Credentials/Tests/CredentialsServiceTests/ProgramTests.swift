import AsyncHTTPClient
import CredentialsCore
import EasySetupChain
import EasySetupS3
import EasySetupSeed
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import CredentialsService

/// The built program beside a real store.
struct Service {
    let program: Running
    let port: Int
    let http: HTTPClient
    /// The longest session in seconds.
    let longest: Int

    /// An answer: its status and its JSON, empty where there is none.
    struct Answer {
        let status: Int
        let json: [String: Any]

        var problem: String? { (json["type"] as? String)?.replacing("urn:easysetup:problem:", with: "") }
    }

    /// Starts the program with a file of accounts.
    init(_ store: LiveStore, _ scratch: ScratchFolder, more: [String] = [], endpoint: String? = nil) async throws {
        let broker = try Self.keys("broker", store.broker, scratch)
        let poster = try Self.keys("poster", store.poster, scratch)
        let arguments = [
            "--listen", "127.0.0.1:0", "--host", "keys.example.org", "--store", scratch.path + "/accounts", "--node",
            "name=n1 endpoint=\(endpoint ?? store.endpoint) bucket=\(store.bucket) region=\(store.region)"
                + (store.kind == .ceph ? " call=role:\(store.role)" : ""),
            "--broker-file", broker, "--poster-file", poster, "--log-level", "debug",
        ]
        let isOpen = !more.contains("--registration") && !more.contains("--config")
        try await self.init(
            arguments + (isOpen ? ["--registration", "open"] : []) + more,
            longest: store.kind == .ceph ? 43_200 : 129_600
        )
    }

    /// Starts the program with these arguments.
    init(_ arguments: [String], longest: Int = 129_600) async throws {
        program = try Running(arguments, of: Self.path)
        let line = try #require(await program.logLine { $0.contains("listening for=devices port=") })
        port = try #require(line.split(separator: "=").last.flatMap { Int($0) })
        http = HTTPClient(eventLoopGroupProvider: .singleton)
        self.longest = longest
    }

    /// Writes a file of keys, which its owner alone may read.
    @discardableResult static func keys(_ name: String, _ identity: LiveStore.Identity, _ scratch: ScratchFolder) throws
        -> String
    {
        let path = try scratch.file(name, "\(identity.accessKey)\n\(identity.secret)\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        return path
    }

    /// The port of the status page.
    func adminPort() async throws -> Int {
        let line = try #require(await program.logLine { $0.contains("listening for=admin port=") })
        return try #require(line.split(separator: "=").last.flatMap { Int($0) })
    }

    /// A page of the admin port.
    func page(_ path: String) async throws -> String {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(try await adminPort())\(path)")
        let response = try await http.execute(request, timeout: .seconds(300))
        #expect(response.status == .ok)
        return String(buffer: try await response.body.collect(upTo: 1_048_576))
    }

    static let path = URL(filePath: Program.path).deletingLastPathComponent().appending(path: "easysetup-credentials")
        .path

    func call(_ method: String, _ path: String, body: [UInt8]? = nil, authorization: String? = nil) async throws
        -> Answer
    {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = HTTPMethod(rawValue: method)
        if let body {
            request.headers.add(name: "Content-Type", value: "application/octet-stream")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        if let authorization { request.headers.add(name: "Authorization", value: authorization) }
        let response = try await http.execute(request, timeout: .seconds(300))
        let bytes = try await response.body.collect(upTo: 1_048_576)
        let json = try? JSONSerialization.jsonObject(with: Data(bytes.readableBytesView)) as? [String: Any]
        return Answer(status: Int(response.status.code), json: json ?? [:])
    }

    /// Asks for credentials as a member, or as the device of a certificate.
    func credentials(
        _ user: UserID,
        by key: SyncSeed,
        time: Int = Int(Date().timeIntervalSince1970),
        nonce: [UInt8] = (0..<16).map { _ in .random(in: 0...255) },
        content: String = ""
    ) async throws -> Answer {
        let path = "/v1/\(UserIDText.write(user))/credentials"
        let request = CredentialsRequest(
            method: "POST",
            host: "keys.example.org",
            path: path,
            time: UInt64(time),
            nonce: nonce,
            content: Array(content.utf8)
        )
        return try await call("POST", path, body: request.signed(by: key))
    }

    /// Asks for credentials as a device with a certificate.
    func credentials(_ certificate: Certificate, by keys: DeviceKeys) async throws -> Answer {
        let path = "/v1/\(UserIDText.write(certificate.userID))/credentials"
        let request = CredentialsRequest(
            method: "POST",
            host: "keys.example.org",
            path: path,
            time: UInt64(Date().timeIntervalSince1970),
            nonce: (0..<16).map { _ in .random(in: 0...255) },
            certificate: certificate.bytes
        )
        return try await call("POST", path, body: request.signed(by: keys))
    }

    func revoke(_ device: [UInt8], by seed: SyncSeed) async throws -> Answer {
        let path = "/v1/\(UserIDText.write(seed.userID))/revocations"
        return try await call("POST", path, body: Self.request("POST", path, content: device).signed(by: seed))
    }

    func delete(by seed: SyncSeed) async throws -> Answer {
        let path = "/v1/\(UserIDText.write(seed.userID))"
        let text = Base64URL.text(Self.request("DELETE", path).signed(by: seed))
        return try await call("DELETE", path, authorization: "EasySetup \(text)")
    }

    private static func request(_ method: String, _ path: String, content: [UInt8] = []) -> CredentialsRequest {
        CredentialsRequest(
            method: method,
            host: "keys.example.org",
            path: path,
            time: UInt64(Date().timeIntervalSince1970),
            nonce: (0..<16).map { _ in .random(in: 0...255) },
            content: content
        )
    }

    /// A probe of the store with an answer, as a device would use it.
    func probe(_ answer: Answer) throws -> (probe: StoreProbe, keys: S3Keys, form: S3Form?, prefix: String) {
        let data = try JSONSerialization.data(withJSONObject: answer.json)
        let given = try JSONDecoder().decode(CredentialsAnswer.self, from: data)
        let probe = StoreProbe(
            http: http,
            address: try #require(S3Address(endpoint: given.endpoint, region: given.region, bucket: given.bucket)),
            now: Int(Date().timeIntervalSince1970)
        )
        let keys = S3Keys(
            accessKey: given.accessKey,
            secret: S3Secret(given.secretKey),
            sessionToken: S3Secret(given.sessionToken)
        )
        let fields = Dictionary(
            (given.forms.first?.fields ?? []).map { ($0.name, $0.value) },
            uniquingKeysWith: { first, _ in first }
        )
        let form = fields["policy"].map {
            S3Form(
                policy: $0,
                credential: fields["x-amz-credential"] ?? "",
                date: fields["x-amz-date"] ?? "",
                signature: S3Secret(fields["x-amz-signature"] ?? "")
            )
        }
        return (probe, keys, form, given.prefix)
    }

    func kill() async throws {
        program.interrupt(SIGKILL)
        _ = await program.end()
        try await http.shutdown()
    }

    /// Ends the program as a service manager does.
    func end() async throws {
        program.interrupt(SIGTERM)
        #expect(await program.end() == 0)
        try await http.shutdown()
    }
}

@Suite("The program beside a real store", .enabled(if: StoreTools.hasStore, StoreTools.hint))
struct ProgramTests {
    private let scratch = ScratchFolder()

    @Test("A member registers, writes by the form, lists and deletes in its prefix, and can do nothing beside it")
    func member() async throws {
        let service = try await Service(.shared(), scratch)
        let (seed, other) = (SyncSeed.random(), SyncSeed.random())
        let answer = try await service.credentials(seed.userID, by: seed)
        #expect(answer.status == 200)
        let ends = try #require(answer.json["ends"] as? Int)
        let time = try #require(answer.json["time"] as? Int)
        // GetFederationToken gives 36 hours, and AssumeRole 12.
        let whole = service.longest
        #expect(whole - 300...whole ~= ends - time)
        let (probe, keys, form, prefix) = try service.probe(answer)
        #expect(prefix == "1/\(UserIDText.write(seed.userID))/")
        let name = prefix + "notes/" + String(repeating: "a", count: 200)
        #expect(await probe.post(try #require(form), name: name)?.isDone == true)
        let listed = try #require(await probe.list(prefix, keys))
        #expect(listed.isDone && listed.body.contains(name))
        // Of another chain.
        let theirs = "1/\(UserIDText.write(other.userID))/"
        #expect(await probe.list(theirs, keys)?.isRefusal == true)
        #expect(await probe.list(String(prefix.dropLast()), keys)?.isRefusal == true)
        #expect(await probe.post(try #require(form), name: theirs + "a")?.isDone == false)
        #expect(await probe.post(try #require(form), name: name, body: "12345")?.isDone == false)
        #expect(await probe.object("PUT", name, keys)?.isRefusal == true)
        #expect(await probe.object("DELETE", name, keys)?.isDone == true)
        try await service.end()
    }

    @Test("A chain with more objects than it may have gets no form, and can delete until it has one again")
    func quota() async throws {
        let limits = [
            "objectsPerUser=2", "requestsPerUser=1000000", "requestsPerPrefix=1000000", "cleanupsPerUser=2",
        ]
        let service = try await Service(.shared(), scratch, more: limits.flatMap { ["--limit", $0] })
        let seed = SyncSeed.random()
        let first = try await service.credentials(seed.userID, by: seed)
        let (probe, _, form, prefix) = try service.probe(first)
        for name in ["a", "b", "c"] {
            #expect(await probe.post(try #require(form), name: prefix + "notes/" + name)?.isDone == true)
        }
        // The first answer's count may have seen some of them or none; it is due again when the row says so.
        let accounts = try AccountStore(path: scratch.path + "/accounts", limits: ServiceLimits())
        try await until { try await accounts.summary(now: 0).counted == 1 }
        try await accounts.set(objects: 0, of: seed.userID, now: 0)
        // A request while another is being counted counts none, so it is repeated.
        try await until {
            _ = try await service.credentials(seed.userID, by: seed)
            return try await accounts.summary(now: 0).objects == 3
        }
        // Of the answers with a form to clean up the first may have come above, between a count and a look at it.
        var full = try await service.credentials(seed.userID, by: seed)
        var cleanups = 0
        while (full.json["forms"] as? [Any])?.count == 1, cleanups < 3 {
            #expect(full.json["full"] as? Bool == true)
            let (ends, time) = (full.json["ends"] as? Int ?? 0, full.json["time"] as? Int ?? 0)
            #expect(1...900 ~= ends - time)
            cleanups += 1
            full = try await service.credentials(seed.userID, by: seed)
        }
        #expect(1...2 ~= cleanups)
        #expect(full.status == 200)
        #expect(full.json["full"] as? Bool == true)
        #expect((full.json["forms"] as? [Any])?.isEmpty == true)
        let (_, keys, none, _) = try service.probe(full)
        #expect(none == nil)
        #expect(await probe.object("DELETE", prefix + "notes/a", keys)?.isDone == true)
        try await accounts.set(objects: 3, of: seed.userID, now: 0)
        try await until {
            _ = try await service.credentials(seed.userID, by: seed)
            return try await accounts.summary(now: 0).objects == 2
        }
        #expect(try await service.credentials(seed.userID, by: seed).json["full"] as? Bool == false)
        try await service.end()
    }

    @Test("The check of a right store finds nothing wrong, and shows no secret")
    func check() async throws {
        let store = try await LiveStore.shared()
        let service = try await Service(store, scratch)
        let arguments = service.program.arguments
        try await service.end()
        let check = try Running(arguments + ["--check"], of: Service.path)
        #expect(await check.end() == 0)
        let lines = await check.output().split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("  fine: ") } > 15)
        #expect(
            !lines.contains {
                $0.contains("wrong: ") || $0.contains(store.broker.secret) || $0.contains(store.poster.secret)
            }
        )
    }

    @Test("The check of a store whose poster may do more, or whose broker is none, says what is wrong")
    func wrongStore() async throws {
        let store = try await LiveStore.shared()
        let service = try await Service(store, scratch)
        var arguments = service.program.arguments
        try await service.end()
        let admin = try Service.keys("admin", store.admin, scratch)
        arguments[try #require(arguments.firstIndex(of: "--poster-file")) + 1] = admin
        let loose = try Running(arguments + ["--check"], of: Service.path)
        #expect(await loose.end() == 40)
        #expect(await loose.output().split(separator: "\n").contains("  wrong: the poster may not list the bucket"))
        let nobody = try scratch.file("nobody", "NOBODYKEY\nnobody-secret\n")
        arguments[try #require(arguments.firstIndex(of: "--broker-file")) + 1] = nobody
        let none = try Running(arguments + ["--check"], of: Service.path)
        #expect(await none.end() == 40)
        #expect(
            await none.output().split(separator: "\n").contains {
                $0.hasPrefix("  wrong: STS gives the broker a session of \(service.longest) s: STS refused")
            }
        )
    }

    @Test("SIGHUP reads settings and keys anew, and what can't be used changes nothing")
    func reload() async throws {
        let store = try await LiveStore.shared()
        let file = try scratch.file("settings", "registration = closed\n")
        let service = try await Service(store, scratch, more: ["--config", file, "--admin", "127.0.0.1:0"])
        let seed = SyncSeed.random()
        let metric = "easysetup_credentials_last_reload_successful"
        func problem() async throws -> String? { try await service.credentials(seed.userID, by: seed).problem }
        #expect(try await problem() == "registration-closed")
        _ = try scratch.file(
            "settings",
            "registration = open\nlog-format = json\nlimit = requestsPerUser=1000000\nlimit = requestsPerPrefix=1000000\n"
        )
        service.program.interrupt(SIGHUP)
        try await until { try await problem() == nil }
        // The rotation of keys: wrong ones first, so that the store shows that they are used.
        try Service.keys("broker", LiveStore.Identity(accessKey: "NOBODYKEY", secret: "nobody-secret"), scratch)
        service.program.interrupt(SIGHUP)
        try await until { try await problem() == "store-failed" }
        try Service.keys("broker", store.broker, scratch)
        service.program.interrupt(SIGHUP)
        try await until { try await problem() == nil }
        #expect(try await service.page("/metrics").contains(metric + " 1"))
        _ = try scratch.file("settings", "registration = nobody\n")
        service.program.interrupt(SIGHUP)
        try await until { try await service.page("/metrics").contains(metric + " 0") }
        #expect(try await problem() == nil)
        #expect(try await service.page("/status.json").contains(#""name":"reload""#))
        // Two signals at once may come in either order.
        service.program.interrupt(SIGUSR2)
        #expect(await service.program.logLine { $0.contains("log level changed to=info") } != nil)
        service.program.interrupt(SIGUSR1)
        #expect(await service.program.logLine { $0.contains("log level changed to=debug") } != nil)
        try await service.end()
        let lines = await service.program.errors().split(separator: "\n")
        #expect(lines.contains { $0.contains("settings=log-format") })
        #expect(lines.contains { $0.contains("settings not changed") && $0.contains("registration is open") })
        #expect(lines.count { $0.contains("reload done: everything could be used") } == 3)
        #expect(lines.count { $0.contains("reload failed") } == 1)
        #expect(!lines.contains { $0.contains(store.broker.secret) || $0.contains("nobody-secret") })
    }

    @Test("The check of settings tries no store, makes no file, and tells of keys that others may read")
    func checkSettings() async throws {
        let arguments = [
            "--listen", "127.0.0.1:0", "--host", "keys.example.org", "--store", scratch.path + "/none", "--node",
            "name=n1 endpoint=http://127.0.0.1:1 bucket=chains", "--broker-file", scratch.path + "/broker",
            "--poster-file", scratch.path + "/poster", "--check-settings",
        ]
        for name in ["broker", "poster"] {
            try Service.keys(name, LiveStore.Identity(accessKey: name, secret: "not-shown"), scratch)
        }
        let right = try Running(arguments, of: Service.path)
        #expect(await right.end() == 0)
        #expect(await right.output().contains("listen = 127.0.0.1:0  [option]"))
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/none"))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: scratch.path + "/poster")
        let loose = try Running(arguments, of: Service.path)
        #expect(await loose.end() == 40)
        let told = await loose.output()
        #expect(told.contains("unsafe: other users may read or change \(scratch.path)/poster"))
        #expect(!told.contains("not-shown"))
        let wrong = try Running(arguments + ["--registration", "nobody"], of: Service.path)
        #expect(await wrong.end() == 78)
    }

    @Test("A device with a certificate lists and writes its collections, and nothing else, until it is revoked")
    func device() async throws {
        let service = try await Service(.shared(), scratch)
        let (seed, keys) = (SyncSeed.random(), DeviceKeys.random())
        let (notes, bookmarks) = (try CollectionName("notes"), try CollectionName("bookmarks"))
        let device = DeviceID(value: 7)
        let certificate = try Certificate(
            device: device,
            signingKey: keys.signingKey,
            boxKey: keys.boxKey,
            collections: [notes: true, bookmarks: false],
            seed: seed
        )
        #expect(try await service.credentials(certificate, by: keys).problem == "unknown-chain")
        let member = try service.probe(try await service.credentials(seed.userID, by: seed))
        let answer = try await service.credentials(certificate, by: keys)
        #expect(answer.status == 200)
        let forms = try #require(answer.json["forms"] as? [[String: Any]])
        let prefix = member.prefix
        let ids = [notes, .devices, .requests].map { CollectionID(of: $0, seed: seed).text }
        #expect(Set(forms.compactMap { $0["prefix"] as? String }) == Set(ids.map { prefix + $0 + "/" }))
        let (probe, session, form, _) = try service.probe(answer)
        let written = try #require(forms.first?["prefix"] as? String)
        #expect(await probe.post(try #require(form), name: written + "a")?.isDone == true)
        let readable = prefix + CollectionID(of: bookmarks, seed: seed).text + "/"
        #expect(await probe.post(try #require(form), name: readable + "a")?.isDone == false)
        #expect(await probe.list(written, session)?.body.contains(written + "a") == true)
        #expect(await probe.list(readable, session)?.isDone == true)
        let hidden = prefix + CollectionID(of: .collections, seed: seed).text + "/"
        for other in [hidden, prefix, "1/"] { #expect(await probe.list(other, session)?.isRefusal == true) }
        #expect(await probe.object("DELETE", written + "a", session)?.isRefusal == true)
        // A device may ask for credentials, and revoke itself; nothing else.
        let path = "/v1/\(UserIDText.write(seed.userID))/revocations"
        func revocation(of device: [UInt8], by keys: DeviceKeys) async throws -> Service.Answer {
            let request = CredentialsRequest(
                method: "POST",
                host: "keys.example.org",
                path: path,
                time: UInt64(Date().timeIntervalSince1970),
                nonce: (0..<16).map { _ in .random(in: 0...255) },
                certificate: certificate.bytes,
                content: device
            )
            return try await service.call("POST", path, body: request.signed(by: keys))
        }
        for other in [Array(8..<16), DeviceID(value: 8).bytes, [], Array(device.bytes.dropLast())] {
            #expect(try await revocation(of: other, by: keys).problem == "seed-needed")
        }
        #expect(try await revocation(of: device.bytes, by: .random()).problem == "bad-signature")
        #expect(try await service.credentials(certificate, by: .random()).problem == "bad-signature")
        #expect(try await revocation(of: device.bytes, by: keys).status == 204)
        #expect(try await service.credentials(certificate, by: keys).problem == "device-revoked")
        #expect(try await service.revoke(device.bytes, by: seed).status == 204)
        #expect(try await service.credentials(certificate, by: keys).problem == "device-revoked")
        try await service.end()
    }

    @Test("A device with a certificate that asks without end holds up neither its revocation nor its chain's members")
    func endless() async throws {
        let limits = ["requestsPerUser=20", "requestsPerPrefix=1000000"]
        let service = try await Service(.shared(), scratch, more: limits.flatMap { ["--limit", $0] })
        let (seed, keys) = (SyncSeed.random(), DeviceKeys.random())
        let certificate = try Certificate(
            device: DeviceID(value: 7),
            signingKey: keys.signingKey,
            boxKey: keys.boxKey,
            collections: [CollectionName("notes"): true],
            seed: seed
        )
        #expect(try await service.credentials(seed.userID, by: seed).status == 200)
        var problems: [String?] = []
        for _ in 0..<50 { problems.append(try await service.credentials(certificate, by: keys).problem) }
        // A new minute may have begun in between.
        #expect(problems.count { $0 == nil } <= 2 * ServiceLimits().requestsPerDevice)
        #expect(problems.allSatisfy { $0 == nil || $0 == "too-many" })
        #expect(try await service.revoke(DeviceID(value: 7).bytes, by: seed).status == 204)
        #expect(try await service.credentials(seed.userID, by: seed).status == 200)
        try await service.end()
    }

    @Test("A certificate that has ended, or of another chain, is refused by its name")
    func certificates() async throws {
        let service = try await Service(.shared(), scratch)
        let (seed, keys) = (SyncSeed.random(), DeviceKeys.random())
        func certificate(_ seed: SyncSeed, notAfter: UInt64) throws -> Certificate {
            try Certificate(
                device: DeviceID(value: 7),
                signingKey: keys.signingKey,
                boxKey: keys.boxKey,
                collections: [CollectionName("notes"): true],
                notAfter: notAfter,
                seed: seed
            )
        }
        _ = try await service.credentials(seed.userID, by: seed)
        #expect(
            try await service.credentials(certificate(seed, notAfter: 1_000), by: keys).problem == "certificate-ended"
        )
        let end = UInt64(Date().timeIntervalSince1970) + 600
        let answer = try await service.credentials(certificate(seed, notAfter: end), by: keys)
        #expect(answer.status == 200)
        #expect(answer.json["ends"] as? Int == Int(end))
        let foreign = try certificate(.random(), notAfter: 0).bytes
        let path = "/v1/\(UserIDText.write(seed.userID))/credentials"
        let request = CredentialsRequest(
            method: "POST",
            host: "keys.example.org",
            path: path,
            time: UInt64(Date().timeIntervalSince1970),
            nonce: (0..<16).map { _ in .random(in: 0...255) },
            certificate: foreign
        )
        #expect(try await service.call("POST", path, body: request.signed(by: keys)).problem == "bad-certificate")
        try await service.end()
    }

    @Test("A wrong clock is told the service's time, with which the request is right")
    func clock() async throws {
        let service = try await Service(.shared(), scratch)
        let seed = SyncSeed.random()
        let refused = try await service.credentials(seed.userID, by: seed, time: 1_000_000_000)
        #expect(refused.status == 401)
        #expect(refused.problem == "wrong-clock")
        let time = try #require(refused.json["time"] as? Int)
        #expect(try await service.credentials(seed.userID, by: seed, time: time).status == 200)
        try await service.end()
    }

    @Test("Strangers' requests are refused, each by its name")
    func strangers() async throws {
        let service = try await Service(.shared(), scratch, more: ["--registration", "closed"])
        let seed = SyncSeed.random()
        let path = "/v1/\(UserIDText.write(seed.userID))/credentials"
        #expect(try await service.credentials(seed.userID, by: .random()).problem == "bad-signature")
        #expect(try await service.credentials(seed.userID, by: seed).problem == "registration-closed")
        #expect(try await service.call("POST", path, body: []).problem == "bad-body")
        #expect(
            try await service.call("POST", path, body: Array(repeating: 0, count: 20_000)).problem == "body-too-large"
        )
        #expect(try await service.call("POST", path).problem == "wrong-content")
        #expect(try await service.call("GET", path).problem == "method-not-allowed")
        #expect(try await service.call("POST", "/v1/*/credentials", body: []).problem == "bad-user-id")
        #expect(
            try await service.call("POST", "/\(seed.userID.base64.replacing("/", with: "%2F"))/credentials").problem
                == "not-found"
        )
        #expect(try await service.call("GET", "/health/ready").status == 200)
        #expect(try await service.delete(by: seed).problem == "unknown-chain")
        try await service.end()
    }

    @Test("A service that is killed between any two steps has lost none of them")
    func killed() async throws {
        let store = try await LiveStore.shared()
        let seed = SyncSeed.random()
        let nonce: [UInt8] = (0..<16).map { _ in .random(in: 0...255) }
        let time = Int(Date().timeIntervalSince1970)
        let first = try await Service(store, scratch)
        let before = try await first.credentials(seed.userID, by: seed, time: time, nonce: nonce)
        #expect(before.status == 200)
        try await first.kill()
        let second = try await Service(store, scratch, more: ["--registration", "closed"])
        #expect(try await second.credentials(seed.userID, by: seed, time: time, nonce: nonce).problem == "nonce-used")
        let after = try await second.credentials(seed.userID, by: seed)
        #expect(after.status == 200)
        #expect(after.json["bucket"] as? String == before.json["bucket"] as? String)
        #expect(try await second.revoke(Array(0..<8), by: seed).status == 204)
        try await second.kill()
        let third = try await Service(store, scratch)
        #expect(try await third.delete(by: seed).status == 204)
        try await third.kill()
        let fourth = try await Service(store, scratch)
        let gone = try await fourth.credentials(seed.userID, by: seed)
        #expect(gone.status == 410)
        #expect(gone.problem == "account-deleted")
        #expect(try await fourth.delete(by: seed).status == 204)
        try await fourth.end()
    }

    @Test("Two programs with one file give a chain one place, whichever is asked")
    func two() async throws {
        let store = try await LiveStore.shared()
        let services = [try await Service(store, scratch), try await Service(store, scratch)]
        let seed = SyncSeed.random()
        let statuses = try await withThrowingTaskGroup(of: Int.self) { tasks in
            for service in services + services {
                tasks.addTask { try await service.credentials(seed.userID, by: seed).status }
            }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == [200, 200, 200, 200])
        for service in services { try await service.end() }
        let accounts = try AccountStore(path: scratch.path + "/accounts", limits: ServiceLimits())
        let summary = try await accounts.summary(now: 0)
        #expect(summary.accounts == 1)
        #expect(summary.nodes.map(\.load) == [1])
    }

    @Test("Without its store the service says so, and what it has registered stays")
    func noStore() async throws {
        let store = try await LiveStore.shared()
        let seed = SyncSeed.random()
        let first = try await Service(store, scratch, endpoint: "http://127.0.0.1:1")
        let refused = try await first.credentials(seed.userID, by: seed)
        #expect(refused.status == 502)
        #expect(refused.problem == "store-failed")
        try await first.end()
        let second = try await Service(store, scratch, more: ["--registration", "closed"])
        #expect(try await second.credentials(seed.userID, by: seed).status == 200)
        try await second.end()
    }

    @Test("An invitation that the program made registers one chain")
    func invitation() async throws {
        let store = try await LiveStore.shared()
        let service = try await Service(store, scratch, more: ["--registration", "invitation"])
        let program = try Running(service.program.arguments + ["--invite", "2"], of: Service.path)
        #expect(await program.end() == 0)
        let invitations = await program.output().split(separator: "\n")
        #expect(invitations.count == 2)
        #expect(invitations.allSatisfy { $0.count == 22 })
        let (seed, other) = (SyncSeed.random(), SyncSeed.random())
        #expect(try await service.credentials(seed.userID, by: seed).problem == "invitation-needed")
        #expect(try await service.credentials(seed.userID, by: seed, content: String(invitations[0])).status == 200)
        #expect(
            try await service.credentials(other.userID, by: other, content: String(invitations[0])).problem
                == "invitation-needed"
        )
        try await service.end()
    }

    @Test("The plain request is answered where it is switched on")
    func plain() async throws {
        let service = try await Service(.shared(), scratch, more: ["--plain-requests"])
        let seed = SyncSeed.random()
        let path = "/\(seed.userID.base64.replacing("/", with: "%2F").replacing("+", with: "%2B"))/credentials"
        let seconds = Array(String(Int(Date().timeIntervalSince1970)).utf8)
        let statement = CredentialsRequest.plainStatement(seconds)
        #expect(try await service.call("POST", path, body: seed.chainSignature(for: statement) + seconds).status == 200)
        for signature in [SyncSeed.random().chainSignature(for: statement), try seed.signature(for: seconds)] {
            #expect(try await service.call("POST", path, body: signature + seconds).problem == "bad-signature")
        }
        try await service.end()
    }

    @Test("The admin port shows status and metrics, and neither they nor the logs show a secret or a chain")
    func admin() async throws {
        let store = try await LiveStore.shared()
        let service = try await Service(store, scratch, more: ["--admin", "127.0.0.1:0"])
        let seed = SyncSeed.random()
        let answer = try await service.credentials(seed.userID, by: seed)
        let port = try await service.adminPort()
        var told = ""
        for path in ["/", "/metrics", "/status.css", "/status.json", "/health/live"] {
            told += try await service.page(path)
        }
        let status = try JSONSerialization.jsonObject(with: Data(try await service.page("/status.json").utf8))
        let members = try #require(status as? [String: Any])
        #expect(members["state"] as? String == "ready")
        #expect((members["now"] as? [String: Any])?["chains"] as? Int == 1)
        let hour = try #require(members["hour"] as? [String: Any])
        #expect((hour["calls"] as? [String: Int])?["credentials"] == 1)
        try Documented.check(members, metrics: try await service.page("/metrics"))
        #expect(told.contains("easysetup_credentials_calls_total{call=\"credentials\"} 1"))
        #expect(told.contains("<strong>Ready</strong>"))
        var foreign = HTTPClientRequest(url: "http://127.0.0.1:\(port)/")
        foreign.headers.add(name: "Host", value: "evil.example.org")
        #expect(try await service.http.execute(foreign, timeout: .seconds(300)).status == .misdirectedRequest)
        try await service.end()
        told += await service.program.errors()
        for secret in [
            store.broker.secret, store.poster.secret, UserIDText.write(seed.userID), seed.userID.fingerprint,
            try #require(answer.json["secret_key"] as? String), try #require(answer.json["session_token"] as? String),
        ] {
            #expect(!told.contains(secret))
        }
    }
}
