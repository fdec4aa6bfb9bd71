import Dispatch
import EasySetup
import Synchronization

/// A store as C code names it.
final class StoreHandle: Sendable {
    let store: any SeedStore

    init(_ store: any SeedStore) {
        self.store = store
    }

    /// Makes an asynchronous call of the store, and blocks the calling thread until it returns.
    /// - Throws: ``InterfaceError/wrongThread`` in a callback of this store, and else what the call throws.
    func wait<Value: Sendable>(
        for body: @escaping @Sendable (any SeedStore) async throws -> Value
    ) throws -> Value {
        guard (store as? CallbackStore)?.isInCallback != true else { throw InterfaceError.wrongThread }
        try Threads.begin()
        let outcome = Outcome<Value>()
        Task.detached { [store] in
            do { outcome.set(.success(try await body(store))) } catch { outcome.set(.failure(error)) }
        }
        return try outcome.wait().get()
    }
}

/// The result of a task, for which a thread waits.
private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let isSet = DispatchSemaphore(value: 0)

    func set(_ new: Result<Value, any Error>) {
        result.withLock { $0 = new }
        isSet.signal()
    }

    func wait() -> Result<Value, any Error> {
        isSet.wait()
        return result.withLock { $0! }
    }
}
