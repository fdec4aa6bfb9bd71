package import EasySetupFleetStore
import Foundation
import NIOCore
import NIOPosix
import Synchronization
package import Testing

/// A Redis server of a test's own: Debian's `redis-server` on a free port of loopback, without files of data. It ends with
/// the tests, however they end.
package final class RedisServer: Sendable {
    /// The program's path; nil if it is not installed.
    package static let program = installed("redis-server")
    /// The reason of a test that is skipped without it.
    package static let hint: Comment = "scripts/setup --tests installs redis-server"

    package let port: Int
    private let arguments: [String]
    private let tls: MadeCertificate?
    /// The port of the server that a sentinel watches; nil for a server.
    private let watched: Int?
    private let folder = ScratchFolder()
    private let process = Mutex<Running?>(nil)

    /// - Parameters:
    ///   - arguments: options beside those that all tests have.
    ///   - tls: a certificate, for a server that speaks TLS alone.
    package init(_ arguments: [String] = [], tls: MadeCertificate? = nil) throws {
        port = try FreePort.below30000()
        self.arguments = arguments
        self.tls = tls
        watched = nil
    }

    /// One of several sentinels that watch a server under the name `main`. Two of them decide that it is gone, when it
    /// has not answered for a second.
    package init(sentinelOf port: Int) throws {
        self.port = try FreePort.below30000()
        (arguments, tls, watched) = ([], nil, port)
    }

    /// Runs a server as long as `body` runs.
    package static func run<Result: Sendable>(
        _ arguments: [String] = [],
        tls: MadeCertificate? = nil,
        _ body: @Sendable (RedisServer) async throws -> Result
    ) async throws -> Result {
        let server = try RedisServer(arguments, tls: tls)
        try await server.start()
        do {
            let result = try await body(server)
            await server.kill()
            return result
        } catch {
            await server.kill()
            throw error
        }
    }

    private struct NotStarted: Error {
        let errors: String
    }

    /// Starts the server, with nothing of what it had before, and waits until it takes connections.
    package func start() async throws {
        guard let program = Self.program else { throw NotStarted(errors: "\(Self.hint)") }
        var options = try watched.map { [try sentinelFile(watching: $0), "--sentinel"] } ?? serverOptions
        options += ["--bind", "127.0.0.1", "--dir", folder.path, "--pidfile", pidFile]
        try? FileManager.default.removeItem(atPath: pidFile)
        // The shell's input ends with the tests, and the server with it.
        let script = """
            exec 3<&0
            "$@" </dev/null 3<&- &
            server=$!
            { cat <&3 >/dev/null; kill -9 $server 2>/dev/null; } &
            wait $server
            """
        let running = try Running(["-c", script, "redis", program] + options + arguments, of: "/bin/sh")
        process.withLock { $0 = running }
        do {
            try await ReverseProxy.listening(port, of: running)
            try await until { FileManager.default.fileExists(atPath: pidFile) }
        } catch {
            running.endInput()
            throw NotStarted(errors: await running.output())
        }
    }

    /// Ends the server by SIGKILL, and waits for its end.
    package func kill() async {
        guard let running = process.withLock({ $0.take() }) else { return }
        signal(SIGKILL)
        running.endInput()
        _ = await running.end()
    }

    /// Sends a signal to the server, such as SIGSTOP.
    package func signal(_ number: Int32) {
        guard let text = try? String(contentsOfFile: pidFile, encoding: .utf8), let pid = pid_t(text.filter(\.isNumber))
        else { return }
        Glibc.kill(pid, number)
    }

    private var serverOptions: [String] {
        let options = ["--save", "", "--appendonly", "no"]
        guard let tls else { return options + ["--port", "\(port)"] }
        let files = ["--tls-cert-file", tls.certificate, "--tls-key-file", tls.key, "--tls-auth-clients", "no"]
        return options + ["--port", "0", "--tls-port", "\(port)"] + files
    }

    /// A sentinel keeps what it knows in its file.
    private func sentinelFile(watching watched: Int) throws -> String {
        try folder.file(
            "sentinel.conf",
            """
            port \(port)
            sentinel monitor main 127.0.0.1 \(watched) 2
            sentinel down-after-milliseconds main 1000
            sentinel failover-timeout main 10000

            """
        )
    }

    private var pidFile: String { folder.path + "/redis.pid" }

    /// The path of an installed program; nil if it is not there. The search path of ordinary users often lacks `sbin`.
    package static func installed(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (path.split(separator: ":").map(String.init) + ["/usr/bin", "/usr/sbin"]).map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

/// A test's own connection to a Redis server: commands of any kind, in the order in which they are given.
package final class RedisTalk: Sendable {
    private struct State {
        var values: [RESPValue] = []
        var hasEnded = false
        var waiting: CheckedContinuation<RESPValue?, Never>?
    }

    private struct Ended: Error {}

    private let channel: any Channel
    private let state = Mutex(State())

    private init(_ channel: any Channel) { self.channel = channel }

    /// Talks to the server at a port of loopback as long as `body` runs.
    package static func with<Value: Sendable>(
        _ port: Int,
        _ body: (RedisTalk) async throws -> Value
    ) async throws -> Value {
        let talk = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let talk = RedisTalk(channel)
                    try channel.pipeline.syncOperations.addHandler(Handler(talk))
                    return talk
                }
            }
        do {
            let value = try await body(talk)
            try? await talk.channel.close()
            return value
        } catch {
            try? await talk.channel.close()
            throw error
        }
    }

    /// Sends commands in one piece and waits for all answers.
    package func send(_ commands: [RESPCommand]) async throws -> [RESPValue] {
        var bytes: [UInt8] = []
        for command in commands { command.encode(to: &bytes) }
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
        var values: [RESPValue] = []
        while values.count < commands.count { values.append(try await next()) }
        return values
    }

    /// Sends a command and waits for its answer.
    package func send(_ words: String...) async throws -> RESPValue {
        try await send([RESPCommand(words: words.map { Array($0.utf8) })])[0]
    }

    /// Waits for the next value that the server says.
    package func next() async throws -> RESPValue {
        let value = await withCheckedContinuation { continuation in
            let value: RESPValue?? = state.withLock { state -> RESPValue?? in
                if !state.values.isEmpty { return state.values.removeFirst() }
                if state.hasEnded { return .some(nil) }
                state.waiting = continuation
                return nil
            }
            if let value { continuation.resume(returning: value) }
        }
        guard let value else { throw Ended() }
        return value
    }

    /// A value arrived, or nil when no more will.
    private func put(_ value: RESPValue?) {
        let waiting = state.withLock { state -> CheckedContinuation<RESPValue?, Never>? in
            if value == nil { state.hasEnded = true }
            if let waiting = state.waiting.take() { return waiting }
            if let value { state.values.append(value) }
            return nil
        }
        waiting?.resume(returning: value)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let talk: RedisTalk
        private var reader = RESPReader()

        init(_ talk: RedisTalk) { self.talk = talk }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Array(unwrapInboundIn(data).readableBytesView)
            var place = 0
            while let value = try? reader.next(in: bytes.span, from: &place) { talk.put(value) }
        }

        func channelInactive(context: ChannelHandlerContext) { talk.put(nil) }
    }
}
