import EasySetup
import EasySetupChain
import EasySetupSeed
import TestSupport
import Testing

@testable import EasySetupS3

/// A store that is made of a service alone, over scripted servers on loopback.
@Suite("A store whose place a service names")
struct ServiceStoreTests {
    private let seed = SyncSeed.random()
    private let clock = DeviceClock()

    private var prefix: String { CredentialsAnswer.prefix(of: seed.userID) }

    private func at(_ endpoint: String, key: String = "KEY") -> ScriptedServer.Step {
        ServiceScript.answer(ServiceScript.content(endpoint: endpoint, prefix: prefix, accessKey: key))
    }

    private func store(_ url: String) throws -> S3Store {
        S3Store(
            service: try CredentialsClient(url, for: .seed(seed), times: clock.times),
            carrier: { S3Network($0, trusting: .system, by: .none, limits: S3Limits()) },
            times: clock.times
        )
    }

    private static let refusal = ServiceScript.store(403, "<Error><Code>InvalidAccessKeyId</Code></Error>")
    private static let noBucket = ServiceScript.store(404, "<Error><Code>NoSuchBucket</Code></Error>")

    @Test(
        "A store that refuses the credentials, or has no such bucket, is left for the one that the service names then",
        arguments: [Self.refusal, Self.noBucket]
    )
    func moved(_ refusal: @escaping ScriptedServer.Step) async throws {
        let (old, new) = (
            ScriptedServer([ServiceScript.nothingListed, refusal]),
            ScriptedServer([ServiceScript.nothingListed, ServiceScript.store(204)])
        )
        let service = ScriptedServer()
        try await old.run { oldURL in
            try await new.run { newURL in
                service.add(at(oldURL), at(newURL, key: "NEW"))
                try await service.run { url in
                    let store = try store(url)
                    _ = try await store.list(prefix: prefix, after: nil, limit: 10)
                    _ = try await store.list(prefix: prefix, after: nil, limit: 10)
                    _ = try await store.put(prefix + "a")
                }
            }
        }
        #expect(service.requests.count == 2 && old.requests.count == 2)
        #expect(new.requests.map(\.method) == ["GET", "POST"])
        #expect(new.requests[0].headers["Authorization"]?.contains("Credential=NEW/") == true)
    }

    @Test("A device gets as many collections as every service gives, or in one's own bucket as a certificate can have")
    func collections() throws {
        #expect(try store("https://keys.example.org").limits.collectionsPerDevice == CredentialsLimits.serviceRights)
        let address = try #require(S3Address(endpoint: "https://s3.example.org", region: "us-east-1", bucket: "chains"))
        // The keys of such a bucket are no service's, whatever gives them.
        let keys = try CredentialsClient("https://keys.example.org", for: .seed(seed), times: clock.times)
        #expect(S3Store(address, credentials: keys).limits.collectionsPerDevice == Certificate.rightLimit)
    }

    @Test("A store that is away is left when the service names another, and asked for no oftener than its pause")
    func gone() async throws {
        let port = try FreePort.below30000()
        let away = "http://127.0.0.1:\(port)"
        let new = ScriptedServer([ServiceScript.nothingListed])
        let service = ScriptedServer()
        try await new.run { newURL in
            service.add(at(away), at(away), at(newURL))
            try await service.run { url in
                let store = try store(url)
                for _ in 0..<3 {
                    await #expect(throws: ObjectStoreError(.unreachable, detail: "refused")) {
                        _ = try await store.list(prefix: prefix, after: nil, limit: 10)
                    }
                    #expect(service.requests.count == 2)
                }
                clock.seconds += 30
                _ = try await store.list(prefix: prefix, after: nil, limit: 10)
            }
        }
        #expect(service.requests.count == 3 && new.requests.count == 1)
    }

    @Test("A full chain says so when it writes, without a request, while it lists and deletes")
    func full() async throws {
        let data = ScriptedServer([ServiceScript.nothingListed, ServiceScript.store(204), ServiceScript.store(204)])
        let service = ScriptedServer()
        try await data.run { endpoint in
            func answer(isFull: Bool, time: Int) -> ScriptedServer.Step {
                ServiceScript.answer(
                    ServiceScript.content(endpoint: endpoint, prefix: prefix, isFull: isFull, time: time)
                )
            }
            let now = ServiceScript.now
            service.add(
                answer(isFull: true, time: now),
                answer(isFull: true, time: now + 600),
                answer(isFull: false, time: now + 1_200)
            )
            try await service.run { url in
                let store = try store(url)
                _ = try await store.list(prefix: prefix, after: nil, limit: 10)
                await #expect(throws: ObjectStoreError(.full)) { _ = try await store.put(prefix + "a") }
                _ = try await store.delete([prefix + "b"])
                #expect(data.requests.map(\.method) == ["GET", "DELETE"] && service.requests.count == 1)
                // The service counts anew every ten minutes.
                for count in [2, 2] {
                    clock.seconds = now + 600
                    await #expect(throws: ObjectStoreError(.full)) { _ = try await store.put(prefix + "a") }
                    #expect(service.requests.count == count)
                }
                clock.seconds = now + 1_200
                _ = try await store.put(prefix + "a")
            }
        }
        #expect(service.requests.count == 3 && data.requests.count == 3)
        let shown = ChainError.store(ObjectStoreError(.full))
        #expect(shown.code == .chainFull && !shown.retryHelps)
    }

    @Test("A full chain that has a form to clean up writes with it, and says that it is full")
    func cleanup() async throws {
        let data = ScriptedServer([ServiceScript.nothingListed, ServiceScript.store(204), ServiceScript.store(204)])
        let service = ScriptedServer()
        try await data.run { endpoint in
            let now = ServiceScript.now
            func answer(forms: [String], time: Int) -> ScriptedServer.Step {
                let content = ServiceScript.content(
                    endpoint: endpoint,
                    prefix: prefix,
                    forms: forms,
                    isFull: true,
                    time: time,
                    lifetime: 900
                )
                return ServiceScript.answer(content)
            }
            service.add(answer(forms: [prefix], time: now), answer(forms: [], time: now + 900))
            try await service.run { url in
                let store = try store(url)
                _ = try await store.list(prefix: prefix, after: nil, limit: 10)
                #expect(try await store.isFull())
                _ = try await store.put(prefix + "a")
                clock.seconds = now + 599
                #expect(try await store.isFull())
                #expect(service.requests.count == 1)
                clock.seconds = now + 900
                #expect(try await store.isFull())
                await #expect(throws: ObjectStoreError(.full)) { _ = try await store.put(prefix + "a") }
                _ = try await store.delete([prefix + "a"])
            }
        }
        #expect(service.requests.count == 2 && data.requests.map(\.method) == ["GET", "POST", "DELETE"])
    }

    @Test("A chain shows the problem that the service told, and asks no second time: the client has done that")
    func chain() async throws {
        let problems: [(ScriptedServer.Step, ChainError.Code, Int)] = [
            (ServiceScript.problem("invitation-needed", 403), .invitationNeeded, 1),
            (ServiceScript.problem("unknown-chain", 404), .chainUnknown, 1),
            (ServiceScript.problem("busy", 503), .serviceBusy, CredentialsLimits().tries),
        ]
        for (step, code, requests) in problems {
            let service = ScriptedServer(Array(repeating: step, count: 20))
            try await service.run { url in
                let chain = Chain(seed: seed, device: DeviceID(value: 1), store: try store(url))
                let error = await #expect(throws: ChainError.self) { _ = try await chain.get("1", in: "notes") }
                #expect(error?.code == code)
            }
            #expect(service.requests.count == requests)
        }
    }
}
