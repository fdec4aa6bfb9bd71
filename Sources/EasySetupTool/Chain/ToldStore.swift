import EasySetupChain
import EasySetupS3
import EasySetupSeed
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A store that tells when it is away and when it is back, so that a person knows what is waited for, and that notes by how
/// much its clock differs.
final class ToldStore: ObjectStore {
    private struct State {
        /// Whether it was told that the store does not answer.
        var isAway = false
        var clockDifference: Int?
    }

    private let store: any ObjectStore
    private let output: Output
    private let state = Mutex(State())

    private let keep: @Sendable () async -> Void

    /// Makes a store over another one.
    /// - Parameters:
    ///   - output: the output to which it tells.
    ///   - keep: called after each call, when there may be new credentials.
    init(_ store: any ObjectStore, _ output: Output, keep: @escaping @Sendable () async -> Void = {}) {
        self.store = store
        self.output = output
        self.keep = keep
    }

    var limits: ObjectStoreLimits { store.limits }

    /// The store's clock less this device's at the last answer, in seconds; nil before the first answer.
    var clockDifference: Int? { state.withLock { $0.clockDifference } }

    func put(_ name: String) async throws(ObjectStoreError) -> StoreTime {
        try await told { () throws(ObjectStoreError) in
            let time = try await store.put(name)
            return (time, time)
        }
    }

    func list(prefix: String, after: String?, limit: Int) async throws(ObjectStoreError) -> ObjectPage {
        try await told { () throws(ObjectStoreError) in
            let page = try await store.list(prefix: prefix, after: after, limit: limit)
            return (page, page.time)
        }
    }

    func delete(_ names: [String]) async throws(ObjectStoreError) -> StoreTime {
        try await told { () throws(ObjectStoreError) in
            let time = try await store.delete(names)
            return (time, time)
        }
    }

    func isFull() async throws(ObjectStoreError) -> Bool { try await store.isFull() }

    /// How long a call may take before a person is told that the program waits.
    private static let patience = Duration.seconds(10)

    private func told<Answer>(
        _ call: () async throws(ObjectStoreError) -> (Answer, StoreTime)
    ) async throws(ObjectStoreError) -> Answer {
        let waiting = Task {
            try await Task.sleep(for: Self.patience)
            tellSlow()
        }
        defer { waiting.cancel() }
        do throws(ObjectStoreError) {
            let (answer, storeTime) = try await call()
            await keep()
            let wasAway = state.withLock { state in
                state.clockDifference = Int(storeTime.milliseconds / 1_000) - Int(time(nil))
                defer { state.isAway = false }
                return state.isAway
            }
            if wasAway, output.form == .people { output.prompt("The store answers again.\n") }
            return answer
        } catch {
            await keep()
            let isNew = state.withLock { state in
                defer { if error.retryHelps { state.isAway = true } }
                return error.retryHelps && !state.isAway
            }
            if isNew { tell(error) }
            throw error
        }
    }

    private func tellSlow() {
        guard output.form == .people else { return }
        let isNew = state.withLock { state in
            defer { state.isAway = true }
            return !state.isAway
        }
        if isNew { output.prompt("The store does not answer yet. The program waits; Control-C stops it.\n") }
    }

    private func tell(_ error: ObjectStoreError) {
        let error = ChainError.store(error)
        guard output.form == .people else {
            return output.event("retrying", [("error", .string(error.name)), ("cause", .null)], people: nil)
        }
        output.prompt("The store does not answer. The program tries again; Control-C stops it.\n")
    }
}
