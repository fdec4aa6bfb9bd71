import EasySetup
import EasySetupChain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import EasySetupS3

/// The client over a carrier that plays a script, with a clock by hand.
@Suite("The client of a store")
struct S3StoreTests {
    /// Answers each request by the next step of a script.
    private final class ScriptedCarrier: S3Carrier {
        typealias Step = @Sendable (S3Request) throws(S3Silence) -> S3Response

        private let steps: Mutex<[Step]>
        private let carried = Mutex<[S3Request]>([])

        init(_ steps: [Step]) {
            self.steps = Mutex(steps)
        }

        var requests: [S3Request] { carried.withLock { $0 } }

        func carry(_ request: S3Request, timeout: Duration) async throws(S3Silence) -> S3Response {
            carried.withLock { $0.append(request) }
            let step = steps.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let step else {
                throw S3Silence(error: ObjectStoreError(.unreachable, detail: "script"), mayPass: false)
            }
            return try step(request)
        }
    }

    /// Credentials that tell how often they were asked for.
    private final class Source: S3CredentialsSource {
        private let made = Mutex(0)
        private let make: @Sendable (Int) throws(ObjectStoreError) -> S3Credentials

        init(_ make: @escaping @Sendable (Int) throws(ObjectStoreError) -> S3Credentials) {
            self.make = make
        }

        var count: Int { made.withLock { $0 } }

        func credentials() async throws(ObjectStoreError) -> S3Credentials {
            let number = made.withLock {
                $0 += 1
                return $0
            }
            return try make(number)
        }
    }

    private final class HandClock: Sendable {
        private let now: Mutex<Int>
        private let slept = Mutex<[Duration]>([])

        init(_ now: Int) {
            self.now = Mutex(now)
        }

        var seconds: Int {
            get { now.withLock { $0 } }
            set { now.withLock { $0 = newValue } }
        }

        var pauses: [Duration] { slept.withLock { $0 } }

        var times: S3Times {
            S3Times(
                seconds: { self.seconds },
                sleep: { pause in self.slept.withLock { $0.append(pause) } },
                draw: { 0 }
            )
        }
    }

    private static let address = S3Address(endpoint: "https://s3.example.org", region: "r", bucket: "records")!
    private let clock = HandClock(1_764_453_600)

    private static func keys(_ number: Int = 1) -> S3Keys {
        S3Keys(accessKey: "KEY\(number)", secret: S3Secret("secret\(number)"), sessionToken: S3Secret("token"))
    }

    private func store(
        _ carrier: ScriptedCarrier,
        _ source: Source = Source { number throws(ObjectStoreError) in
            S3Credentials(keys: S3StoreTests.keys(number), forms: nil, ends: nil)
        }
    ) -> S3Store {
        S3Store(Self.address, credentials: source, carrier: carrier, times: clock.times)
    }

    private static func answer(
        _ status: Int,
        _ body: String = "",
        date: Int? = 1_764_453_600
    ) -> ScriptedCarrier.Step {
        { _ throws(S3Silence) in S3Response(status: status, body: Array(body.utf8), date: date, retryAfter: nil) }
    }

    private static func error(_ status: Int, _ code: String, date: Int? = 1_764_453_600) -> ScriptedCarrier.Step {
        answer(status, "<Error><Code>\(code)</Code></Error>", date: date)
    }

    private static let silence: ScriptedCarrier.Step = { _ throws(S3Silence) in
        throw S3Silence(error: ObjectStoreError(.unreachable, detail: "cut"), mayPass: true)
    }

    private static let empty = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"

    @Test("A put is one request, by PUT or by the form, and its time is that of the answer")
    func put() async throws {
        let carrier = ScriptedCarrier([Self.answer(200, date: 1_764_453_777)])
        let time = try await store(carrier).put("1/u/c/a b")
        #expect(time == StoreTime(milliseconds: 1_764_453_777_000))
        let request = try #require(carrier.requests.first)
        #expect(carrier.requests.count == 1)
        #expect(request.method == "PUT" && request.target == "/records/1/u/c/a%20b" && request.body.isEmpty)
        let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
        #expect(headers["Host"] == "s3.example.org" && headers["Content-Length"] == "0")
        #expect(headers["x-amz-security-token"] == "token")
    }

    private static func form(_ signature: String) -> S3Form {
        S3Form(
            policy: "cG9saWN5",
            credential: "K/20251129/r/s3/aws4_request",
            date: "D",
            signature: S3Secret(signature)
        )
    }

    @Test("A name that no form is for is refused without a request")
    func noForm() async throws {
        let carrier = ScriptedCarrier([])
        let source = Source { _ throws(ObjectStoreError) in
            S3Credentials(keys: Self.keys(), forms: [.init(prefix: "1/u/", form: Self.form("S"))], ends: nil)
        }
        for name in ["1/v/a", "1/u"] {
            await #expect(throws: ObjectStoreError(.denied, detail: "no-form")) {
                _ = try await store(carrier, source).put(name)
            }
        }
        #expect(carrier.requests.isEmpty)
    }

    @Test("A form has the name and each signed field, and the empty file last")
    func form() async throws {
        let carrier = ScriptedCarrier([Self.answer(204)])
        let source = Source { _ throws(ObjectStoreError) in
            S3Credentials(
                keys: Self.keys(),
                forms: [.init(prefix: "2/", form: Self.form("no")), .init(prefix: "1/", form: Self.form("S"))],
                ends: nil
            )
        }
        let name = "1/easysetup-form/easysetup-form--"
        _ = try await store(carrier, source).put(name)
        let request = try #require(carrier.requests.first)
        #expect(request.method == "POST" && request.target == "/records")
        let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
        #expect(Set(headers.keys) == ["Host", "Content-Type", "Content-Length"], "a session's token stays at home")
        #expect(headers["Content-Length"] == "\(request.body.count)")
        let boundary = try #require(headers["Content-Type"]?.split(separator: "boundary=").last)
        #expect(!name.contains(boundary))
        let parts = String(decoding: request.body, as: UTF8.self).components(separatedBy: "--\(boundary)")
        #expect(parts.first == "" && parts.last == "--\r\n")
        let fields = parts.dropFirst().dropLast().map { part in
            let sides = part.components(separatedBy: "\r\n\r\n")
            return [sides[0].replacingOccurrences(of: "\r\nContent-Disposition: form-data; ", with: ""), sides[1]]
        }
        #expect(
            fields == [
                ["name=\"key\"", name + "\r\n"], ["name=\"policy\"", "cG9saWN5\r\n"],
                ["name=\"x-amz-algorithm\"", "AWS4-HMAC-SHA256\r\n"],
                ["name=\"x-amz-credential\"", "K/20251129/r/s3/aws4_request\r\n"], ["name=\"x-amz-date\"", "D\r\n"],
                ["name=\"x-amz-signature\"", "S\r\n"], ["name=\"file\"; filename=\"0\"", "\r\n"],
            ]
        )
    }

    @Test("A listing asks for names in percent-encoding, after a name, and no more than a store gives")
    func list() async throws {
        let carrier = ScriptedCarrier([Self.answer(200, Self.empty), Self.answer(200, Self.empty)])
        let store = store(carrier)
        _ = try await store.list(prefix: "1/u/", after: "1/u/c/1-~", limit: 5_000)
        _ = try await store.list(prefix: "1/u/", after: nil, limit: 7)
        #expect(
            carrier.requests.map(\.target) == [
                "/records?encoding-type=url&list-type=2&max-keys=1000&prefix=1%2Fu%2F&start-after=1%2Fu%2Fc%2F1-~",
                "/records?encoding-type=url&list-type=2&max-keys=7&prefix=1%2Fu%2F",
            ]
        )
    }

    @Test("A deletion is one request for 1,000 names, with a digest of its list")
    func delete() async throws {
        let done = Self.answer(200, "<DeleteResult/>")
        let carrier = ScriptedCarrier([done, done, Self.answer(204)])
        let store = store(carrier)
        _ = try await store.delete((0..<2_001).map { "1/u/<\($0)&>" })
        #expect(carrier.requests.map(\.method) == ["POST", "POST", "DELETE"])
        let first = carrier.requests[0]
        #expect(first.target == "/records?delete=")
        let body = String(decoding: first.body, as: UTF8.self)
        #expect(body.contains("<Quiet>true</Quiet><Object><Key>1/u/&lt;0&amp;&gt;</Key></Object>"))
        #expect(body.components(separatedBy: "<Object>").count == 1_001)
        #expect(first.headers.contains { $0.name == "Content-MD5" && $0.value.count == 24 })
        #expect(carrier.requests[2].target == "/records/1/u/%3C2000%26%3E")
    }

    @Test("Where a store refuses a session to delete a list, each object goes alone, the next time at once")
    func singleDeletions() async throws {
        let refusal = Self.error(403, "AccessDenied")
        let gone = Self.error(404, "NoSuchKey")
        let carrier = ScriptedCarrier([refusal, refusal, Self.answer(204), gone, Self.answer(204), Self.answer(204)])
        let store = store(carrier)
        _ = try await store.delete(["a", "b"])
        #expect(carrier.requests.map(\.method) == ["POST", "POST", "DELETE", "DELETE"])
        _ = try await store.delete(["c", "d"])
        #expect(carrier.requests.map(\.method).suffix(2) == ["DELETE", "DELETE"])
        #expect(carrier.requests.count == 6)
    }

    @Test("Objects that a list leaves are deleted alone, and an error of that is told")
    func partialDeletions() async throws {
        let left = "<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code></Error></DeleteResult>"
        let refusal = Self.error(403, "AccessDenied")
        let carrier = ScriptedCarrier([Self.answer(200, left), Self.answer(204), refusal, refusal])
        await #expect(throws: ObjectStoreError(.denied, detail: "AccessDenied")) {
            _ = try await store(carrier).delete(["a", "b"])
        }
        #expect(carrier.requests.count == 4)
    }

    @Test("A name that XML can't have is deleted alone")
    func controlCharacters() async throws {
        let carrier = ScriptedCarrier([Self.answer(204), Self.answer(204)])
        _ = try await store(carrier).delete(["a\u{1}", "b"])
        #expect(carrier.requests.map(\.target) == ["/records/a%01", "/records/b"])
    }

    @Test("Lost answers, a busy store and an error behind a success are asked for again")
    func retries() async throws {
        let carrier = ScriptedCarrier([
            Self.silence, Self.error(503, "SlowDown"), Self.error(200, "InternalError"), Self.answer(200, "<html>"),
            Self.answer(200, Self.empty),
        ])
        let page = try await store(carrier).list(prefix: "1/", after: nil, limit: 10)
        #expect(page.entries.isEmpty)
        #expect(clock.pauses == [100, 200, 400, 800].map { Duration.milliseconds($0) })
    }

    @Test("An answer without a time is none, because the order of writes hangs on it")
    func noDate() async throws {
        let carrier = ScriptedCarrier(Array(repeating: Self.answer(200, date: nil), count: 5))
        await #expect(throws: ObjectStoreError(.unreadable, detail: "no-date")) {
            _ = try await store(carrier).put("1/a")
        }
        #expect(carrier.requests.count == 5)
    }

    @Test("Credentials are asked for once, and again when they are about to end by the store's clock")
    func renewalByClock() async throws {
        let carrier = ScriptedCarrier(
            [1_000_000, 1_000_001, 1_000_400, 1_003_301, 1_003_302].map { Self.answer(200, date: $0) }
        )
        // This device's clock is wrong by years.
        let source = Source { number throws(ObjectStoreError) in
            S3Credentials(keys: Self.keys(number), forms: nil, ends: 1_003_600 + 3_600 * (number - 1))
        }
        let store = store(carrier, source)
        clock.seconds = 5_000_000
        _ = try await store.put("1/a")
        // The first answer has told the store's time.
        _ = try await store.put("1/a")
        #expect(source.count == 1)
        clock.seconds += 400
        _ = try await store.put("1/a")
        #expect(source.count == 1)
        clock.seconds += 2_901
        _ = try await store.put("1/a")
        #expect(source.count == 2)
        _ = try await store.put("1/a")
        #expect(source.count == 2)
        let scopes = carrier.requests.map { $0.headers.first { $0.name == "Authorization" }!.value.contains("KEY2/") }
        #expect(scopes == [false, false, false, true, true])
    }

    @Test("Credentials that have not ended serve on while no new ones come, and no longer")
    func lostService() async throws {
        let carrier = ScriptedCarrier([
            Self.answer(200, date: 1_764_453_600), Self.answer(200, date: 1_764_453_800),
        ])
        let ends = 1_764_453_600 + 320
        let source = Source { number throws(ObjectStoreError) in
            guard number == 1 else { throw ObjectStoreError(.unreachable, detail: "service") }
            return S3Credentials(keys: Self.keys(), forms: nil, ends: ends)
        }
        let store = store(carrier, source)
        _ = try await store.put("1/a")
        clock.seconds += 200
        _ = try await store.put("1/a")
        #expect(source.count == 2)
        clock.seconds += 120
        await #expect(throws: ObjectStoreError(.unreachable, detail: "service")) { _ = try await store.put("1/a") }
    }

    @Test("Calls at the same time ask for credentials once")
    func sharedRenewal() async throws {
        let carrier = ScriptedCarrier(Array(repeating: Self.answer(200), count: 20))
        let source = Source { number throws(ObjectStoreError) in
            S3Credentials(keys: Self.keys(number), forms: nil, ends: nil)
        }
        let store = store(carrier, source)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 { group.addTask { _ = try await store.put("1/\(number)") } }
            try await group.waitForAll()
        }
        #expect(source.count == 1)
    }

    @Test("A cancelled task makes no further request")
    func cancellation() async throws {
        let carrier = ScriptedCarrier([Self.silence, Self.answer(200)])
        let store = S3Store(
            Self.address,
            credentials: Source { _ throws(ObjectStoreError) in S3Credentials(keys: Self.keys(), forms: nil, ends: nil)
            },
            carrier: carrier,
            times: S3Times(
                seconds: { 0 },
                sleep: { _ in withUnsafeCurrentTask { $0?.cancel() } },
                draw: { 0 }
            )
        )
        let task = Task { () async throws(ObjectStoreError) in try await store.put("1/a") }
        let result = await task.result
        #expect(throws: ObjectStoreError(.cancelled)) { _ = try result.get() }
        #expect(carrier.requests.count == 1)
    }

    @Test("A port at which nothing listens, and a server without TLS, are told by their causes")
    func network() async throws {
        let port = try FreePort.below30000()
        var limits = S3Limits()
        limits.pause = .milliseconds(1)
        for endpoint in ["http://127.0.0.1:\(port)", "https://127.0.0.1:\(port)"] {
            let address = try #require(S3Address(endpoint: endpoint, region: "r", bucket: "records"))
            let source = Source { _ throws(ObjectStoreError) in
                S3Credentials(keys: Self.keys(), forms: nil, ends: nil)
            }
            let store = S3Store(address, credentials: source, proxies: .none, limits: limits)
            await #expect(throws: ObjectStoreError(.unreachable, detail: "refused")) { _ = try await store.put("1/a") }
        }
    }
}
