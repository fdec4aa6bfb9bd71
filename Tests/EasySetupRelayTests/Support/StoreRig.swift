import EasySetupFleetStore
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport

@testable import EasySetupRelay

/// A relay's store on a loop of its own, and what it told.
final class StoreRig: Sendable {
    private let loop: any EventLoop
    private let store: NIOLoopBound<RedisStore>
    private let told = Mutex<[StoreEvent]>([])

    /// Times that no busy machine exceeds.
    static let patient = {
        var limits = RedisLimits()
        limits.answer = .seconds(60)
        limits.opening = .seconds(60)
        limits.silence = .seconds(60)
        return limits
    }()

    init(_ address: RedisAddress, tls: NIOSSLContext? = nil, limits: RedisLimits = patient) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        self.loop = loop
        store = try await loop.submit {
            let access = RedisAccess(account: address.account, tls: tls)
            return NIOLoopBound(RedisStore(address, access: { access }, limits: limits, loop: loop), eventLoop: loop)
        }.get()
    }

    convenience init(_ server: RedisServer, limits: RedisLimits = patient) async throws {
        try await self.init(try RedisAddress(url: "redis://127.0.0.1:\(server.port)"), limits: limits)
    }

    /// Runs `body` on the store's loop with a function that takes the answer.
    private func ask<Value: Sendable>(
        _ body: @escaping @Sendable (RedisStore, @escaping (Value) -> Void) -> Void
    ) async -> Value {
        await withCheckedContinuation { continuation in
            loop.execute { [store] in body(store.value) { continuation.resume(returning: $0) } }
        }
    }

    func join(as run: UInt64) async {
        await ask { store, done in
            store.join(as: RunID(number: run)) { [self] event in told.withLock { $0.append(event) } }
            done(())
        }
    }

    func leave() async {
        await ask { store, done in
            store.leave()
            done(())
        }
    }

    /// Waits until this was told, and forgets what was told up to then.
    func hears(_ event: StoreEvent) async throws {
        try await until {
            told.withLock { told in
                guard let index = told.firstIndex(of: event) else { return false }
                told.removeSubrange(...index)
                return true
            }
        }
    }

    var events: [StoreEvent] { told.withLock { $0 } }

    func claim(_ name: RoomName, _ entry: Registration) async -> Result<Bool, StoreFailure> {
        await ask { store, done in store.claim(name, entry, answer: done) }
    }

    func find(_ name: RoomName) async -> Result<FoundRooms, StoreFailure> {
        await ask { store, done in store.find(name, answer: done) }
    }

    func take(_ request: TakeRequest) async -> Result<TakeOutcome, StoreFailure> {
        await ask { store, done in store.take(request, answer: done) }
    }

    func publish(_ message: [UInt8], to channel: FleetChannel) async -> Result<Int, StoreFailure> {
        await ask { store, done in store.publish(message, to: channel, answer: done) }
    }

    /// Publishes many messages in one batch, and returns all answers.
    func publish(_ messages: [[UInt8]], to channel: FleetChannel) async -> [Result<Int, StoreFailure>] {
        await ask { store, done in
            var answers: [Result<Int, StoreFailure>] = []
            for message in messages {
                store.publish(message, to: channel) { answer in
                    answers.append(answer)
                    if answers.count == messages.count { done(answers) }
                }
            }
        }
    }
}
