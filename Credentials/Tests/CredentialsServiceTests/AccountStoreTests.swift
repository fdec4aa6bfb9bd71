import CredentialsCore
import CredentialsService
import EasySetupSeed
import Foundation
import Testing

/// A folder for one test's file of accounts.
final class Scratch: Sendable {
    let path = FileManager.default.temporaryDirectory.appending(path: "credentials-\(UUID().uuidString)").path
    var file: String { path + "/accounts.sqlite" }

    init() {
        try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

let now = 1_790_000_000

func randomUser() -> UserID { SyncSeed.random().userID }

func randomNonce() -> [UInt8] { (0..<16).map { _ in .random(in: 0...255) } }

func checked(_ user: UserID, nonce: [UInt8] = randomNonce()) -> CheckedRequest {
    CheckedRequest(user: user, asker: .seed, nonce: nonce, nonceEnds: now + 121)
}

extension AccountStore {
    /// Lets a request with the seed in; the refusal otherwise.
    func enter(
        _ user: UserID,
        _ asker: Asker = .seed,
        nonce: [UInt8] = randomNonce(),
        invitation: String = "",
        registration: Registration = .open,
        now: Int = now
    ) async throws -> Result<Account, Refusal> {
        do {
            return .success(
                try await admit(
                    asker,
                    of: user,
                    nonce: (nonce, now + 121),
                    invitation: Array(invitation.utf8),
                    registration: registration,
                    now: now,
                    mayRegister: { () throws(Refusal) in }
                )
            )
        } catch let refusal as Refusal {
            return .failure(refusal)
        }
    }
}

@Suite("The file of accounts")
struct AccountStoreTests {
    private let scratch = Scratch()
    private let node = Node(name: "n1", capacity: 100)

    private func store(_ limits: ServiceLimits = ServiceLimits(), nodes: [Node]? = nil) async throws -> AccountStore {
        let store = try AccountStore(path: scratch.file, limits: limits)
        try await store.set(nodes ?? [node])
        return store
    }

    private func refusal(_ body: () async throws -> Void) async throws -> Refusal? {
        do {
            try await body()
            return nil
        } catch let refusal as Refusal {
            return refusal
        }
    }

    @Test("A nonce counts once, also after the file was opened again, and again when its time is over")
    func nonce() async throws {
        let (user, nonce) = (randomUser(), randomNonce())
        let first = try await store()
        #expect(try await first.enter(user, nonce: nonce) == .success(Account(node: "n1")))
        #expect(try await first.enter(user, nonce: nonce) == .failure(Refusal(.nonceUsed)))
        let second = try await store()
        #expect(try await second.enter(user, nonce: nonce, now: now + 120) == .failure(Refusal(.nonceUsed)))
        #expect(try await second.enter(user, nonce: nonce, now: now + 121) == .success(Account(node: "n1")))
        // Another chain's nonce is another one.
        #expect(try await second.enter(randomUser(), nonce: nonce, now: now + 121) == .success(Account(node: "n1")))
    }

    @Test("When there is no place for another nonce, requests are refused until one has ended")
    func fullOfNonces() async throws {
        var limits = ServiceLimits()
        limits.nonces = 3
        let store = try await store(limits)
        let user = randomUser()
        for _ in 0..<3 { #expect(try await store.enter(user) == .success(Account(node: "n1"))) }
        #expect(try await store.enter(user) == .failure(Refusal(.busy, retryAfter: 120)))
        #expect(try await store.enter(user, now: now + 121) == .success(Account(node: "n1")))
    }

    @Test("A refused request leaves nothing: no account, no place, no invitation used")
    func refused() async throws {
        let store = try await store()
        #expect(
            try await store.enter(randomUser(), registration: .invitation) == .failure(Refusal(.invitationNeeded))
        )
        try await store.add(invitations: ["first"], now: now)
        let limited = try await refusal {
            _ = try await store.admit(
                .seed,
                of: randomUser(),
                nonce: (randomNonce(), now + 121),
                invitation: Array("first".utf8),
                registration: .invitation,
                now: now,
                mayRegister: { () throws(Refusal) in throw Refusal(.tooMany, retryAfter: 5) }
            )
        }
        #expect(limited == Refusal(.tooMany, retryAfter: 5))
        let summary = try await store.summary(now: now)
        #expect(summary.accounts == 0)
        #expect(summary.nonces == 0)
        #expect(summary.invitations == 1)
        #expect(summary.nodes == [node])
    }

    @Test("An invitation registers one chain, and that chain needs it no more")
    func invitation() async throws {
        let store = try await store()
        try await store.add(invitations: ["first", "second"], now: now)
        let user = randomUser()
        #expect(
            try await store.enter(user, invitation: "first", registration: .invitation) == .success(Account(node: "n1"))
        )
        #expect(
            try await store.enter(randomUser(), invitation: "first", registration: .invitation)
                == .failure(Refusal(.invitationNeeded))
        )
        #expect(try await store.enter(user, registration: .invitation) == .success(Account(node: "n1")))
        #expect(try await store.summary(now: now).invitations == 1)
    }

    @Test("Two processes with one file give a chain one node, and each chain takes one place")
    func two() async throws {
        let nodes = [Node(name: "n1", capacity: 40), Node(name: "n2", capacity: 40), Node(name: "n3", capacity: 40)]
        let stores = [try await store(nodes: nodes), try await store(nodes: nodes)]
        let users = (0..<20).map { _ in randomUser() }
        let answers = try await withThrowingTaskGroup(of: (Int, Account?).self) { tasks in
            for _ in 0..<2 {
                for (index, user) in users.enumerated() {
                    for store in stores { tasks.addTask { (index, try? await store.enter(user).get()) } }
                }
            }
            return try await tasks.reduce(into: [Int: [Account?]]()) { $0[$1.0, default: []].append($1.1) }
        }
        for (_, accounts) in answers {
            #expect(accounts.count == 4)
            #expect(Set(accounts.map { $0?.node }).count == 1)
            #expect(accounts.first != .some(nil))
        }
        let summary = try await stores[0].summary(now: now)
        #expect(summary.accounts == 20)
        #expect(summary.nodes.reduce(0) { $0 + $1.load } == 20)
    }

    @Test("A revoked device is refused, also after the file was opened again; revoking it twice is once")
    func revocation() async throws {
        let user = randomUser()
        let device = Asker.device(
            DeviceRights(device: Array(0..<8), signingKey: randomUser(), collections: [], notAfter: 0)
        )
        let first = try await store()
        #expect(try await first.enter(user, device) == .failure(Refusal(.unknownChain)))
        #expect(try await first.enter(user) == .success(Account(node: "n1")))
        #expect(try await first.enter(user, device) == .success(Account(node: "n1")))
        for _ in 0..<2 { try await first.revoke(Array(0..<8), by: checked(user), now: now) }
        #expect(try await first.summary(now: now).revocations == 1)
        #expect(try await store().enter(user, device) == .failure(Refusal(.deviceRevoked)))
    }

    @Test("A chain may revoke so many devices, and the same one again")
    func manyRevocations() async throws {
        var limits = ServiceLimits()
        limits.revocationsPerUser = 2
        let store = try await store(limits)
        let user = randomUser()
        _ = try await store.enter(user)
        for id: UInt8 in 0..<2 { try await store.revoke(Array(repeating: id, count: 8), by: checked(user), now: now) }
        try await store.revoke(Array(repeating: 0, count: 8), by: checked(user), now: now)
        let refused = try await refusal {
            try await store.revoke(Array(repeating: 2, count: 8), by: checked(user), now: now)
        }
        #expect(refused == Refusal(.tooManyRevocations, most: 2))
    }

    @Test("A deleted account frees its place once, and each device hears of it for good")
    func deletion() async throws {
        let store = try await store()
        let user = randomUser()
        _ = try await store.enter(user)
        #expect(try await store.summary(now: now).nodes[0].load == 1)
        for _ in 0..<2 { try await store.delete(by: checked(user), now: now) }
        let summary = try await store.summary(now: now)
        #expect(summary.nodes[0].load == 0)
        #expect(summary.accounts == 0)
        #expect(summary.deleted == 1)
        #expect(try await store.enter(user) == .failure(Refusal(.accountDeleted)))
        let refused = try await refusal { try await store.revoke(Array(0..<8), by: checked(user), now: now) }
        #expect(refused == Refusal(.accountDeleted))
    }

    @Test("A call that was made before is not made again with the same nonce", arguments: [true, false])
    func replay(deletes: Bool) async throws {
        let store = try await store()
        let request = checked(randomUser())
        _ = try await store.enter(request.user)
        func call() async throws -> Refusal? {
            try await refusal {
                if deletes {
                    try await store.delete(by: request, now: now)
                } else {
                    try await store.revoke(Array(0..<8), by: request, now: now)
                }
            }
        }
        #expect(try await call() == nil)
        #expect(try await call() == Refusal(.nonceUsed))
    }

    @Test("Nodes of the settings come and go, and one with chains may not be left out")
    func nodes() async throws {
        let store = try await store()
        let user = randomUser()
        _ = try await store.enter(user)
        try await store.set([Node(name: "n1", capacity: 7, isDowned: true), Node(name: "n2", capacity: 10)])
        let nodes = try await store.summary(now: now).nodes
        #expect(nodes.map(\.name) == ["n1", "n2"])
        #expect(nodes[0] == Node(name: "n1", capacity: 7, load: 1, available: 6, isDowned: true))
        // A chain stays where it is; a new one goes where there is a place.
        #expect(try await store.enter(user) == .success(Account(node: "n1")))
        #expect(try await store.enter(randomUser()) == .success(Account(node: "n2")))
        await #expect(throws: StoreFault.nodeMissing("n2", chains: 1)) {
            try await store.set([Node(name: "n1", capacity: 7)])
        }
        #expect(try await store.summary(now: now).nodes.count == 2)
    }

    @Test("Without a place a chain is refused and leaves no account")
    func noPlace() async throws {
        let store = try await store(nodes: [Node(name: "n1", capacity: 1)])
        #expect(try await store.enter(randomUser()) == .success(Account(node: "n1")))
        #expect(try await store.enter(randomUser()) == .failure(Refusal(.noNode, retryAfter: 3_600)))
        #expect(try await store.summary(now: now).accounts == 1)
    }

    @Test("The file and what SQLite has beside it are for their owner alone")
    func modes() async throws {
        let store = try await store()
        _ = try await store.enter(randomUser())
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(names.contains("accounts.sqlite-wal"))
        for name in names {
            let attributes = try FileManager.default.attributesOfItem(atPath: scratch.path + "/" + name)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    @Test("A chain that has asked for nothing for a year is counted, and nothing is deleted")
    func silent() async throws {
        let store = try await store()
        let user = randomUser()
        _ = try await store.enter(user)
        let later = now + 367 * 86_400
        #expect(try await store.summary(now: now).silent == 0)
        #expect(try await store.summary(now: later).silent == 1)
        #expect(try await store.enter(user, now: later) == .success(Account(node: "n1")))
        #expect(try await store.summary(now: later).silent == 0)
    }

    @Test(
        "A chain is to be counted once a day, or after ten minutes when it has too many, and by one of those that ask"
    )
    func counting() async throws {
        var limits = ServiceLimits()
        limits.objectsPerUser = 10
        let store = try await store(limits)
        let user = randomUser()
        #expect(try await !store.claimCount(of: user, now: now))
        _ = try await store.enter(user)
        #expect(try await store.claimCount(of: user, now: now))
        #expect(try await !store.claimCount(of: user, now: now + 1))
        try await store.set(objects: 10, of: user, now: now)
        #expect(try await !store.claimCount(of: user, now: now + 86_399))
        #expect(try await store.claimCount(of: user, now: now + 86_400))
        try await store.set(objects: 11, of: user, now: now + 86_400)
        #expect(try await !store.claimCount(of: user, now: now + 86_999))
        #expect(try await store.claimCount(of: user, now: now + 87_000))
        #expect(try await store.summary(now: now).full == 1)
    }

    @Test("Counted objects come with the account")
    func objects() async throws {
        let store = try await store()
        let user = randomUser()
        _ = try await store.enter(user)
        try await store.set(objects: 5, of: user, now: now)
        #expect(try await store.enter(user) == .success(Account(node: "n1", objects: 5)))
    }

    @Test("A file that is none, or in no folder, is refused with a reason")
    func broken() throws {
        try Data("not a database, but a text that is longer than a header of SQLite".utf8)
            .write(to: URL(filePath: scratch.file))
        #expect(throws: StoreFault.self) { try AccountStore(path: scratch.file, limits: ServiceLimits()) }
        #expect(throws: StoreFault.self) {
            try AccountStore(path: scratch.path + "/none/accounts", limits: ServiceLimits())
        }
    }
}
