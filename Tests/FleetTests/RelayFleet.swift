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

    /// The relays' key.
    static let key = [UInt8](repeating: 0x5a, count: 32)

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
    /// - Parameters:
    ///   - namespace: the network of the last relay, with another way to the Redis at this port; nil for that of all.
    ///   - other: the other version of relays, and their way to the same.
    ///   - versions: the versions of the first relays at their start; the others are of this one.
    static func run<Result: Sendable>(
        of count: Int = 3,
        _ options: [String] = [],
        at store: String,
        last namespace: (Namespace, port: Int)? = nil,
        other: (program: String, store: String)? = nil,
        versions: [FleetRelay.Version] = [],
        _ body: @Sendable (RelayFleet) async throws -> Result
    ) async throws -> Result {
        let folder = ScratchFolder()
        let key = try folder.file("key", String(repeating: "5a", count: Self.key.count) + "\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        let own = ["--key-file", key] + limits + options
        let relays = try (0..<count).map { number in
            guard number == count - 1, let (namespace, port) = namespace else {
                let first = number < versions.count ? versions[number] : .this
                return try FleetRelay(own, at: store, other: other, first: first)
            }
            return try FleetRelay(own, at: "redis://\(namespace.redis):\(port)", in: namespace)
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
    /// The version of the program that a relay is: the one that is tested, or another one that serves beside it.
    enum Version: CaseIterable { case this, other }

    let host: String
    let port: Int
    private let commands: [Version: [String]]
    private let process: Mutex<(running: Running?, state: State, version: Version)>

    /// - Parameters:
    ///   - store: what the relays share.
    ///   - other: the other version's program, and its way to the same; nil if the relay is always of this version.
    ///   - first: the version at its first start.
    init(
        _ options: [String],
        at store: String,
        in namespace: Namespace? = nil,
        other: (program: String, store: String)? = nil,
        first: Version = .this
    ) throws {
        host = namespace?.relay ?? "127.0.0.1"
        port = try FreePort.below30000()
        let command = ["relay", "--listen", "\(host):\(port)", "--json"] + options
        let shell = try namespace.map { [try #require(RedisServer.installed("ip")), "netns", "exec", $0.name] } ?? []
        var commands = [Version.this: shell + [Program.path] + command + ["--fleet", store]]
        if let other { commands[.other] = [other.program] + command + ["--fleet", other.store] }
        self.commands = commands
        process = Mutex((nil, .off, first))
    }

    var state: State { process.withLock(\.state) }

    var address: RelayAddress { RelayAddress(host: host, port: port, isPlain: true)! }

    /// Starts the relay and waits until it listens.
    /// - Parameter version: the version that it is from now on; nil for the one that it was.
    func start(as version: Version? = nil) async throws {
        let version = version ?? process.withLock(\.version)
        let command = try #require(commands[version])
        let running = try Running(Array(command.dropFirst()), of: command[0])
        process.withLock { $0 = (running, .off, version) }
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
