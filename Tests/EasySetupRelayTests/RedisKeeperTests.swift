import EasySetupFleetStore
import Foundation
import TestSupport
import Testing

@testable import EasySetupRelay

/// A relay whose passwords and certificates for Redis change while it runs.
@Suite(
    "Passwords and certificates for Redis that are read again",
    .inTurn,
    .enabled(if: RedisServer.program != nil, RedisServer.hint),
    .timeLimit(.minutes(60))
)
struct RedisKeeperTests {
    private static func write(_ text: String, to path: String) throws {
        try? FileManager.default.removeItem(atPath: path)
        #expect(
            FileManager.default.createFile(
                atPath: path,
                contents: Data(text.utf8),
                attributes: [.posixPermissions: 0o600]
            )
        )
    }

    /// Runs a relay while the body runs.
    private static func withRelay(
        at url: String,
        in folder: String,
        _ log: LogKeeper = LogKeeper(),
        _ change: (inout RedisSettings) -> Void = { _ in },
        _ body: (RelayServer, RelayConfiguration, Int) async throws -> Void
    ) async throws {
        var configuration = RelayConfiguration()
        configuration.unhurry()
        configuration.keyFile = PathBytes(folder + "/relay.key")
        configuration.clock = .system()
        var settings = RedisSettings(try RedisAddress(url: url))
        change(&settings)
        configuration.fleet = settings
        try await TestSupport.withRelay(unchanged: configuration, logger: log.logger) { server, port in
            try await body(server, configuration, port)
        }
    }

    private static func isCutOff(_ port: Int) async throws {
        try await until {
            try await exchange("GET /health/joined HTTP/1.0\r\n\r\n", port: port).contains(" 503 ")
        }
    }

    /// Lets something happen, and waits until the relay has joined once more.
    private static func rejoins(_ log: LogKeeper, after body: () async throws -> Void) async throws {
        let count = { log.lines.count { $0.contains("joined the fleet") } }
        let before = count()
        try await body()
        try await until { count() > before }
    }

    /// Gives a server that asks for the password `old` another one, and cuts all connections.
    private static func change(_ server: RedisServer, to password: String, from old: String = "old") async throws {
        try await RedisTalk.with(server.port) { talk in
            #expect(try await talk.send("AUTH", old) == .line(Array("OK".utf8)))
            #expect(try await talk.send("CONFIG", "SET", "requirepass", password) == .line(Array("OK".utf8)))
            for kind in ["normal", "pubsub"] { _ = try await talk.send("CLIENT", "KILL", "TYPE", kind) }
        }
    }

    @Test("A password that is replaced in its file is that of the next connection, without a word to the relay")
    func passwordFile() async throws {
        try await RedisServer.run(["--requirepass", "old"]) { redis in
            try await withFolder { folder in
                let path = folder + "/password"
                try Self.write("old\n", to: path)
                let log = LogKeeper()
                let url = "redis://127.0.0.1:\(redis.port)"
                try await Self.withRelay(at: url, in: folder, log, { $0.passwordFile = PathBytes(path) }) {
                    _,
                    _,
                    port in
                    try await SharedRedisTests.isJoined(port)
                    try await Self.change(redis, to: "topsecret")
                    try await Self.isCutOff(port)
                    try Self.write("topsecret\n", to: path)
                    try await SharedRedisTests.isJoined(port)
                }
                #expect(log.lines.count { $0.contains("password and certificates for Redis read anew") } == 1)
                #expect(!log.lines.contains { $0.contains("topsecret") })
            }
        }
    }

    @Test("At a reload the relay takes the password of other settings for the same server, and no other server")
    func otherSettings() async throws {
        try await RedisServer.run(["--requirepass", "old"]) { redis in
            try await withFolder { folder in
                let url = { (password: String) in "redis://:\(password)@127.0.0.1:\(redis.port)" }
                let log = LogKeeper()
                try await Self.withRelay(at: url("old"), in: folder, log) { server, configuration, port in
                    try await SharedRedisTests.isJoined(port)
                    var changed = configuration
                    changed.fleet = RedisSettings(try RedisAddress(url: url("new")))
                    #expect(await server.reload(changed) == [])
                    #expect(server.isReloadGood)
                    try await Self.rejoins(log) { try await Self.change(redis, to: "new") }
                    // The password may be in a file from now on.
                    try Self.write("newer", to: folder + "/password")
                    changed.fleet = RedisSettings(try RedisAddress(url: "redis://127.0.0.1:\(redis.port)"))
                    changed.fleet?.passwordFile = PathBytes(folder + "/password")
                    #expect(await server.reload(changed) == [])
                    try await Self.rejoins(log) { try await Self.change(redis, to: "newer", from: "new") }
                    changed.fleet?.others = [try RedisAddress(url: "redis://127.0.0.1:9")]
                    #expect(await server.reload(changed) == ["fleet"])
                    changed.fleet = nil
                    #expect(await server.reload(changed) == ["fleet"])
                    #expect(server.isReloadGood)
                }
            }
        }
    }

    @Test("A file that can't be used leaves the relay with what it had, and the reload says so")
    func unusable() async throws {
        try await RedisServer.run(["--requirepass", "old"]) { redis in
            try await withFolder { folder in
                let path = folder + "/password"
                try Self.write("old", to: path)
                let log = LogKeeper()
                let url = "redis://127.0.0.1:\(redis.port)"
                try await Self.withRelay(at: url, in: folder, log, { $0.passwordFile = PathBytes(path) }) {
                    server,
                    _,
                    port in
                    try await SharedRedisTests.isJoined(port)
                    try Self.write("", to: path)
                    await server.reload()
                    #expect(!server.isReloadGood)
                    try await Self.rejoins(log) { try await Self.change(redis, to: "old") }
                    try Self.write("old", to: path)
                    await server.reload()
                    #expect(server.isReloadGood)
                }
                let errors = log.lines.filter { $0.contains("not changed") }
                #expect(errors.count == 1 && errors[0].contains(path) && errors[0].contains("empty"), "\(errors)")
            }
        }
    }

    @Test("Authorities that are replaced in their file are those of the next connection") func authorities()
        async throws
    {
        let made = try MadeCertificate.loopback.get()
        try await RedisServer.run(tls: made) { redis in
            try await withFolder { folder in
                let other = try await MadeCertificate.make(in: folder, "other")
                let path = folder + "/authorities.pem"
                try Self.write(try String(contentsOfFile: other.certificate, encoding: .utf8), to: path)
                let log = LogKeeper()
                let url = "rediss://127.0.0.1:\(redis.port)"
                try await Self.withRelay(at: url, in: folder, log, { $0.authorities = PathBytes(path) }) { _, _, port in
                    try await until { log.lines.contains { $0.contains("not trusted") } }
                    try Self.write(try String(contentsOfFile: made.certificate, encoding: .utf8), to: path)
                    try await SharedRedisTests.isJoined(port)
                }
            }
        }
    }
}
