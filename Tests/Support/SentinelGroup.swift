import EasySetupFleetStore

/// A Redis server, a replica of it, and three sentinels that watch both.
package struct SentinelGroup: Sendable {
    package let master: RedisServer
    package let replica: RedisServer
    package let sentinels: [RedisServer]

    /// Runs the servers as long as the body runs, which begins when the sentinels could promote the replica.
    package static func run(_ body: @Sendable (SentinelGroup) async throws -> Void) async throws {
        let master = try RedisServer(["--repl-diskless-sync-delay", "0"])
        let replica = try RedisServer(["--replicaof", "127.0.0.1", "\(master.port)"])
        let sentinels = try (0..<3).map { _ in try RedisServer(sentinelOf: master.port) }
        let group = SentinelGroup(master: master, replica: replica, sentinels: sentinels)
        do {
            for server in group.all { try await server.start() }
            try await group.isReady()
            try await body(group)
        } catch {
            for server in group.all { await server.kill() }
            throw error
        }
        for server in group.all { await server.kill() }
    }

    private func isReady() async throws {
        try await RedisTalk.with(replica.port) { talk in
            try await until {
                guard case .text(let text) = try await talk.send("INFO", "replication") else { return false }
                return String(decoding: text, as: UTF8.self).contains("master_link_status:up")
            }
        }
        // A failover needs a replica that the sentinels know, and sentinels that know each other.
        for sentinel in sentinels {
            try await RedisTalk.with(sentinel.port) { talk in
                try await until {
                    guard case .list(let words) = try await talk.send("SENTINEL", "MASTER", "main") else {
                        return false
                    }
                    func figure(_ name: String) -> RESPValue? {
                        words.firstIndex(of: .text(name)).map { words[$0 + 1] }
                    }
                    return figure("num-slaves") == .text("1") && figure("num-other-sentinels") == .text("2")
                }
            }
        }
    }

    private var all: [RedisServer] { [master, replica] + sentinels }

    /// The address of the group's master, or of another group that these sentinels do not know.
    package func url(_ master: String = "main") -> String {
        let places = sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
        return "redis+sentinel://\(places)/\(master)"
    }
}
