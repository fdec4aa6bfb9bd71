import EasySetup
import EasySetupChain
import EasySetupSeed
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import EasySetupS3

/// The client over a scripted service on loopback, with a clock by hand.
@Suite("A device's calls to a service for credentials")
struct CredentialsClientTests {
    private let seed = SyncSeed.random()
    private let clock = DeviceClock()

    private var prefix: String { CredentialsAnswer.prefix(of: seed.userID) }
    private var answer: ScriptedServer.Step { ServiceScript.answer(ServiceScript.content(prefix: prefix)) }

    private func membership(_ collections: [CollectionName: Bool] = [:]) throws -> Membership {
        try Membership(device: DeviceID(value: 7), deviceKeys: .random(), collections: collections, seed: seed)
    }

    private func request(_ request: ScriptedServer.Request) throws -> ReceivedCredentialsRequest {
        try ReceivedCredentialsRequest(request.body)
    }

    /// The error with which a call ends after these answers, and the number of requests.
    private func error(
        _ steps: [ScriptedServer.Step],
        of call: @Sendable (CredentialsClient) async throws(ObjectStoreError) -> Void = {
            client throws(ObjectStoreError) in _ = try await client.credentials()
        }
    ) async throws -> (error: ObjectStoreError, requests: Int) {
        let server = ScriptedServer(steps)
        let error = try await server.run { url in
            let client = try CredentialsClient(url, for: .seed(seed), times: clock.times)
            return await #expect(throws: ObjectStoreError.self) { try await call(client) }
        }
        return (try #require(error), server.requests.count)
    }

    // MARK: Requests

    @Test("A device with the seed signs for this host, path and time, and brings its invitation")
    func member() async throws {
        let server = ScriptedServer([answer])
        let credentials = try await server.run { url in
            let client = try CredentialsClient(
                url + "/",
                for: .seed(seed),
                invitation: "abcdefghijklmnopqrstuv",
                times: clock.times
            )
            return try await client.credentials()
        }
        let sent = try #require(server.requests.first)
        let received = try request(sent)
        let path = "/v1/\(Base64URL.text(seed.userID.bytes))/credentials"
        #expect(server.requests.count == 1)
        #expect(sent.method == "POST" && sent.target == path)
        #expect(sent.headers["Content-Type"] == "application/octet-stream")
        #expect(received.request.method == "POST" && received.request.path == path)
        #expect(received.request.host == sent.headers["Host"] && received.request.host.hasPrefix("127.0.0.1:"))
        #expect(received.request.time == UInt64(ServiceScript.now))
        #expect(received.request.certificate.isEmpty)
        #expect(received.request.content == Array("abcdefghijklmnopqrstuv".utf8))
        #expect(received.isSigned(by: seed.userID))

        #expect(credentials.keys.accessKey == "KEY" && credentials.keys.secret.revealed() == "secret-of-the-session")
        #expect(credentials.keys.sessionToken?.revealed() == "token-of-the-session")
        #expect(credentials.forms?.map(\.prefix) == [prefix] && !credentials.isFull)
        #expect(credentials.ends == ServiceScript.now + 3_600)
        let address = S3Address(endpoint: "https://s3.example.org", region: "r", bucket: "records")
        #expect(credentials.address == address)
    }

    @Test("A device without the seed brings its certificate and signs by its own key")
    func device() async throws {
        let member = try membership([CollectionName("notes"): true])
        let forms = member.collections.map { prefix + Base64URL.text($0.id.bytes) + "/" }
        let server = ScriptedServer([ServiceScript.answer(ServiceScript.content(prefix: prefix, forms: forms))])
        let credentials = try await server.run { url in
            try await CredentialsClient(url, for: .membership(member), times: clock.times).credentials()
        }
        let received = try request(try #require(server.requests.first))
        #expect(received.request.certificate == member.certificate.bytes && received.request.content.isEmpty)
        #expect(received.isSigned(by: try #require(UserID(bytes: member.deviceKeys.signingKey))))
        #expect(credentials.forms?.map(\.prefix) == forms)
    }

    @Test("A revocation names the device, and a deletion is signed in a header")
    func acts() async throws {
        let done: ScriptedServer.Step = { _ in .init(status: 204) }
        let server = ScriptedServer([done, done])
        try await server.run { url in
            let client = try CredentialsClient(url, for: .seed(seed), invitation: "an-invitation", times: clock.times)
            try await client.revoke(DeviceID(value: 0x0102_0304_0506_0708))
            try await client.deleteAccount()
        }
        #expect(server.requests.count == 2)
        let user = "/v1/\(Base64URL.text(seed.userID.bytes))"
        let revocation = try request(server.requests[0])
        #expect(server.requests[0].method == "POST" && server.requests[0].target == user + "/revocations")
        #expect(revocation.request.path == user + "/revocations" && revocation.isSigned(by: seed.userID))
        #expect(revocation.request.content == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(server.requests[1].method == "DELETE" && server.requests[1].target == user)
        let authorization = try #require(server.requests[1].headers["Authorization"])
        let bytes = try #require(Base64URL.bytes(authorization.dropFirst("EasySetup ".count)))
        let deletion = try ReceivedCredentialsRequest(bytes)
        #expect(deletion.request.method == "DELETE" && deletion.request.path == user)
        #expect(deletion.request.content.isEmpty && deletion.isSigned(by: seed.userID))
    }

    @Test("A device without the seed revokes itself when it leaves; one with the seed sends nothing")
    func leaves() async throws {
        let server = ScriptedServer([{ _ in .init(status: 204) }])
        let member = try membership()
        try await server.run { url in
            try await CredentialsClient(url, for: .membership(member), times: clock.times).leave()
            let holder = try CredentialsClient(url, for: .seed(seed), times: clock.times)
            await #expect(throws: ChainError.notHeld) { try await holder.leave() }
        }
        #expect(server.requests.map(\.target) == ["/v1/\(Base64URL.text(seed.userID.bytes))/revocations"])
        let received = try request(try #require(server.requests.first))
        #expect(received.request.content == member.device.bytes)
        #expect(received.request.certificate == member.certificate.bytes)
        #expect(received.isSigned(by: try #require(UserID(bytes: member.deviceKeys.signingKey))))
    }

    @Test("Without the seed a device revokes and deletes nothing, and sends nothing")
    func seedNeeded() async throws {
        let server = ScriptedServer()
        try await server.run { url in
            let client = try CredentialsClient(url, for: .membership(membership()), times: clock.times)
            await #expect(throws: ChainError.notHeld) { try await client.revoke(DeviceID(value: 1)) }
            await #expect(throws: ChainError.notHeld) { try await client.deleteAccount() }
        }
        #expect(server.requests.isEmpty)
    }

    @Test(
        "An address with more than a host and a port, or without TLS to another machine, is refused",
        arguments: ["", "keys.example.org", "https://keys.example.org/v1", "http://keys.example.org", "https://"]
    )
    func address(_ url: String) {
        let error = #expect(throws: ChainError.self) { try CredentialsClient(url, for: .seed(seed)) }
        #expect(error?.code == .serviceAddress)
    }

    @Test("A text that can't be an invitation is refused before it is sent")
    func invitation() {
        for text in ["", "two words", "ünvitation", String(repeating: "a", count: 257)] {
            let error = #expect(throws: ChainError.self) {
                try CredentialsClient("https://keys.example.org", for: .seed(seed), invitation: text)
            }
            #expect(error?.code == .invitationNeeded)
        }
    }

    // MARK: The clock and nonces

    @Test("A device whose clock is wrong signs once more with the service's time, and keeps the difference")
    func wrongClock() async throws {
        clock.seconds = 5
        let wrong = ServiceScript.problem("wrong-clock", 401, more: ",\"time\":\(ServiceScript.now)")
        let server = ScriptedServer([wrong, answer, answer])
        try await server.run { url in
            let client = try CredentialsClient(url, for: .seed(seed), times: clock.times)
            _ = try await client.credentials()
            clock.seconds += 60
            _ = try await client.credentials()
        }
        let times = try server.requests.map { try request($0).request.time }
        #expect(times == [5, UInt64(ServiceScript.now), UInt64(ServiceScript.now) + 60])
        #expect(clock.pauses.isEmpty)
    }

    @Test("After a second refusal of its clock a device gives up")
    func wrongClockTwice() async throws {
        let wrong = ServiceScript.problem("wrong-clock", 401, more: ",\"time\":17")
        let (error, requests) = try await error([wrong, wrong, answer])
        #expect(requests == 2)
        #expect(ChainError.store(error).code == .serviceClock && !error.retryHelps)
    }

    @Test("A service that refuses a clock and tells no time, or none that can be, is not believed")
    func noTime() async throws {
        for more in ["", ",\"time\":-1", ",\"time\":253402300800", ",\"time\":\(Int.max)"] {
            let (error, requests) = try await error([ServiceScript.problem("wrong-clock", 401, more: more), answer])
            #expect(requests == 1)
            #expect(error == ObjectStoreError(.unreadable(.times)))
        }
    }

    @Test("Each try has a nonce of its own, and a request that was there before is signed anew")
    func nonces() async throws {
        let used = ServiceScript.problem("nonce-used", 401)
        let server = ScriptedServer([used, ServiceScript.problem("busy", 503), answer])
        try await server.run { url in
            _ = try await CredentialsClient(url, for: .seed(seed), times: clock.times).credentials()
        }
        let nonces = try server.requests.map { try request($0).request.nonce }
        #expect(nonces.count == 3 && Set(nonces).count == 3)
        let (error, requests) = try await error([used, used, used, used, used])
        #expect(requests == CredentialsLimits().tries)
        #expect(ChainError.store(error).code == .serviceRefused)
    }

    // MARK: Waiting

    @Test("A service that asks for a wait gets the next try after it, or none if it is too long")
    func retryAfter() async throws {
        for name in ["too-many", "busy", "no-node", "store-failed"] {
            let clock = DeviceClock()
            let server = ScriptedServer([ServiceScript.problem(name, 503, retryAfter: "7"), answer])
            try await server.run { url in
                _ = try await CredentialsClient(url, for: .seed(seed), times: clock.times).credentials()
            }
            #expect(clock.pauses == [.seconds(7)])
            let (error, requests) = try await error([ServiceScript.problem(name, 503, retryAfter: "11"), answer])
            #expect(requests == 1 && error.retryAfter == 11 && error.retryHelps)
            #expect(ChainError.store(error).retryAfter == .seconds(11))
        }
        #expect(clock.pauses.isEmpty)
    }

    @Test("A service that names no wait is asked again after pauses that double, and at last no more")
    func pauses() async throws {
        // The last two are a proxy's answers.
        let steps = [
            ServiceScript.problem("store-failed", 502), ServiceScript.answer("<html>", status: 502),
            ServiceScript.answer("", status: 429), ServiceScript.problem("store-failed", 502), answer,
        ]
        let (error, requests) = try await error(steps)
        #expect(requests == 4 && clock.pauses == [250, 500, 1_000].map { .milliseconds($0) })
        let shown = ChainError.store(error)
        #expect(shown.code == .serviceBusy && shown.cause == "store-failed" && shown.retryHelps)
    }

    @Test("A cancelled task makes no further request")
    func cancellation() async throws {
        let server = ScriptedServer([ServiceScript.problem("busy", 503), answer])
        let result = try await server.run { url in
            let times = S3Times(
                seconds: { ServiceScript.now },
                sleep: { _ in withUnsafeCurrentTask { $0?.cancel() } },
                draw: { 0 }
            )
            let client = try CredentialsClient(url, for: .seed(seed), times: times)
            return await Task { try await client.revoke(DeviceID(value: 1)) }.result
        }
        #expect(throws: ChainError.cancelled) { try result.get() }
        #expect(server.requests.count == 1)
    }

    @Test("A service that does not run, and one without TLS where it should have it, can't be reached")
    func unreachable() async throws {
        let port = try FreePort.below30000()
        for url in ["http://127.0.0.1:\(port)", "https://127.0.0.1:\(port)"] {
            let client = try CredentialsClient(url, for: .seed(seed), times: clock.times)
            let error = await #expect(throws: ChainError.self) { try await client.revoke(DeviceID(value: 1)) }
            #expect(error?.code == .serviceUnreachable && error?.retryHelps == true)
        }
    }

    // MARK: Problems

    /// The cells of the rows of a section's table.
    private static func rows(_ page: String, _ section: String) throws -> [[String]] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(components: "..", "..")
        let text = try String(contentsOf: root.appending(path: page).standardizedFileURL, encoding: .utf8)
        let parts = text.components(separatedBy: "\n## \(section)\n")
        try #require(parts.count == 2)
        return parts[1].components(separatedBy: "\n## ")[0].split(separator: "\n").filter { $0.hasPrefix("| `") }
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
    }

    /// The names and statuses of the table "Problems".
    private static func problemRows() throws -> [(name: String, status: Int)] {
        try rows("Protocol/credentials.md", "Problems").map { row in
            (row[0].replacing("`", with: ""), try #require(Int(row[1])))
        }
    }

    @Test("The problems are those of the page") func problemTable() throws {
        let names = try Self.problemRows().map(\.name)
        #expect(Set(names) == Set(ServiceProblem.allCases.map(\.rawValue)))
        #expect(names.count == ServiceProblem.allCases.count)
    }

    @Test("The limits of a device are those of the page") func limits() throws {
        let limits = CredentialsLimits()
        let expected = [
            "`tries` of a call": "\(limits.tries)",
            "`pause` before the second try": "\(Int(limits.pause / .milliseconds(1))) ms",
            "`longestPause`": "\(limits.longestPause.components.seconds) s",
            "`callTimeout`": "\(limits.callTimeout.components.seconds) s",
            "`answerBytes` of a service": "\(limits.answerBytes)",
            "`clockWindow`": "\(limits.clockWindow.components.seconds) s",
            "`longestSession`": "\(limits.longestSession.components.seconds) s",
            "`renewalMargin` of a kept session": "\(limits.renewalMargin.components.seconds) s",
            "`serviceRights`": "\(CredentialsLimits.serviceRights)",
        ]
        let page = try Self.rows("Protocol/limits.md", "A device at a service for credentials")
        let values = Dictionary(uniqueKeysWithValues: page.map { ($0[0], $0[1].replacing(",", with: "")) })
        #expect(values == expected)
    }

    @Test("Each problem of the page is told by an error of its own kind, with advice, and says whether a retry helps")
    func problems() async throws {
        let codes: [ChainError.Code: Set<String>] = [
            .serviceRefused: [
                "bad-request", "bad-body", "bad-user-id", "wrong-target", "bad-signature", "nonce-used", "not-found",
                "method-not-allowed", "body-too-large", "wrong-content", "wrong-host",
            ],
            .serviceClock: ["wrong-clock"], .certificateNotSigned: ["bad-certificate"],
            .certificateEnded: ["certificate-ended"], .deviceRemoved: ["device-revoked"], .notHeld: ["seed-needed"],
            .registrationClosed: ["registration-closed"], .invitationNeeded: ["invitation-needed"],
            .tooManyCollections: ["too-many-collections"], .tooManyRevocations: ["too-many-revocations"],
            .chainUnknown: ["unknown-chain"], .accountDeleted: ["account-deleted"],
            .serviceBusy: ["too-many", "store-failed", "no-node", "busy"],
        ]
        for (name, status) in try Self.problemRows() {
            let more = ",\"time\":\(ServiceScript.now),\"most\":5"
            let step = ServiceScript.problem(name, status, more: more)
            let (error, _) = try await error(Array(repeating: step, count: 5))
            let shown = ChainError.store(error)
            #expect(codes[shown.code]?.contains(name) == true, "\(name) is \(shown.code)")
            #expect(shown.retryHelps == (shown.code == .serviceBusy || shown.code == .chainUnknown), "\(name)")
            #expect(shown.description.hasSuffix(".") && shown.advice.hasSuffix("."), "\(name)")
            #expect(!shown.description.contains("secret-of-the-session"))
            if name == "too-many-collections" { #expect(shown.advice.contains("Give it 3 collections")) }
        }
    }

    // MARK: Answers

    @Test("An answer that is none of such a service is refused after one request")
    func unreadable() async throws {
        let answers: [(ScriptedServer.Step, ServiceFault.Answer)] = [
            (ServiceScript.answer("<html>"), .content), (ServiceScript.answer(""), .content),
            (ServiceScript.answer("{}"), .content), (ServiceScript.answer("", status: 404), .status),
            (ServiceScript.answer("{}", status: 301), .status), (ServiceScript.answer("{}", status: 403), .status),
            (ServiceScript.problem("later-problem", 403), .status),
            (ServiceScript.answer(String(repeating: " ", count: CredentialsLimits().answerBytes + 1)), .length),
        ]
        for (step, part) in answers {
            let (error, requests) = try await error([step, answer])
            #expect(requests == 1 && error == ObjectStoreError(.unreadable(part)), "\(part)")
            #expect(ChainError.store(error).code == .serviceUnreadable)
            #expect(ChainError.store(error).cause == part.rawValue && !error.retryHelps)
        }
    }

    @Test("An answer for another chain, to an address without TLS, or with times that can't be, is refused")
    func refused() async throws {
        let other = CredentialsAnswer.prefix(of: SyncSeed.random().userID)
        let now = ServiceScript.now
        let answers: [(CredentialsAnswer, ServiceFault.Answer)] = [
            (ServiceScript.content(prefix: other), .prefix), (ServiceScript.content(prefix: "1/"), .prefix),
            (ServiceScript.content(prefix: String(prefix.dropLast())), .prefix),
            (ServiceScript.content(prefix: prefix, forms: [other]), .prefix),
            (ServiceScript.content(prefix: prefix, forms: [prefix + "notes"]), .prefix),
            (ServiceScript.content(endpoint: "http://s3.example.org", prefix: prefix), .endpoint),
            (ServiceScript.content(endpoint: "https://s3.example.org/path", prefix: prefix), .endpoint),
            (ServiceScript.content(endpoint: "", prefix: prefix), .endpoint),
            (ServiceScript.content(prefix: prefix, lifetime: 0), .times),
            (ServiceScript.content(prefix: prefix, lifetime: -3_600), .times),
            (ServiceScript.content(prefix: prefix, lifetime: 604_801), .times),
            (ServiceScript.content(prefix: prefix, time: now - 151), .times),
            (ServiceScript.content(prefix: prefix, time: now + 151), .times),
            (ServiceScript.content(prefix: prefix, time: -now), .times),
            (ServiceScript.content(prefix: prefix, accessKey: "KEY\r\nHost: x"), .keys),
            (ServiceScript.content(prefix: prefix, accessKey: ""), .keys),
        ]
        for (content, part) in answers {
            let (error, _) = try await error([ServiceScript.answer(content)])
            #expect(
                error == ObjectStoreError(.unreadable(part)),
                "\(content.prefix) \(content.endpoint) \(content.ends)"
            )
        }
    }

    // MARK: Sessions

    @Test("A session that was kept is used first, without a request, and then a new one")
    func kept() async throws {
        let server = ScriptedServer([answer, answer])
        let sessions = Mutex<[CredentialsSession]>([])
        try await server.run { url in
            let first = try CredentialsClient(url, for: .seed(seed), times: clock.times) { session in
                sessions.withLock { $0.append(session) }
            }
            #expect(first.session == nil)
            _ = try await first.credentials()
            let session = try #require(sessions.withLock { $0.first })
            #expect(first.session === session && session.ends == ServiceScript.now + 3_600)
            let encoded = session.encoded()
            let again = CredentialsSession(encoded)
            clock.seconds += 3_299
            let second = try CredentialsClient(
                url,
                for: .seed(seed),
                session: again,
                times: clock.times
            )
            let credentials = try await second.credentials()
            #expect(server.requests.count == 1)
            #expect(credentials.keys.secret.revealed() == "secret-of-the-session")
            #expect(credentials.forms?.count == 1 && credentials.address?.endpoint == "https://s3.example.org")
            clock.seconds = ServiceScript.now
            _ = try await second.credentials()
            #expect(server.requests.count == 2)
        }
    }

    @Test("A session that has nearly ended, of another device or service, or of a chain that was full, is not used")
    func notKept() async throws {
        let full = ServiceScript.answer(ServiceScript.content(prefix: prefix, isFull: true))
        let server = ScriptedServer([answer, answer, answer, full, answer])
        try await server.run { url in
            let first = try CredentialsClient(url, for: .seed(seed), times: clock.times)
            _ = try await first.credentials()
            let session = try #require(first.session)
            // Nearly at its end.
            let late = DeviceClock(ServiceScript.now + 3_300)
            #expect(try CredentialsClient(url, for: .seed(seed), session: session, times: late.times).session == nil)
            // Another chain, another device, and another service.
            let others = [
                try CredentialsClient(url, for: .seed(.random()), session: session, times: clock.times),
                try CredentialsClient(url, for: .membership(membership()), session: session, times: clock.times),
                try CredentialsClient("https://a.example.org", for: .seed(seed), session: session, times: clock.times),
            ]
            for other in others { #expect(other.session == nil) }
            // A full chain may have been emptied since.
            let third = try CredentialsClient(url, for: .seed(seed), times: clock.times)
            _ = try await third.credentials()
            _ = try await third.credentials()
            #expect(try await third.credentials().isFull)
            let fourth = try CredentialsClient(url, for: .seed(seed), session: third.session, times: clock.times)
            #expect(fourth.session == nil)
            #expect(try await !fourth.credentials().isFull)
        }
        #expect(server.requests.count == 5)
    }

    @Test("A form to clean up a full chain is kept for the next run, for it is given only now and then")
    func cleanupKept() async throws {
        let cleanup = ServiceScript.content(prefix: prefix, forms: [prefix], isFull: true)
        let server = ScriptedServer([ServiceScript.answer(cleanup)])
        try await server.run { url in
            let first = try CredentialsClient(url, for: .seed(seed), times: clock.times)
            let credentials = try await first.credentials()
            #expect(credentials.isFull && credentials.forms?.map(\.prefix) == [prefix])
            let second = try CredentialsClient(url, for: .seed(seed), session: first.session, times: clock.times)
            #expect(try await second.credentials().isFull)
        }
        #expect(server.requests.count == 1)
    }

    @Test("A session keeps the difference of the clocks")
    func keptClock() async throws {
        clock.seconds = 5
        let wrong = ServiceScript.problem("wrong-clock", 401, more: ",\"time\":\(ServiceScript.now)")
        let server = ScriptedServer([wrong, answer, answer])
        try await server.run { url in
            let first = try CredentialsClient(url, for: .seed(seed), times: clock.times)
            _ = try await first.credentials()
            let second = try CredentialsClient(url, for: .seed(seed), session: first.session, times: clock.times)
            _ = try await second.credentials()
            #expect(server.requests.count == 2)
            _ = try await second.credentials()
        }
        #expect(try request(server.requests[2]).request.time == UInt64(ServiceScript.now))
    }

    private static func session(_ text: String) -> CredentialsSession? {
        var bytes = Array(text.utf8)
        let secret = SecretBytes(wiping: &bytes)
        return CredentialsSession(secret)
    }

    @Test("Bytes that are no session are none, and a session that was changed is not believed")
    func otherBytes() async throws {
        let long = String(repeating: " ", count: CredentialsSession.byteLimit + 1)
        for text in ["", "{}", "null", #"{"version":2}"#, long] { #expect(Self.session(text) == nil) }
        let server = ScriptedServer([answer, answer])
        try await server.run { url in
            let first = try CredentialsClient(url, for: .seed(seed), times: clock.times)
            _ = try await first.credentials()
            let session = try #require(first.session)
            let changed = ServiceScript.content(endpoint: "http://s3.example.org", prefix: prefix)
            let other = CredentialsSession(changed, holder: session.holder, clockDifference: 0)
            let second = try CredentialsClient(url, for: .seed(seed), session: other, times: clock.times)
            #expect(try await second.credentials().address?.endpoint == "https://s3.example.org")
        }
        #expect(server.requests.count == 2)
    }

    @Test("A device that was removed, and a chain whose account is gone, have no session any more")
    func forgotten() async throws {
        let gone: ScriptedServer.Step = { _ in .init(status: 204) }
        let server = ScriptedServer([answer, ServiceScript.problem("device-revoked", 403), answer, gone])
        try await server.run { url in
            let client = try CredentialsClient(url, for: .seed(seed), times: clock.times)
            _ = try await client.credentials()
            #expect(client.session != nil)
            await #expect(throws: ObjectStoreError.self) { _ = try await client.credentials() }
            #expect(client.session == nil)
            _ = try await client.credentials()
            #expect(client.session != nil)
            try await client.deleteAccount()
            #expect(client.session == nil)
        }
    }

    @Test("Neither descriptions nor mirrors show a secret")
    func secrets() async throws {
        let server = ScriptedServer([answer])
        try await server.run { url in
            let client = try CredentialsClient(url, for: .seed(seed), times: clock.times)
            let credentials = try await client.credentials()
            let session = try #require(client.session)
            for value in [client, session, credentials] as [Any] {
                var dumped = ""
                dump(value, to: &dumped)
                for text in ["\(value)", String(reflecting: value), dumped] {
                    #expect(!text.contains("secret-of-the-session") && !text.contains("token-of-the-session"))
                }
            }
            #expect(Mirror(reflecting: client).children.isEmpty && Mirror(reflecting: session).children.isEmpty)
        }
    }
}
