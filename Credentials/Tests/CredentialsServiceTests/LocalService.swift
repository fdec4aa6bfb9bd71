import EasySetup
import EasySetupChain
import EasySetupS3
import EasySetupSeed
import Foundation
import Synchronization
import TestSupport
import Testing

/// The built service as devices know it: at an address that stays the same when the service is started again.
final class LocalService: Sendable {
    /// The address of the service.
    let url: String
    private let arguments: Mutex<[String]>
    private let program: Mutex<Running>

    static let path = URL(filePath: Program.path).deletingLastPathComponent().appending(path: "easysetup-credentials")
        .path

    /// Starts the service with a file of accounts in a folder.
    ///
    /// - Parameters:
    ///   - registration: who may register.
    ///   - nodes: further nodes beside the store.
    init(
        _ store: LiveStore,
        _ scratch: ScratchFolder,
        registration: String = "open",
        nodes: [String] = []
    ) async throws {
        let broker = try scratch.file("broker", "\(store.broker.accessKey)\n\(store.broker.secret)\n")
        let poster = try scratch.file("poster", "\(store.poster.accessKey)\n\(store.poster.secret)\n")
        let port = try FreePort.below30000()
        let node = "name=n1 endpoint=\(store.endpoint) bucket=\(store.bucket) region=\(store.region)"
        let limits = ["requestsPerUser", "requestsPerDevice", "requestsPerPrefix", "registrationsPerPrefix"]
            .map { "\($0)=1000000" }
        url = "http://127.0.0.1:\(port)"
        let arguments =
            [
                "--listen", "127.0.0.1:\(port)", "--host", "127.0.0.1:\(port)", "--store", scratch.path + "/accounts",
                "--broker-file", broker, "--poster-file", poster, "--registration", registration,
            ] + ([node] + nodes).flatMap { ["--node", $0] } + limits.flatMap { ["--limit", $0] }
        self.arguments = Mutex(arguments)
        program = Mutex(try await Self.start(arguments))
    }

    private static func start(_ arguments: [String]) async throws -> Running {
        let program = try Running(arguments, of: path)
        _ = try #require(await program.logLine { $0.contains("listening for=devices port=") })
        return program
    }

    /// Ends the service by `kill -9`, and starts it again with the same arguments.
    func crash() async throws {
        let running = program.withLock { $0 }
        running.interrupt(SIGKILL)
        _ = await running.end()
        let next = try await Self.start(arguments.withLock { $0 })
        program.withLock { $0 = next }
    }

    /// Ends the service, and starts it again with another address of its nodes.
    func move(from old: String, to new: String) async throws {
        arguments.withLock { $0 = $0.map { $0.replacing("endpoint=\(old) ", with: "endpoint=\(new) ") } }
        try await crash()
    }

    /// Prints a new invitation.
    func invitation() async throws -> String {
        let program = try Running(arguments.withLock { $0 } + ["--invite", "1"], of: Self.path)
        #expect(await program.end() == 0)
        return try #require(await program.output().split(separator: "\n").last.map(String.init))
    }

    /// Ends the service as a service manager does.
    func end() async {
        let running = program.withLock { $0 }
        running.interrupt(SIGTERM)
        #expect(await running.end() == 0)
    }

    /// A new run of a device with the seed: nothing is known of earlier ones.
    func client(_ seed: SyncSeed, invitation: String? = nil) throws -> CredentialsClient {
        try CredentialsClient(url, for: .seed(seed), invitation: invitation, proxies: .none)
    }

    /// A new run of a device without the seed.
    func client(_ membership: Membership) throws -> CredentialsClient {
        try CredentialsClient(url, for: .membership(membership), proxies: .none)
    }

    /// The chain in a new run of a device with the seed.
    func chain(_ seed: SyncSeed, device: UInt64) throws -> Chain {
        Chain(
            seed: seed,
            device: DeviceID(value: device),
            store: S3Store(service: try client(seed), proxies: .none)
        )
    }

    /// The chain in a new run of a device without the seed.
    func chain(_ membership: Membership) throws -> Chain {
        Chain(membership: membership, store: S3Store(service: try client(membership), proxies: .none))
    }
}
