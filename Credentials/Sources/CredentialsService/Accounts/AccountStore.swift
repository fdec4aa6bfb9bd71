package import CredentialsCore
import Crypto
package import EasySetupSeed
import Foundation
import GRDB
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The file of accounts: chains with their nodes, nonces, revocations and invitations, in SQLite.
///
/// Several processes may use one file. Each call is one transaction, so a process that dies leaves all of a call or
/// nothing.
package final class AccountStore: Sendable {
    private let pool: DatabasePool
    private let limitsNow: Mutex<ServiceLimits>

    /// Opens the file, or makes it, with rights for its owner alone.
    /// - Throws: ``StoreFault``.
    package init(path: String, limits: ServiceLimits) throws(StoreFault) {
        limitsNow = Mutex(limits)
        // SQLite makes its journal with the rights of the file, so the file is made first.
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .cannotOpen(String(cString: strerror(errno))) }
        let isOurs = fchmod(file, 0o600) == 0
        close(file)
        guard isOurs else { throw .cannotOpen("the file belongs to another user") }
        var configuration = Configuration()
        // Another process may be in a transaction, which takes some milliseconds.
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            // A chain whose row is lost would get another node, so a row is on the disk before it is told.
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            try Self.migrator.migrate(pool)
            let known = Self.migrator.migrations
            let isNewer = try pool.read { database in
                try Self.migrator.appliedIdentifiers(database).contains { !known.contains($0) }
            }
            guard !isNewer else { throw StoreFault.newer }
        } catch let fault as StoreFault {
            throw fault
        } catch {
            throw .cannotOpen(Self.text(error))
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE node (
                      name TEXT NOT NULL PRIMARY KEY, capacity INTEGER NOT NULL, load INTEGER NOT NULL,
                      available INTEGER NOT NULL, downed INTEGER NOT NULL, backoff INTEGER NOT NULL
                    ) STRICT;
                    CREATE TABLE account (
                      user BLOB NOT NULL PRIMARY KEY, node TEXT NOT NULL REFERENCES node (name),
                      created INTEGER NOT NULL, seen INTEGER NOT NULL, deleted INTEGER,
                      objects INTEGER, counted INTEGER
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE nonce (
                      user BLOB NOT NULL, nonce BLOB NOT NULL, ends INTEGER NOT NULL, PRIMARY KEY (user, nonce)
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX nonce_ends ON nonce (ends);
                    CREATE TABLE revocation (
                      user BLOB NOT NULL, device BLOB NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (user, device)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE invitation (
                      digest BLOB NOT NULL PRIMARY KEY, created INTEGER NOT NULL, used INTEGER
                    ) STRICT, WITHOUT ROWID;
                    """
            )
        }
        return migrator
    }

    private var limits: ServiceLimits { limitsNow.withLock { $0 } }

    /// Takes other limits, which hold from the next call on.
    package func set(_ limits: ServiceLimits) { limitsNow.withLock { $0 = limits } }

    // MARK: Calls of devices

    /// Lets a request for credentials in: remembers its nonce, and registers its chain if that is new.
    /// - Parameters:
    ///   - nonce: the request's nonce and end; nil for a plain request, which has none.
    ///   - mayRegister: asked when the chain is new; it refuses when too many come from one address.
    /// - Returns: the account, with its node.
    package func admit(
        _ asker: Asker,
        of user: UserID,
        nonce: (bytes: [UInt8], ends: Int)?,
        invitation: [UInt8],
        registration: Registration,
        now: Int,
        mayRegister: @escaping @Sendable () throws(Refusal) -> Void
    ) async throws -> Account {
        try await write { database in
            let account = try Self.account(user, database)
            if let nonce { try self.use(nonce, of: user, now: now, database) }
            let digest = Data(SHA256.hash(data: invitation))
            let decision = try AccountDecision.decide(
                asker,
                account: account,
                isRevoked: try Self.isRevoked(asker, user, database),
                registration: registration,
                hasInvitation: try Bool.fetchOne(
                    database,
                    sql: "SELECT EXISTS (SELECT 1 FROM invitation WHERE digest = ? AND used IS NULL)",
                    arguments: [digest]
                ) ?? false
            )
            let id = Data(user.bytes)
            switch decision {
            case .known(let account):
                // A day's precision is enough, and tells less.
                try database.execute(
                    sql: "UPDATE account SET seen = :day WHERE user = :id AND seen <> :day",
                    arguments: ["day": Self.day(now), "id": id]
                )
                return account
            case .register(let usesInvitation):
                try mayRegister()
                let node = try Self.takePlace(database)
                if usesInvitation {
                    try database.execute(
                        sql: "UPDATE invitation SET used = ? WHERE digest = ?",
                        arguments: [Self.day(now), digest]
                    )
                }
                try database.execute(
                    sql: "INSERT INTO account (user, node, created, seen) VALUES (?, ?, ?, ?)",
                    arguments: [id, node, Self.day(now), Self.day(now)]
                )
                return Account(node: node)
            }
        }
    }

    /// Revokes a device of a chain.
    package func revoke(_ device: [UInt8], by request: CheckedRequest, now: Int) async throws {
        try await write { database in
            try self.use((request.nonce, request.nonceEnds), of: request.user, now: now, database)
            try Self.demandAccount(request.user, database)
            let user = Data(request.user.bytes)
            let count = try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM revocation WHERE user = ? AND device <> ?",
                arguments: [user, Data(device)]
            )
            guard count ?? 0 < self.limits.revocationsPerUser else {
                throw Refusal(.tooManyRevocations, most: self.limits.revocationsPerUser)
            }
            try database.execute(
                sql: "INSERT OR IGNORE INTO revocation (user, device, created) VALUES (?, ?, ?)",
                arguments: [user, Data(device), now]
            )
        }
    }

    /// Marks an account as deleted and frees its place. The mark stays, so that other devices hear of it.
    package func delete(by request: CheckedRequest, now: Int) async throws {
        try await write { database in
            try self.use((request.nonce, request.nonceEnds), of: request.user, now: now, database)
            guard let account = try Self.account(request.user, database) else { throw Refusal(.unknownChain) }
            guard !account.isDeleted else { return }
            let user = Data(request.user.bytes)
            try database.execute(sql: "UPDATE account SET deleted = ? WHERE user = ?", arguments: [now, user])
            try database.execute(sql: "DELETE FROM revocation WHERE user = ?", arguments: [user])
            var nodes = try Self.nodes(database)
            guard let index = nodes.firstIndex(where: { $0.name == account.node }) else { return }
            NodeAssignment.release(&nodes[index])
            try Self.save(nodes[index], database)
        }
    }

    // MARK: The operator's calls

    /// Brings the nodes of the settings into the file. What a node has of chains and places stays.
    package func set(_ nodes: [Node]) async throws {
        try await write { database in
            let before = try Self.nodes(database)
            for node in nodes {
                guard var known = before.first(where: { $0.name == node.name }) else {
                    try Self.save(node, database)
                    continue
                }
                known.capacity = node.capacity
                known.isDowned = node.isDowned
                known.isBackedOff = node.isBackedOff
                known.available = max(0, min(known.available, known.capacity - known.load))
                try Self.save(known, database)
            }
            for node in before where !nodes.contains(where: { $0.name == node.name }) {
                let chains = try Int.fetchOne(
                    database,
                    sql: "SELECT count(*) FROM account WHERE node = ?",
                    arguments: [node.name]
                )
                guard chains ?? 0 == 0 else { throw StoreFault.nodeMissing(node.name, chains: chains ?? 0) }
                try database.execute(sql: "DELETE FROM node WHERE name = ?", arguments: [node.name])
            }
        }
    }

    /// Stores invitations, of which the file has the digests alone.
    package func add(invitations: [String], now: Int) async throws {
        try await write { database in
            for invitation in invitations {
                try database.execute(
                    sql: "INSERT INTO invitation (digest, created) VALUES (?, ?)",
                    arguments: [Data(SHA256.hash(data: Array(invitation.utf8))), Self.day(now)]
                )
            }
        }
    }

    /// Whether the objects of a chain are to be counted now: once a day, and every ten minutes while it has too many,
    /// so that a chain that has deleted some can soon write again. Of several that ask at once, one hears yes.
    package func claimCount(of user: UserID, now: Int) async throws -> Bool {
        try await write { database in
            try database.execute(
                sql: """
                    UPDATE account SET counted = :now WHERE user = :id AND deleted IS NULL
                      AND (counted IS NULL OR counted <= :now - iif(objects > :most, 600, 86400))
                    """,
                arguments: ["now": now, "id": Data(user.bytes), "most": self.limits.objectsPerUser]
            )
            return database.changesCount == 1
        }
    }

    /// Stores how many objects a chain has.
    package func set(objects: Int, of user: UserID, now: Int) async throws {
        try await write { database in
            try database.execute(
                sql: "UPDATE account SET objects = ?, counted = ? WHERE user = ?",
                arguments: [objects, now, Data(user.bytes)]
            )
        }
    }

    /// The contents of the file in numbers, for the status page and the metrics.
    package func summary(now: Int) async throws -> AccountSummary {
        do {
            return try await pool.read { database in
                func count(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
                    try Int.fetchOne(database, sql: sql, arguments: arguments) ?? 0
                }
                return AccountSummary(
                    nodes: try Self.nodes(database),
                    accounts: try count("SELECT count(*) FROM account WHERE deleted IS NULL"),
                    deleted: try count("SELECT count(*) FROM account WHERE deleted IS NOT NULL"),
                    silent: try count(
                        "SELECT count(*) FROM account WHERE deleted IS NULL AND seen < ?",
                        [Self.day(now) - 365 * 86_400]
                    ),
                    full: try count(
                        "SELECT count(*) FROM account WHERE deleted IS NULL AND objects > ?",
                        [self.limits.objectsPerUser]
                    ),
                    counted: try count("SELECT count(*) FROM account WHERE objects IS NOT NULL"),
                    objects: try count("SELECT coalesce(sum(objects), 0) FROM account WHERE deleted IS NULL"),
                    revocations: try count("SELECT count(*) FROM revocation"),
                    invitations: try count("SELECT count(*) FROM invitation WHERE used IS NULL"),
                    nonces: try count("SELECT count(*) FROM nonce")
                )
            }
        } catch {
            throw StoreFault.failed(Self.text(error))
        }
    }

    // MARK: Parts of transactions

    private func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await pool.write(body)
        } catch let refusal as Refusal {
            throw refusal
        } catch let fault as StoreFault {
            throw fault
        } catch {
            throw StoreFault.failed(Self.text(error))
        }
    }

    private func use(_ nonce: (bytes: [UInt8], ends: Int), of user: UserID, now: Int, _ database: Database) throws {
        try database.execute(sql: "DELETE FROM nonce WHERE ends <= ?", arguments: [now])
        let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM nonce") ?? 0
        guard count < limits.nonces else { throw Refusal(.busy, retryAfter: limits.clockWindow) }
        try database.execute(
            sql: "INSERT OR IGNORE INTO nonce (user, nonce, ends) VALUES (?, ?, ?)",
            arguments: [Data(user.bytes), Data(nonce.bytes), nonce.ends]
        )
        guard database.changesCount == 1 else { throw Refusal(.nonceUsed) }
    }

    private static func account(_ user: UserID, _ database: Database) throws -> Account? {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT node, deleted, objects FROM account WHERE user = ?",
            arguments: [Data(user.bytes)]
        )
        return row.map { row in
            Account(node: row["node"], isDeleted: (row["deleted"] as Int?) != nil, objects: row["objects"])
        }
    }

    private static func demandAccount(_ user: UserID, _ database: Database) throws {
        guard let account = try account(user, database) else { throw Refusal(.unknownChain) }
        guard !account.isDeleted else { throw Refusal(.accountDeleted) }
    }

    private static func isRevoked(_ asker: Asker, _ user: UserID, _ database: Database) throws -> Bool {
        guard case .device(let rights) = asker else { return false }
        return try Bool.fetchOne(
            database,
            sql: "SELECT EXISTS (SELECT 1 FROM revocation WHERE user = ? AND device = ?)",
            arguments: [Data(user.bytes), Data(rights.device)]
        ) ?? false
    }

    private static func takePlace(_ database: Database) throws -> String {
        var nodes = try nodes(database)
        let before = nodes
        guard let index = NodeAssignment.assign(&nodes) else { throw Refusal(.noNode, retryAfter: 3_600) }
        for (node, old) in zip(nodes, before) where node != old { try save(node, database) }
        return nodes[index].name
    }

    private static func nodes(_ database: Database) throws -> [Node] {
        try Row.fetchAll(database, sql: "SELECT * FROM node ORDER BY name").map { row in
            Node(
                name: row["name"],
                capacity: row["capacity"],
                load: row["load"],
                available: row["available"],
                isDowned: row["downed"],
                isBackedOff: row["backoff"]
            )
        }
    }

    private static func save(_ node: Node, _ database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO node (name, capacity, load, available, downed, backoff) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET capacity = excluded.capacity, load = excluded.load,
                  available = excluded.available, downed = excluded.downed, backoff = excluded.backoff
                """,
            arguments: [node.name, node.capacity, node.load, node.available, node.isDowned, node.isBackedOff]
        )
    }

    private static func day(_ seconds: Int) -> Int { seconds - seconds % 86_400 }

    /// SQLite's own words, without the statement and its arguments.
    private static func text(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(type(of: error))" }
        return error.message ?? "\(error.resultCode)"
    }
}
