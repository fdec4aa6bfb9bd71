import EasySetup
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

/// Relays of one fleet, each a process.
struct RelayFleet: Sendable {
    let relays: [FleetRelay]

    /// Limits of a relay at which all devices come from one address.
    private static let limits =
        [
            "offersPerPrefix", "visitsPerPrefix", "missesPerPrefix", "restoresPerPrefix", "roomlessPerPrefix",
            "waitingPerPrefix", "openingPerPrefix",
        ].flatMap { ["--limit", "\($0)=100000"] } + ["--limit", "partOfFree=1"]

    /// Runs relays that share a Redis of their own as long as the body runs, which begins when all have joined.
    ///
    /// - Parameters:
    ///   - options: more options of the relays.
    ///   - settings: options of the Redis server.
    static func run<Result: Sendable>(
        of count: Int = 3,
        _ options: [String] = [],
        redis settings: [String] = [],
        _ body: @Sendable (RelayFleet, RedisServer) async throws -> Result
    ) async throws -> Result {
        try await RedisServer.run(settings) { redis in
            try await run(of: count, options, at: "redis://127.0.0.1:\(redis.port)") { try await body($0, redis) }
        }
    }

    /// Runs relays that share what is at this address.
    ///
    /// - Parameter namespace: the network of the last relay, with another way to the Redis at this port; nil for that of all.
    static func run<Result: Sendable>(
        of count: Int = 3,
        _ options: [String] = [],
        at store: String,
        last namespace: (Namespace, port: Int)? = nil,
        _ body: @Sendable (RelayFleet) async throws -> Result
    ) async throws -> Result {
        let folder = ScratchFolder()
        let key = try folder.file("key", String(repeating: "5a", count: 32) + "\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        let own = ["--key-file", key] + limits + options
        let relays = try (0..<count).map { number in
            guard number == count - 1, let (namespace, port) = namespace else {
                return try FleetRelay(["--fleet", store] + own)
            }
            return try FleetRelay(["--fleet", "redis://\(namespace.redis):\(port)"] + own, in: namespace)
        }
        do {
            for relay in relays { try await relay.start() }
            for relay in relays { try await relay.joined() }
            let result = try await body(RelayFleet(relays: relays))
            for relay in relays { relay.end(SIGKILL) }
            for relay in relays { await relay.ended() }
            return result
        } catch {
            for relay in relays {
                relay.end(SIGKILL)
                print("a relay said:\n\(await relay.log())")
            }
            throw error
        }
    }
}

/// One relay of a fleet, as a process that is killed, stopped and started again on the same port.
final class FleetRelay: Sendable {
    enum State { case off, running, stopped }

    let host: String
    let port: Int
    private let program: String
    private let arguments: [String]
    private let process = Mutex<(running: Running?, state: State)>((nil, .off))

    init(_ options: [String], in namespace: Namespace? = nil) throws {
        host = namespace?.relay ?? "127.0.0.1"
        port = try FreePort.below30000()
        let command = ["relay", "--listen", "\(host):\(port)", "--json"] + options
        if let namespace {
            program = try #require(RedisServer.installed("ip"))
            arguments = ["netns", "exec", namespace.name, Program.path] + command
        } else {
            (program, arguments) = (Program.path, command)
        }
    }

    var state: State { process.withLock(\.state) }

    var address: RelayAddress { RelayAddress(host: host, port: port, isPlain: true)! }

    /// Starts the relay and waits until it listens.
    func start() async throws {
        let running = try Running(arguments, of: program)
        process.withLock { $0 = (running, .off) }
        _ = try await running.event("listening")
        process.withLock { $0.state = .running }
    }

    /// Ends the relay by a signal, SIGKILL or SIGTERM, after which it drains; ``ended()`` waits for its end.
    func end(_ signal: Int32) {
        process.withLock { process in
            process.running?.interrupt(signal)
            process.state = .off
        }
    }

    /// Waits until the relay has ended.
    func ended() async {
        _ = await process.withLock(\.running)?.end()
    }

    /// Stops the relay's process, as a machine does that is suspended, or lets it go on.
    func stop(_ isStopped: Bool) {
        process.withLock { process in
            guard process.state != .off else { return }
            process.running?.interrupt(isStopped ? SIGSTOP : SIGCONT)
            process.state = isStopped ? .stopped : .running
        }
    }

    /// Waits until the relay has joined the others.
    func joined() async throws {
        try await until { await health("joined").contains(" 200 ") }
    }

    /// The beginning of the relay's answer to a question for its health; empty if there is none.
    func health(_ name: String) async -> String {
        let answer = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
            .executeThenClose { incoming, outgoing in
                try await outgoing.write(ByteBuffer(string: "GET /health/\(name) HTTP/1.0\r\n\r\n"))
                for try await bytes in incoming { return String(buffer: bytes) }
                return ""
            }
        return answer ?? ""
    }

    /// The relay's log since its last start; it has ended.
    func log() async -> String {
        await process.withLock(\.running)?.errors() ?? ""
    }
}
